"""Notifications within the console: one list per person, fed by declared events through bridges."""
