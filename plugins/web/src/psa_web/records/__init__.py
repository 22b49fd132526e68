"""Generated pages: list, page and form of every resource, from its declaration."""
