"""The audit log: who did what, append-only, sealed in a hash chain per tenant."""
