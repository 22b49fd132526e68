"""Demonstration data: a mailbox that reads nothing, and tickets that were born by mail."""

from psa_sdk import Context


async def fill(ctx: Context) -> None:
    """Fill in later."""
