"""The console: the web pages that staff work in."""
