"""Settings, modules per tenant and custom-field definitions."""
