"""Entries over HTTP: clock times, midnight, price, rounding, overlap, lists of many."""

import pytest

from .office import codes, pointers

NEW_YORK = "America/New_York"


async def test_worked_and_billable_minutes_are_apart(office):
    """TIME-02: 13:38 to 14:58 are 80 worked and 90 billable minutes, 225.00 at 150 an hour."""
    worker, company = await office.worker(), await office.company()
    entry = await office.logged(worker, company, start_time="13:38", end_time="14:58", rate_override="150")
    assert (entry["duration_minutes"], entry["billable_minutes"]) == (80, 90)
    assert (entry["total_amount"], entry["rate_source"]) == ("225.0000", "entry")
    assert (entry["start_time"], entry["end_time"], entry["date"]) == ("13:38", "14:58", "2026-05-04")


async def test_what_is_not_billable_is_not_rounded_and_costs_nothing(office):
    """TIME-01, TIME-33"""
    worker, company = await office.worker(), await office.company()
    internal = await office.logged(worker, company, type="Internal", duration_minutes=7, rate_override="100")
    assert (internal["is_billable"], internal["duration_minutes"], internal["billable_minutes"]) == (
        False,
        7,
        0,
    )
    free = await office.logged(worker, company, duration_minutes=7, is_no_charge=True, rate_override="100")
    assert (free["billable_minutes"], free["total_amount"], free["hourly_rate"]) == (15, "0.0000", "100.0000")
    refused = await office.log(worker, company, duration_minutes=7, is_no_charge=True, is_billable=False)
    assert (refused.status_code, codes(refused)) == (422, ["not_billable"])


@pytest.mark.parametrize(
    ("date", "start", "end", "minutes"),
    [("2026-03-08", "01:30", "03:30", 60), ("2026-11-01", "00:30", "02:30", 180)],
)
async def test_durations_are_real_where_clocks_change(office, date, start, end, minutes):
    """TIME-10"""
    worker = await office.worker(NEW_YORK)
    entry = await office.logged(worker, await office.company(), date=date, start_time=start, end_time=end)
    assert (entry["duration_minutes"], entry["timezone"]) == (minutes, NEW_YORK)


async def test_ambiguous_and_skipped_times_are_refused(office):
    """TIME-10"""
    worker, company = await office.worker(NEW_YORK), await office.company()
    twice = await office.log(worker, company, date="2026-11-01", start_time="01:30", end_time="03:00")
    assert (twice.status_code, codes(twice)) == (422, ["ambiguous_local_time"])
    assert pointers(twice) == ["/data/attributes/start_time"]
    never = await office.log(worker, company, date="2026-03-08", start_time="02:30", end_time="04:00")
    assert (never.status_code, codes(never)) == (422, ["nonexistent_local_time"])
    plain = await office.logged(
        worker, company, date="2026-11-01", start_time="01:30-05:00", end_time="03:00"
    )
    assert plain["duration_minutes"] == 90


async def test_work_across_midnight_is_two_entries_of_one_session(office):
    """TIME-11: 20 minutes on 05-04 and 25 on 05-05, rounded together to 45, not to 60."""
    worker, company = await office.worker(NEW_YORK), await office.company()
    first = await office.logged(worker, company, start_time="23:40", end_time="00:25", rate_override="60")
    assert (first["date"], first["duration_minutes"]) == ("2026-05-04", 20)
    pair = await office.entries(session=first["session"])
    assert [(one["date"], one["duration_minutes"]) for one in pair] == [
        ("2026-05-04", 20),
        ("2026-05-05", 25),
    ]
    assert sum(one["billable_minutes"] for one in pair) == 45
    shorter = await worker.patch(f"/time-entries/{pair[1]['id']}", {"end_time": "00:20"})
    assert shorter.status_code == 200, shorter.text
    pair = await office.entries(session=first["session"])
    assert [one["duration_minutes"] for one in pair] == [20, 20]
    assert sum(one["billable_minutes"] for one in pair) == 45
    assert (await worker.delete(f"/time-entries/{pair[1]['id']}")).status_code == 204
    [left] = await office.entries(session=first["session"])
    assert left["billable_minutes"] == 30


async def test_a_time_needs_a_length_that_agrees(office):
    """X: all ways to be incomplete name the missing thing."""
    worker, company = await office.worker(), await office.company()
    for given, code in (
        ({}, "no_duration"),
        ({"start_time": "09:00"}, "incomplete_span"),
        ({"start_time": "09:00", "end_time": "10:00", "duration_minutes": 50}, "duration_mismatch"),
    ):
        answer = await office.log(worker, company, **given)
        assert (answer.status_code, codes(answer)) == (422, [code]), given
    nobody = await office.log(worker, None, duration_minutes=10)
    assert (nobody.status_code, codes(nobody)) == (422, ["no_company"])


