"""Automation: what a tenant wants done without asking, by rules that can be trusted."""
