"""The demonstration data: a year of agreements that keeps all rules."""

import pytest

from psa_contracts import ledger
from psa_contracts.charges import due


@pytest.mark.slow
async def test_the_demonstration_is_consistent(demonstration):
    """Revisions, terms, charges and hours are what the rules would have made of them."""
    async with demonstration.unit() as ctx:
        assert await ledger.disagreements(ctx) == []
        rows = await ctx.db.fetch("SELECT id, labour FROM contracts.contract ORDER BY number LIMIT 40")
        assert len({row["labour"] for row in rows}) == 3
        found = await due(ctx, [row["id"] for row in rows], ctx.today)
        assert {one.kind for one in found} == {"charge"}, "the past is charged to the cent"
        hours = [row["id"] for row in rows if row["labour"] == "hours"]
        assert sum([(await ledger.converge(ctx, one)).appended for one in hours]) == 0
        burned = await ctx.db.fetch_value("SELECT count(*) FROM contracts.hour_entry WHERE kind = 'burned'")
        assert burned > 50
