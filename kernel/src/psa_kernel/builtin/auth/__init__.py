"""Who may log in and what they may do: accounts, passwords, sessions, API keys, roles and teams."""
