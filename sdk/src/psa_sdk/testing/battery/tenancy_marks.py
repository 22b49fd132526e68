"""In which tenancy a check runs."""

import pytest

IN_BOTH = pytest.mark.parametrize("house", ["multi", "single"], indirect=True)
"""What holds in either tenancy is checked in both."""
