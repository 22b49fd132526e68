"""Tickets that concern somebody."""
