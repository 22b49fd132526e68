"""Invoices paid through PayPal."""
