"""The service desk: tickets, queues, statuses, notes."""
