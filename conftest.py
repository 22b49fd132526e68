"""Fixtures that every test of the workspace may use."""

pytest_plugins = ["psa_kernel.testing.database"]
