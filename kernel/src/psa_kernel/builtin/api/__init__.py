"""What the API remembers between requests: the answers of requests that carried an idempotency key."""
