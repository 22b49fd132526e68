"""The HTTP surface: one ASGI application made of what the installed plugins declare."""
