"""Invoices paid through Stripe."""
