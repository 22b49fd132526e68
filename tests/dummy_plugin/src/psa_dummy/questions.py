"""The questions that the lending of gadgets asks other plugins."""

from psa_sdk import Money, hookspec


@hookspec
def psa_dummy_fees(kind: str) -> Money | None:  # pyright: ignore[reportReturnType]
    """Return a fee for lending a kind of gadget, None for no opinion."""


@hookspec(firstresult=True)
def psa_dummy_prefix(kind: str) -> str | None:
    """Return what the inventory numbers of a kind begin with."""
