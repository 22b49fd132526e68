"""Pages of billing in the console and the portal."""
