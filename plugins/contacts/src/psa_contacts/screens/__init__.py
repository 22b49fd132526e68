"""What the pages of companies and contacts load and do; `pages.py` declares them."""
