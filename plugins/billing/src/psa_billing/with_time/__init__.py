"""Approved time becomes lines of invoices."""
