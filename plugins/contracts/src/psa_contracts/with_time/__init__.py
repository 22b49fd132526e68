"""Rates of contracts, and hours that approved work burns."""
