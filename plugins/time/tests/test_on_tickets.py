"""TIC-10, 14, 16, 66 and TIME-12, 34: time on tickets."""

from urllib.parse import urlencode
from uuid import UUID

from psa_sdk.tables import new_id
from psa_time.api import TimeLedger

from .office import codes, flat


async def ticket(office, company) -> UUID:
    return (await office.kit.make("tickets", company=company)).id


async def hours(office, id) -> tuple:
    held = (await office.admin.get(f"/tickets/{id}")).json()["data"]["attributes"]
    return held["actual_minutes"], held["billable_minutes"], held["actual_hours"]


async def log_on(office, worker, id, minutes, **more):
    body = {
        "date": "2026-05-04",
        "duration_minutes": minutes,
        "work_type": str(await office.work_type()),
        **more,
    }
    answer = await worker.post(f"/tickets/{id}/time-entries", body)
    assert answer.status_code == 201, answer.text
    return flat(answer.json()["data"])


async def merge(office, source, target, **more):
    return await office.admin.post(f"/tickets/{source}/merge", {"target": str(target), **more})


async def test_a_tickets_hours_follow_its_entries_at_once(office):
    """TIC-66: worked minutes, live; the company is the ticket's."""
    worker, company = await office.worker(), await office.company()
    one = await ticket(office, company)
    assert await hours(office, one) == (None, None, None)
    entry = await log_on(office, worker, one, 20)
    assert entry["company"] == str(company)
    await log_on(office, worker, one, 31)
    assert await hours(office, one) == (51, 75, "0.85")
    await worker.patch(f"/time-entries/{entry['id']}", {"duration_minutes": 10})
    assert await hours(office, one) == (41, 60, "0.68")
    await worker.delete(f"/time-entries/{entry['id']}")
    assert await hours(office, one) == (31, 45, "0.52")
    listed = await office.admin.get(f"/tickets/{one}/time-entries")
    assert [item["attributes"]["duration_minutes"] for item in listed.json()["data"]] == [31]
    found = await office.admin.get("/tickets", params={"filter[actual_minutes]": "31"})
    assert [item["id"] for item in found.json()["data"]] == [str(one)]
    other = await office.log(worker, await office.company(), ticket=one, duration_minutes=5)
    assert (other.status_code, codes(other)) == (422, ["other_company"])


async def test_merging_moves_time(office):
    """TIC-10: 51 and 26 minutes make 77; TIME-12: a running timer follows."""
    worker, company = await office.worker(), await office.company()
    a, b = await ticket(office, company), await ticket(office, company)
    await log_on(office, worker, a, 51)
    await log_on(office, worker, b, 26)
    timer = await worker.post("/time-entries/timer/start", {"ticket": str(a)})
    assert timer.status_code == 201
    assert (await merge(office, a, b)).status_code == 200
    assert (await hours(office, a))[0] == 0
    assert (await hours(office, b))[0] == 77
    office.later(minutes=3)
    stopped = await worker.post("/time-entries/timer/stop", {})
    assert stopped.status_code == 200, stopped.text
    assert (await hours(office, b))[0] == 80
    late = await office.log(worker, None, ticket=a, duration_minutes=5)
    assert (late.status_code, codes(late)) == (422, ["ticket_merged"])


