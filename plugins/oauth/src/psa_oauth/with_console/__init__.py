"""Consent, devices, applications: OAuth in the console."""
