"""The demonstration data: a year of time that keeps all rules."""

import pytest


@pytest.mark.slow
async def test_the_demonstration_is_consistent(demonstration):
    """Hours of tickets are the sums of their entries, also where rows came in bulk (TIC-66)."""
    kit = demonstration
    rows = await kit.installation.rows(
        "SELECT count(*) AS tickets, count(*) FILTER (WHERE h.actual_minutes <> e.worked"
        " OR h.billable_minutes <> e.billable) AS wrong, sum(e.n)::int AS entries"
        " FROM (SELECT tenant_id, ticket, count(*) AS n, sum(duration_minutes) AS worked, sum(billable_minutes) AS billable"
        " FROM time.entry WHERE tenant_id = $1 AND ticket IS NOT NULL GROUP BY 1, 2) e"
        " LEFT JOIN time.ticket_hours h ON (h.tenant_id, h.ticket) = (e.tenant_id, e.ticket)",
        kit.tenant_id,
    )
    assert rows[0]["wrong"] == 0
    assert rows[0]["tickets"] > 1000
    assert rows[0]["entries"] > rows[0]["tickets"]
    own = await kit.installation.rows(
        "SELECT count(*) AS n FROM time.entry WHERE tenant_id = $1 AND approved_by = account", kit.tenant_id
    )
    assert own[0]["n"] == 0
