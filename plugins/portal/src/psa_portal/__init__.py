"""The clients' portal."""
