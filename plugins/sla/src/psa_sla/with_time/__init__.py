"""Holidays for time tracking: work on a client's holiday is after hours."""
