"""What the pages of contracts load and do; `pages.py` declares them."""
