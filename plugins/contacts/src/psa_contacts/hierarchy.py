"""The company tree: acyclic and at most ten levels deep (CRM-01)."""

from collections.abc import Sequence
from uuid import UUID

from psa_sdk import Context
from psa_sdk.errors import Invalid

MAX_DEPTH = 10
POINTER = "/data/relationships/parent"

ANCESTORS = """
WITH RECURSIVE up AS (
    SELECT id, parent, 1 AS level FROM contacts.company WHERE id = $1
    UNION ALL
    SELECT c.id, c.parent, up.level + 1 FROM contacts.company c JOIN up ON c.id = up.parent WHERE up.level <= $2
) SELECT id FROM up ORDER BY level"""

HEIGHT = """
WITH RECURSIVE down AS (
    SELECT id, 1 AS level FROM contacts.company WHERE id = $1
    UNION ALL
    SELECT c.id, down.level + 1 FROM contacts.company c JOIN down ON c.parent = down.id WHERE down.level <= $2
) SELECT coalesce(max(level), 1) FROM down"""

DESCENDANTS = """
WITH RECURSIVE down AS (
    SELECT id, 0 AS level FROM contacts.company WHERE id = $1
    UNION ALL
    SELECT c.id, down.level + 1 FROM contacts.company c JOIN down ON c.parent = down.id WHERE down.level < $2
) SELECT id FROM down WHERE level > 0"""


def check_chain(company_id: UUID, ancestors: Sequence[UUID], height: int) -> None:
    """Refuse a parent whose chain of ancestors contains the company or makes the tree too deep.

    `ancestors` is the new parent and all above it, `height` the levels of the company's own subtree.
    """
    if company_id in ancestors:
        raise Invalid(
            "A company can't be below itself; choose a parent outside its own subsidiaries.",
            code="hierarchy_cycle",
            pointer=POINTER,
        )
    if len(ancestors) + height > MAX_DEPTH:
        raise Invalid(
            f"The hierarchy would be {len(ancestors) + height} levels deep; at most {MAX_DEPTH} are allowed.",
            code="hierarchy_too_deep",
            pointer=POINTER,
        )


async def lock_tree(ctx: Context) -> None:
    """Let concurrent changes of the tree wait for each other."""
    await ctx.db.lock("contacts.hierarchy")


async def check_parent(ctx: Context, company_id: UUID, parent_id: UUID) -> None:
    """Check a new parent; concurrent changes of the tree wait for each other."""
    await lock_tree(ctx)
    ancestors = [row["id"] for row in await ctx.db.fetch(ANCESTORS, parent_id, MAX_DEPTH)]
    height = await ctx.db.fetch_value(HEIGHT, company_id, MAX_DEPTH)
    check_chain(company_id, ancestors, height)
