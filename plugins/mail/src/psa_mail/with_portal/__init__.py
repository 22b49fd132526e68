"""The bridge between mail and the portal."""
