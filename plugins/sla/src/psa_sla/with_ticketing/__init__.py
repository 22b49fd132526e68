"""Service levels on tickets: their clocks, warnings, breaches and reports."""
