"""What the pages of time load and do; `pages.py` declares them."""
