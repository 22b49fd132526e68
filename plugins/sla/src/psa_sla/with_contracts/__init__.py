"""Policies of contracts: what a ticket's contract promises."""
