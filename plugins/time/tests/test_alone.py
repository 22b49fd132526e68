"""Time without a service desk."""

from .office import Office


async def test_time_works_where_there_are_no_tickets(new_kit):
    """Architecture 1: optional neighbours live in bridges; references to what isn't installed aren't offered."""
    office = await Office.open(await new_kit("single", plugins=("contacts", "time"), shared=False))
    worker, company = await office.worker(), await office.company()
    entry = await office.logged(worker, company, start_time="09:00", end_time="09:40")
    assert (entry["duration_minutes"], entry["billable_minutes"]) == (40, 45)
    assert "ticket" not in entry
    await office.approved(worker)
    assert (await office.entry(entry["id"]))["billing_status"] == "ready_to_bill"
