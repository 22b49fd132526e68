"""Invoices in the clients' portal."""
