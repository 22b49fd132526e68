"""What automation does for the service desk."""
