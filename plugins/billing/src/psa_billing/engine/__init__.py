"""The arithmetic of billing: pure functions of decimals and dates. Nothing here asks a clock or a database."""
