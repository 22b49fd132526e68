"""The runtime of the web pages: what shells and plugins' pages are rendered with."""
