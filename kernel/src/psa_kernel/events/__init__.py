"""Events: the outbox, the relay that hands it out, and deliveries whose effects happen once."""
