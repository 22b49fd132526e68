"""The demonstration data: clocks that agree with their tickets, and nothing to tell of the past."""

import pytest

from psa_sla.with_ticketing.sweeping import sweep


@pytest.mark.slow
async def test_the_demonstration_is_consistent(demonstration):
    kit = demonstration
    async with kit.unit() as ctx:
        await ctx.send(sweep)
    await kit.drain()
    [row] = await kit.installation.rows(
        "SELECT count(*) AS tickets, count(*) FILTER (WHERE s.sla_resolution_state IN ('met', 'breached')"
        " AND s.sla_response_state = 'none') AS odd, count(*) FILTER (WHERE s.sla_state = 'breached') AS breached"
        " FROM ticketing.ticket t JOIN sla.ticket_sla s ON (s.tenant_id, s.ticket) = (t.tenant_id, t.id)"
        " WHERE t.tenant_id = $1",
        kit.tenant_id,
    )
    assert row["tickets"] >= 3600
    assert row["odd"] == 0
    assert 300 < row["breached"] < 2400
    [told] = await kit.installation.rows(
        "SELECT count(*) AS n FROM psa.outbox WHERE tenant_id = $1 AND name LIKE 'sla.sla_%'", kit.tenant_id
    )
    assert told["n"] == 0
