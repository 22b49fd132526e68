"""Invoices, payments, credit and what clients owe."""
