"""The pages of rules: what they load and what their buttons do."""
