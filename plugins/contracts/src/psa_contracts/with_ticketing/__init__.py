"""The contract of a ticket."""
