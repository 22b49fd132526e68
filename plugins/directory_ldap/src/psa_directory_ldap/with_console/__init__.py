"""The bridge between directories and the console."""
