"""Companies, contacts and sites."""
