"""Events as a built-in plugin: the outbox, deliveries to subscribers, dead letters one can send again."""
