"""Charges of contracts on invoices, and work that contracts have paid for."""
