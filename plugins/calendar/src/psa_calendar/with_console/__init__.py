"""The bridge between the calendar and the console."""
