"""The bridge between service levels and the console."""