async def test_approved_and_invoiced_time_moves_by_its_link_only(office):
    """TIC-14: amounts, approval and invoice stay, and the move is audited; TIME-34: drafts take the new terms."""
    worker, first, second = await office.worker(), await office.company(), await office.company()
    for company, amount in ((first, "100"), (second, "60")):
        await office.admin.post(
            "/hourly-rates", {"hourly_rate": amount, "starts_on": "2026-01-01"}, {"company": company}
        )
    a, b = await ticket(office, first), await ticket(office, second)
    billed = await log_on(office, worker, a, 60)
    await office.approved(worker)
    async with office.kit.unit() as ctx:
        await ctx.service(TimeLedger).mark_billed({UUID(billed["id"]): None}, new_id())
    before = await office.entry(billed["id"])
    draft = await log_on(office, worker, a, 60, date="2026-05-11")
    assert draft["total_amount"] == "100.0000"
    assert (await merge(office, a, b, force=True)).status_code == 200
    await office.kit.drain()
    after = await office.entry(billed["id"])
    assert after["ticket"] == str(b)
    moved = {"ticket", "updated_at"}
    assert {name: after[name] for name in after if name not in moved} == {
        name: before[name] for name in before if name not in moved
    }
    audited = await office.kit.installation.rows(
        "SELECT count(*) AS n FROM psa.audit_entry WHERE record_id = $1 AND new::text LIKE $2",
        UUID(billed["id"]),
        f"%{b}%",
    )
    assert audited[0]["n"] == 1
    now = await office.entry(draft["id"])
    assert (now["company"], now["total_amount"]) == (str(second), "60.0000")


async def test_moving_an_entry_to_another_client_resolves_everything_anew(office):
    """TIME-34"""
    worker, first, second = await office.worker(), await office.company(), await office.company()
    await office.admin.post(
        "/hourly-rates", {"hourly_rate": "80", "starts_on": "2026-01-01"}, {"company": second}
    )
    a, b = await ticket(office, first), await ticket(office, second)
    entry = await log_on(office, worker, a, 30)
    answer = await worker.patch(f"/time-entries/{entry['id']}", relationships={"ticket": b})
    assert answer.status_code == 200, answer.text
    now = await office.entry(entry["id"])
    assert (now["company"], now["hourly_rate"], now["total_amount"]) == (str(second), "80.0000", "40.0000")
    assert (await hours(office, a))[0] == 0
    assert (await hours(office, b))[0] == 30


async def test_splitting_moves_chosen_time_and_conserves_minutes(office):
    """TIC-16"""
    worker, company = await office.worker(), await office.company()
    a, b = await ticket(office, company), await ticket(office, company)
    kept, moved = await log_on(office, worker, a, 40), await log_on(office, worker, a, 25)
    await office.approved(worker)
    answer = await office.admin.post(
        f"/tickets/{a}/time-entries/move", {"target": str(b), "entries": [moved["id"]]}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["attributes"]["worked_minutes"] == 25
    assert ((await hours(office, a))[0], (await hours(office, b))[0]) == (40, 25)
    wrong = await office.admin.post(
        f"/tickets/{b}/time-entries/move", {"target": str(a), "entries": [kept["id"]]}
    )
    assert (wrong.status_code, codes(wrong)) == (422, ["other_ticket"])
    assert (await worker.get(f"/time-entries/{moved['id']}")).json()["data"]["attributes"][
        "approval_status"
    ] == "approved"


async def test_minutes_go_with_a_note_or_neither_goes(office):
    """A reply and its time are one form: what refuses one refuses both."""
    worker, company = await office.worker(), await office.company()
    one, work_type = await ticket(office, company), await office.work_type()

    async def reply(**form):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Psa-Action": "1"}
        body = urlencode({"kind": "public", **form}).encode()
        url = f"http://localhost/ui/tickets/{one}/reply"
        return await worker.request("POST", url, content=body, headers=headers)

    refused = await reply(content="Done.", **{"time.minutes": "a while", "time.work_type": str(work_type)})
    assert refused.status_code == 422
    assert [fault["field"] for fault in refused.json()["faults"]] == ["time.minutes"]
    notes = f"/tickets/{one}/notes"
    assert (await office.admin.get(notes)).json()["data"] == []
    sent = await reply(content="Done.", **{"time.minutes": "1:10", "time.work_type": str(work_type)})
    assert sent.status_code == 200, sent.text
    assert len((await office.admin.get(notes)).json()["data"]) == 1
    alone = await reply(content="", **{"time.minutes": "5", "time.work_type": str(work_type)})
    assert alone.status_code == 200, alone.text
    assert (await hours(office, one))[0] == 75
    assert len((await office.admin.get(notes)).json()["data"]) == 1
