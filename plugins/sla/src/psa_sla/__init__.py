"""Service levels: business time, policies, and clocks that run and pause."""
