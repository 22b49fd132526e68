"""Time on tickets: hours of a ticket, and what merging and splitting do to them."""