async def test_shortening_an_entry_moves_its_end_and_its_price(office):
    """TIME-35"""
    worker, company = await office.worker(), await office.company()
    entry = await office.logged(worker, company, start_time="09:00", end_time="10:00", rate_override="100")
    answer = await worker.patch(f"/time-entries/{entry['id']}", {"duration_minutes": 30})
    assert answer.status_code == 200, answer.text
    now = await office.entry(entry["id"])
    assert (now["end_time"], now["billable_minutes"], now["total_amount"]) == ("09:30", 30, "50.0000")
    await worker.patch(f"/time-entries/{entry['id']}", {"date": "2026-05-05", "notes": "Moved."})
    moved = await office.entry(entry["id"])
    assert (moved["date"], moved["start_time"], moved["started_at"][:10]) == (
        "2026-05-05",
        "09:00",
        "2026-05-05",
    )


async def test_the_closest_rate_is_stored_with_its_source(office):
    """TIME-20: work type, user, company, entry; the more specific and the later one first."""
    worker, company = await office.worker(), await office.company()
    account, emergency = await worker.account_id(), await office.work_type("On-site support")
    steps = [
        (
            lambda: office.admin.patch(f"/work-types/{emergency}", {"default_rate": "80"}),
            "work_type",
            "80.0000",
        ),
        (lambda: rate(office, "90", user=account), "user", "90.0000"),
        (lambda: rate(office, "100", company=company), "company", "100.0000"),
        (lambda: rate(office, "110", company=company, work_type=emergency), "company", "110.0000"),
        (lambda: rate(office, "999", company=company, starts_on="2027-01-01"), "company", "110.0000"),
    ]
    for number, (step, origin, amount) in enumerate(steps):
        answer = await step()
        assert answer.is_success, answer.text
        entry = await office.logged(
            worker,
            company,
            type="On-site support",
            start_time=f"{9 + number:02}:00",
            end_time=f"{9 + number:02}:15",
        )
        assert (entry["rate_source"], entry["hourly_rate"]) == (origin, amount)
    await office.admin.patch(f"/work-types/{emergency}", {"default_rate": None})


async def rate(office, amount, *, starts_on="2026-01-01", **parties):
    return await office.admin.post("/hourly-rates", {"hourly_rate": amount, "starts_on": starts_on}, parties)


async def test_after_hours_are_priced_by_segment_and_the_highest_premium_wins(office):
    """TIME-20: 16:30 to 18:30 with hours till 17:00 at 100 and 1.5 are 275.00; an emergency at 2.0 is 400.00."""
    await office.settings(after_hours_multiplier="1.5")
    worker, company = await office.worker("UTC"), await office.company(timezone="UTC")
    span = {"start_time": "16:30", "end_time": "18:30", "rate_override": "100"}
    entry = await office.logged(worker, company, **span)
    assert entry["total_amount"] == "275.0000"
    assert [(one["minutes"], one["multiplier"]) for one in entry["segments"]] == [(30, "1"), (90, "1.5")]
    emergency = await office.logged(worker, company, type="Emergency", date="2026-05-05", **span)
    assert emergency["total_amount"] == "400.0000"
    await office.settings(after_hours_multiplier="1")


async def test_the_overlap_policy_is_the_tenants(office):
    """TIME-14: off, warn, deny; touching ends are fine; moving an entry checks again."""
    worker, company = await office.worker(), await office.company()
    await office.settings(overlap_policy="deny")
    nine = await office.logged(worker, company, start_time="09:00", end_time="10:00")
    ten = await office.logged(worker, company, start_time="10:00", end_time="11:00")
    refused = await office.log(worker, await office.company(), start_time="09:30", end_time="09:45")
    assert (refused.status_code, codes(refused)) == (409, ["overlap"])
    assert refused.json()["errors"][0]["meta"]["entries"] == [nine["id"]]
    moved = await worker.patch(f"/time-entries/{ten['id']}", {"start_time": "09:59"})
    assert codes(moved) == ["overlap"]
    assert (await office.log(await office.worker(), company, start_time="09:30", end_time="09:45")).is_success
    await office.settings(overlap_policy="warn")
    marked = await office.logged(worker, company, start_time="09:30", end_time="09:45")
    assert (marked["needs_review"], marked["review_reason"]) == (True, "overlap")
    cleared = await worker.patch(
        f"/time-entries/{marked['id']}", {"start_time": "12:00", "end_time": "12:15"}
    )
    assert cleared.json()["data"]["attributes"]["needs_review"] is False
    await office.settings(overlap_policy="off")
    assert not (await office.logged(worker, company, start_time="09:30", end_time="09:45"))["needs_review"]
    await office.settings(overlap_policy="warn")


async def test_a_day_has_a_cap(office):
    """TIME-15: worked minutes of the local date."""
    await office.settings(day_cap_minutes=600)
    worker, company = await office.worker(), await office.company()
    await office.logged(worker, company, duration_minutes=590)
    refused = await office.log(worker, company, duration_minutes=11)
    assert (refused.status_code, codes(refused)) == (409, ["day_cap_exceeded"])
    await office.logged(worker, company, duration_minutes=10)
    await office.logged(worker, company, duration_minutes=11, date="2026-05-05")
    await office.settings(day_cap_minutes=0)


