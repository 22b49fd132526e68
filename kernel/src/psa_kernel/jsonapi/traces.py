"""What a write leaves behind, in its own statement: the difference, the audit entry, the events.

The first parameters are `write_plan.FACTS`.
"""

from collections.abc import Sequence

from psa_kernel.database.schema import literal
from psa_kernel.jsonapi.storage import StoredColumn

_ACTOR = "$1::text, $2::uuid, $3::text, $4::uuid, $5::text, $6::text, $7::text"


def diff(key: str, source: str, lines: Sequence[str], changed: str) -> str:
    """Return the CTE with one row per written record: id, version, and what went, came and changed."""
    values = ", ".join(lines) or "(''::text, false, NULL::jsonb, NULL::jsonb, NULL::jsonb, NULL::jsonb)"
    return (
        f"psa_diff AS (SELECT {key}.id, {key}.version, d.before, d.after, {changed} AS changed FROM {source}"
        " CROSS JOIN LATERAL (SELECT jsonb_object_agg(c.name, c.lost) FILTER (WHERE c.lost IS NOT NULL) AS before,"
        " jsonb_object_agg(c.name, c.gained) FILTER (WHERE c.gained IS NOT NULL) AS after,"
        " jsonb_object_agg(c.name, jsonb_build_array(c.old, c.new)) AS changed"
        f" FROM (VALUES {values}) AS c(name, differs, old, new, lost, gained) WHERE c.differs) d)"
    )


def whole(key: str, source: str, shown: Sequence[str], *, gone: bool = False) -> str:
    """Return `psa_diff` of records that came or went: all that they hold is new, or old."""
    pairs = [", ".join(shown[start : start + _PAIRS]) for start in range(0, len(shown), _PAIRS)]
    objects = " || ".join(f"jsonb_build_object({some})" for some in pairs) or "'{}'::jsonb"
    sides = "d.held AS before, NULL::jsonb AS after" if gone else "NULL::jsonb AS before, d.held AS after"
    change = "jsonb_build_array(c.value, NULL)" if gone else "jsonb_build_array(NULL, c.value)"
    return (
        f"psa_diff AS (SELECT {key}.id, {key}.version, {sides}, coalesce(d.changed, '{{}}') AS changed FROM {source}"
        " CROSS JOIN LATERAL (SELECT jsonb_object_agg(c.key, c.value) AS held,"
        f" jsonb_object_agg(c.key, {change}) AS changed"
        f" FROM jsonb_each({objects}) AS c WHERE c.value <> 'null') d)"
    )


_PAIRS = 50
"""Columns in one `jsonb_build_object`: PostgreSQL functions take a hundred arguments."""


def audited(resource: str, action: str, source: str = "psa_diff") -> str:
    """Return the CTE that writes audit entries from the rows of `source`: id, before, after and changed."""
    return (
        "psa_audited AS (INSERT INTO psa.audit_entry (id, tenant_id, occurred_at, actor_kind, actor_id,"
        " actor_label, on_behalf_of, request_id, ip, user_agent, action, resource, record_id, old, new)"
        f" SELECT psa.new_id(), psa.current_tenant(), $8::timestamptz, {_ACTOR}, {literal(action)},"
        f" {literal(resource)}, s.id, s.before, s.after FROM {source} s WHERE s.changed IS NOT NULL)"
    )


def tell(resource: str, action: str, source: str = "psa_diff", *, events: int = 0) -> str:
    """Return the CTEs that write audit entries and record events from the rows of `source`.

    `source` has id, version, before, after and changed; rows without `changed` leave no trace. The parameter
    `events` (0: none) holds the domain events that follow them in the outbox if any row left a trace.
    """
    meant = (
        " UNION ALL SELECT psa.new_id(), psa.current_tenant(), 'event', e.name, e.payload, NULL, 0, $1::text,"
        " $2::uuid, $5::text, $9::text::jsonb, e.version"
        f" FROM jsonb_to_recordset(${events}::text::jsonb) AS e(name text, version int, payload jsonb)"
        f" WHERE EXISTS (SELECT FROM {source} s WHERE s.changed IS NOT NULL)"
    )
    return (
        f"{audited(resource, action, source)},"
        " psa_told AS (INSERT INTO psa.outbox (id, tenant_id, kind, name, payload, subject_id, sequence,"
        f" actor_kind, actor_id, request_id, cause{', version' if events else ''})"
        f" SELECT psa.new_id(), psa.current_tenant(), 'record', {literal(f'{resource}.{action}')},"
        f" jsonb_build_object('resource', {literal(resource)}, 'action', {literal(action)}, 'id', s.id,"
        " 'sequence', s.version, 'changed', s.changed), s.id, s.version, $1::text, $2::uuid, $5::text,"
        f" $9::text::jsonb{', 1' if events else ''} FROM {source} s WHERE s.changed IS NOT NULL"
        f"{meant if events else ''})"
    )


def shown(column: StoredColumn, row: str) -> str:
    """Return a pair of `jsonb_build_object`: a column's name and its value as the audit log shows it."""
    return f"{literal(column.name)}, {column.shown(row)}"


def both_sides(column: StoredColumn, old: str, new: str) -> str:
    """Return a diff line: name, whether it differs, both values, and both as the audit log shows them."""
    before, after = column.shown(old), column.shown(new)
    lost, gained = f"coalesce({before}, 'null')", f"coalesce({after}, 'null')"
    if column.sql_type == "text[]":
        lost = _members("removed", f"{old}.{column.sql}", f"{new}.{column.sql}")
        gained = _members("added", f"{new}.{column.sql}", f"{old}.{column.sql}")
    differs = f"{old}.{column.sql} IS DISTINCT FROM {new}.{column.sql}"
    return f"({literal(column.name)}, {differs}, {before}, {after}, {lost}, {gained})"


def _members(word: str, these: str, those: str) -> str:
    return (
        f"(SELECT jsonb_build_object('{word}', jsonb_agg(m ORDER BY m)) FROM unnest({these}) m"
        f" WHERE m <> ALL (coalesce({those}, '{{}}')) HAVING count(*) > 0)"
    )
