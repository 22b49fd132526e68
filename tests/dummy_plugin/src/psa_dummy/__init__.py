"""Gadgets that are lent to companies: uses every extension point there is."""
