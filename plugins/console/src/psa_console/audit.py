"""An entry of the audit log: who did what from where, and what was changed from what to what."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psa_sdk import Context
from psa_sdk.documents import Documents

_DULL = frozenset(("updated_at", "version"))


async def entry(ctx: Context, id: UUID) -> Mapping[str, Any]:
    """Load an entry with the names of what it mentions, as far as the person may see them."""
    documents = ctx.service(Documents)
    found = (await documents.one("audit-logs", id)).items[0].attributes
    old, new = found["old"] or {}, found["new"] or {}
    names = [name for name in {**old, **new} if name not in _DULL]
    kind, record = found["resource"], found["record_id"]
    return {
        "entry": found,
        "changes": [(name, old.get(name), new.get(name)) for name in names],
        "detail": list((found["detail"] or {}).items()),
        "label": (await documents.names(kind, [UUID(record)])).get(UUID(record), "")
        if record and kind in documents.resources()
        else "",
        "behind": await documents.names("users", [UUID(found["on_behalf_of"])])
        if found["on_behalf_of"]
        else {},
    }
