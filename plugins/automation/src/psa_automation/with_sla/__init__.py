"""What service levels tell rules, and their calendars for time-based ones."""
