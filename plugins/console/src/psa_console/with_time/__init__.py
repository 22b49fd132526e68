"""Timesheets that come back, and timers that nobody stopped."""
