"""Security alerts: what the audit log shows and somebody should look at (AUD-08)."""

import datetime
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

import msgspec

from psa_kernel.builtin.audit.writer import record
from psa_sdk.events import Event

if TYPE_CHECKING:
    from psa_kernel.unit_of_work import Unit


class SecurityAlert(Event, frozen=True, kw_only=True):
    """Something in the audit log asks for attention: `kind` says what, `subject` about whom or from where."""

    name: ClassVar[str] = "audit.security_alert"
    kind: str
    subject: str
    count: int
    actor_id: UUID | None = None


class Pattern(msgspec.Struct, frozen=True):
    """Entries of some actions, counted per subject; an alert when there are `most` within `minutes`."""

    kind: str
    actions: tuple[str, ...]
    subject: str
    most: int
    minutes: int
    where: str = "true"
    resources: tuple[str, ...] = ()
    """What the entries must be of; empty for anything."""

    def touched(self, sealed: Iterable[tuple[str, str]]) -> bool:
        """Tell whether entries, each told by its action and resource, may have completed this."""
        return any(
            action in self.actions and (not self.resources or resource in self.resources)
            for action, resource in sealed
        )


PATTERNS: Final = (
    Pattern("failed_logins", ("login_failed",), "coalesce(ip, '')", 10, 15),
    Pattern("failed_logins", ("login_failed",), "coalesce(record_id::text, detail ->> 'email', '')", 10, 15),
    Pattern("mass_export", ("export",), "actor_id::text", 5, 10),
    Pattern("reveal_burst", ("reveal",), "actor_id::text", 20, 10),
    Pattern(
        "permission_grant",
        ("created", "updated"),
        "record_id::text",
        1,
        5,
        "actor_kind <> 'system' AND ((resource = 'roles' AND new ? 'grants') OR (resource = 'users' AND new ? 'roles'))",
        ("roles", "users"),
    ),
    Pattern("mfa_disabled", ("mfa_disabled",), "actor_id::text", 1, 5),
    Pattern("token_theft", ("refresh_token_reused",), "coalesce(record_id::text, '')", 1, 5),
)


async def inspect(unit: "Unit", sealed: Collection[tuple[str, str]]) -> None:
    """Look for the patterns that entries of these actions and resources may have completed; alert once per pause."""
    for pattern in PATTERNS:
        if not pattern.touched(sealed):
            continue
        since = unit.now - datetime.timedelta(minutes=pattern.minutes)
        rows: Any = await unit.db.fetch(
            f"SELECT {pattern.subject} AS subject, count(*) AS number, (array_agg(actor_id))[1] AS actor_id"
            " FROM psa.audit_entry e WHERE tenant_id = $1 AND occurred_at >= $2 AND action = ANY ($3)"
            f" AND ({pattern.where}) GROUP BY 1 HAVING count(*) >= {pattern.most}",
            unit.tenant_id,
            since,
            list(pattern.actions),
        )
        for row in rows:
            if row["subject"] and not await _told(unit, pattern, row["subject"], since):
                await _alert(unit, pattern, row)


async def _told(unit: "Unit", pattern: Pattern, subject: str, since: datetime.datetime) -> bool:
    return bool(
        await unit.db.fetch_value(
            "SELECT true FROM psa.audit_entry WHERE tenant_id = $1 AND occurred_at >= $2"
            " AND action = 'security_alert' AND detail ->> 'kind' = $3 AND detail ->> 'subject' = $4 LIMIT 1",
            unit.tenant_id,
            since,
            pattern.kind,
            subject,
        )
    )


async def _alert(unit: "Unit", pattern: Pattern, row: Any) -> None:
    event = SecurityAlert(
        kind=pattern.kind, subject=row["subject"], count=row["number"], actor_id=row["actor_id"]
    )
    await record(
        unit, "security_alert", detail={"kind": event.kind, "subject": event.subject, "count": event.count}
    )
    await unit.emit(event)