async def test_repricing_previews_what_it_does(office):
    """TIME-21, X-13: a later rate changes nothing by itself; drafts are priced anew, approved ones never."""
    worker, company = await office.worker(), await office.company()
    assert (await rate(office, "100", company=company)).status_code == 201
    kept = await office.logged(worker, company, duration_minutes=60, date="2026-06-01")
    await office.approved(worker, "2026-06-01")
    draft = await office.logged(worker, company, duration_minutes=60, date="2026-06-08")
    assert (await rate(office, "120", company=company, starts_on="2026-05-20")).status_code == 201
    await worker.patch(f"/time-entries/{draft['id']}", {"notes": "Nothing that matters for the price."})
    assert (await office.entry(draft["id"]))["total_amount"] == "100.0000"
    body = {"start_date": "2026-06-01", "end_date": "2026-06-30", "company": str(company)}
    shown = await office.boss.post("/time-entries/reprice", body)
    [change] = shown.json()["data"]["attributes"]["changed"]
    assert (change["id"], change["old_amount"], change["new_amount"]) == (draft["id"], "100.0000", "120.00")
    assert (await office.entry(draft["id"]))["total_amount"] == "100.0000"
    done = await office.boss.post("/time-entries/reprice", {**body, "preview": False})
    assert done.json()["data"]["attributes"]["changed"] == shown.json()["data"]["attributes"]["changed"]
    assert (await office.entry(draft["id"]))["total_amount"] == "120.0000"
    assert (await office.entry(kept["id"]))["total_amount"] == "100.0000"


async def test_many_entries_are_made_together_or_not_at_all(office):
    """TIME-36"""
    worker, company = await office.worker(), await office.company()
    kind = str(await office.work_type())
    good = {"date": "2026-05-06", "duration_minutes": 30, "work_type": kind, "company": str(company)}
    refused = await worker.post(
        "/time-entries/bulk",
        {"entries": [good, {**good, "duration_minutes": None}, good, {**good, "start_time": "09:00"}]},
    )
    assert refused.status_code == 422
    assert pointers(refused) == [
        "/data/attributes/entries/1/duration_minutes",
        "/data/attributes/entries/3/end_time",
    ]
    account = await worker.account_id()
    assert await office.entries(user=account) == []
    made = await worker.post("/time-entries/bulk", {"entries": [good, good]})
    assert made.status_code == 201, made.text
    assert len(await office.entries(user=account)) == 2


async def test_templates_start_an_entry(office):
    """PRD 3.5.1: time entry templates; one's own and everybody's."""
    worker, company, kind = await office.worker(), await office.company(), await office.work_type()
    mine = {"owner": await worker.account_id(), "company": company, "work_type": kind}
    made = await worker.post(
        "/time-entry-templates", {"name": "Stand-up", "duration_minutes": 15, "notes": "Daily"}, mine
    )
    assert made.status_code == 201, made.text
    path = f"/time-entry-templates/{made.json()['data']['id']}"
    used = await worker.post(f"{path}/use", {"date": "2026-05-07"})
    assert used.status_code == 201, used.text
    held = used.json()["data"]["attributes"]
    assert (held["duration_minutes"], held["notes"], held["date"]) == (15, "Daily", "2026-05-07")
    assert (await (await office.worker()).post(f"{path}/use", {"date": "2026-05-07"})).status_code == 404


async def test_technicians_see_and_change_their_own_time_only(office):
    """TIME: own, team and all scopes."""
    worker, other, company = await office.worker(), await office.worker(), await office.company()
    entry = await office.logged(worker, company, duration_minutes=30)
    assert (await other.get(f"/time-entries/{entry['id']}")).status_code == 404
    assert (await other.patch(f"/time-entries/{entry['id']}", {"notes": "Mine now"})).status_code == 404
    for_other = await office.log(worker, company, duration_minutes=30, user=await other.account_id())
    assert for_other.status_code in {403, 404}
    assert (
        await office.log(office.boss, company, duration_minutes=5, user=await other.account_id())
    ).is_success
    team = await office.kit.staff("time.time_entries.read@team", name=f"Lead {office.kit.number()}")
    group = await office.admin.post("/groups", {"name": f"Team {office.kit.number()}"})
    for member in (worker, team):
        joined = await office.admin.request(
            "POST",
            f"/groups/{group.json()['data']['id']}/relationships/members",
            content=f'{{"data":[{{"type":"users","id":"{await member.account_id()}"}}]}}'.encode(),
        )
        assert joined.is_success, joined.text
    seen = await team.get("/time-entries")
    assert [item["id"] for item in seen.json()["data"]] == [entry["id"]]
