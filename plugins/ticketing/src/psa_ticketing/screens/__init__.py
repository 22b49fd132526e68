"""What the pages of tickets load and do; `pages.py` declares them."""
