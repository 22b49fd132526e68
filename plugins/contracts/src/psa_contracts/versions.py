"""Versions of contracts in force: who changed what, and what was signed (CON-19)."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec

from psa_contracts.records import agreement
from psa_sdk import Context

Cause = Literal["activated", "changed", "renewed", "signed", "cancelled", "ended"]
UNTOLD = frozenset(
    ("id", "tenant_id", "created_at", "updated_at", "version", "billing_amount", "custom_fields")
)
NEXT = "SELECT coalesce(max(number), 0) + 1 FROM contracts.version WHERE contract = $1"


def plain(value: Any) -> Any:
    """Return a value as JSON holds it; decimals as strings without trailing zeros."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return msgspec.to_builtins(value, enc_hook=str)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the columns that differ as [old, new]."""
    return {
        name: (plain(old.get(name)), plain(new[name]))
        for name in new
        if name not in UNTOLD and old.get(name) != new[name]
    }


async def record(
    ctx: Context,
    contract_id: UUID,
    cause: Cause,
    changed: Mapping[str, Any],
    *,
    signed_on: datetime.date | None = None,
    signatory_id: UUID | None = None,
    document_id: UUID | None = None,
) -> int:
    """Append a version and return its number."""
    system = ctx.as_system()
    await ctx.db.lock("contracts.version", contract_id)
    found = await agreement(system, contract_id)
    number: int = await system.db.fetch_value(NEXT, contract_id)
    who = ctx.principal
    await system.records.create(
        "contract-versions",
        {
            "contract": contract_id,
            "number": number,
            "cause": cause,
            "changed": dict(changed),
            "snapshot": {
                "contract": {name: plain(value) for name, value in found.row.items() if name not in UNTOLD},
                "items": [
                    {
                        name: plain(value)
                        for name, value in item.row.items()
                        if name not in UNTOLD | {"contract"}
                    }
                    for item in found.items
                ],
            },
            "author_id": who.id,
            "author_name": who.label,
            "signed_on": signed_on,
            "signatory_id": signatory_id,
            "document_id": document_id,
        },
    )
    return number
