"""Tickets on invoices."""
