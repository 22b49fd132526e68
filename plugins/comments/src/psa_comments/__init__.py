"""Conversations any record can carry."""
