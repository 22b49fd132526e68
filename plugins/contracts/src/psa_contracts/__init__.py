"""Contracts: what was agreed with clients, and what follows for work, hours and charges."""
