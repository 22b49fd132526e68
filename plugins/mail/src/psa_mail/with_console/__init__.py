"""The bridge between mail and the console."""
