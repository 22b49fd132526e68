"""Mentions in conversations."""
