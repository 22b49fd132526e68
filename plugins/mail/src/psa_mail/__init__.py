"""Mail: mailboxes that become tickets, and everything that goes out."""
