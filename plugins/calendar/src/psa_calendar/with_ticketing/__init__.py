"""The bridge between the calendar and the service desk."""
