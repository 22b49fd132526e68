"""Directories: log-in with their passwords, roles by their groups, accounts that follow them."""
