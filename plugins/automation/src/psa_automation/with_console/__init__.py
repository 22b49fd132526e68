"""The bridge between automation and the console."""
