"""Migrations run once, in order, whole or not at all (KRN-04)."""

from psa_kernel.database.migrations import migrate


async def test_running_twice_does_nothing_the_second_time(new_database, registry):
    """KRN-04"""
    database = await new_database()
    first = await migrate(database.owner, registry, multi_tenant=True)
    second = await migrate(database.owner, registry, multi_tenant=True)
    assert first.applied == ("geo/0001_tables", "crm/0001_tables", "visits/0001_tables")
    assert first.converged
    assert second.applied == ()
    assert not second.converged
