"""A browser has one session of a shell at a time: what it had before ends when another begins (AUTH-04)."""

from typing import TYPE_CHECKING
from uuid import UUID

from psa_kernel.builtin.auth.sessions import end_sessions

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit


async def end_in_browser(
    unit: "Unit", session_id: UUID, because: str, *, for_account: UUID | None = None
) -> UUID | None:
    """End a browser's session, and the impersonator's own behind it where its cookie had to make room.

    Returns the line that goes on with a session that begins `for_account`, if it was theirs already.
    """
    rows = await unit.db.fetch(
        "WITH given AS (SELECT s.*, a.audience FROM psa.session s"
        " JOIN psa.account a ON a.tenant_id = s.tenant_id AND a.id = s.account WHERE s.id = $1)"
        " SELECT s.id, s.account, s.impersonator, coalesce(s.lineage, s.id) AS line FROM psa.session s, given g"
        # Clients' pages have a cookie of their own: there the impersonator's goes on beside it.
        " WHERE s.tenant_id = g.tenant_id AND s.revoked_at IS NULL AND s.expires_at > $2"
        " AND (s.id = g.id OR (s.id = g.behind AND g.audience = 'staff')) ORDER BY s.id FOR UPDATE OF s",
        session_id,
        unit.now,
    )
    line: UUID | None = None
    for row in rows:
        same = row["account"] == for_account and row["impersonator"] is None
        await end_sessions(unit, row["account"], because, only=row["id"], goes_on=same)
        line = row["line"] if same else line
    return line
