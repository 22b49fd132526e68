"""TIME-30, 31, 32: weeks, who decides, what is locked."""

import asyncio

from .office import codes


async def test_a_week_is_handed_in_and_approved(office):
    """TIME-30: draft, submitted, approved; approved time is ready to bill and can't be changed."""
    worker, company = await office.worker(), await office.company()
    entry = await office.logged(worker, company, duration_minutes=30)
    internal = await office.logged(worker, company, type="Internal", duration_minutes=30)
    sheet = await office.submit(worker)
    assert sheet.json()["data"]["attributes"]["status"] == "submitted"
    assert (await office.entry(entry["id"]))["approval_status"] == "submitted"
    done = await office.decide(office.boss, worker, "approve")
    assert done.json()["data"]["attributes"]["status"] == "approved"
    now = await office.entry(entry["id"])
    assert (now["approval_status"], now["billing_status"]) == ("approved", "ready_to_bill")
    assert now["approved_by"] == str(await office.boss.account_id())
    assert (await office.entry(internal["id"]))["billing_status"] == "not_billed"
    for answer in (
        await worker.patch(f"/time-entries/{entry['id']}", {"duration_minutes": 300}),
        await office.admin.delete(f"/time-entries/{entry['id']}"),
    ):
        assert (answer.status_code, codes(answer)) == (409, ["entry_approved"])
    assert codes(await office.submit(worker)) == ["nothing_to_submit"]
    assert codes(await office.decide(office.boss, worker, "approve")) == ["nothing_submitted"]


async def test_rejected_time_is_a_draft_with_the_reason(office):
    """TIME-30, X-12"""
    worker, company = await office.worker(), await office.company()
    entry = await office.logged(worker, company, duration_minutes=30)
    await office.submit(worker)
    back = await office.decide(office.boss, worker, "reject", reason="Say what you did.")
    assert back.json()["data"]["attributes"]["status"] == "open"
    now = await office.entry(entry["id"])
    assert (now["approval_status"], now["rejection_reason"]) == ("draft", "Say what you did.")
    assert (await worker.patch(f"/time-entries/{entry['id']}", {"notes": "Swapped the disk."})).is_success
    await office.approved(worker)
    assert (await office.entry(entry["id"]))["rejection_reason"] is None


async def test_nobody_approves_their_own_time(office):
    """TIME-30"""
    company = await office.company()
    await office.logged(office.boss, company, duration_minutes=30, date="2026-07-06")
    await office.submit(office.boss, "2026-07-06")
    answer = await office.decide(office.boss, office.boss, "approve", "2026-07-06")
    assert (answer.status_code, codes(answer)) == (403, ["own_time"])
    worker, other = await office.worker(), await office.worker()
    await office.logged(worker, company, duration_minutes=30)
    await office.submit(worker)
    answer = await office.decide(other, worker, "approve")
    assert (answer.status_code, codes(answer)) == (403, ["not_approver"])


async def test_a_delegate_decides_while_the_approver_is_away(office):
    """TIME-30"""
    worker, delegate, company = await office.worker(), await office.worker(), await office.company()
    today = office.kit.now.date().isoformat()
    dates = {"starts_on": today, "ends_on": today}
    made = await office.boss.post("/approval-delegations", dates, {"delegate": await delegate.account_id()})
    assert made.status_code == 201, made.text
    await office.logged(worker, company, duration_minutes=30)
    await office.submit(worker)
    view = await delegate.get(f"/timesheets/{await worker.account_id()}/2026-05-04/2026-05-10")
    assert view.json()["data"]["attributes"]["statuses"] == {"submitted": 30}
    decided = await office.decide(delegate, worker, "approve")
    assert decided.json()["data"]["attributes"]["status"] == "approved", decided.text
    await office.logged(delegate, company, duration_minutes=30)
    await office.submit(delegate)
    assert codes(await office.decide(delegate, delegate, "approve")) == ["own_time"]
    office.later(days=2)
    await office.logged(worker, company, duration_minutes=30, date="2026-05-11")
    await office.submit(worker, "2026-05-11")
    assert codes(await office.decide(delegate, worker, "approve", "2026-05-11")) == ["not_approver"]


async def test_a_part_of_a_week_can_be_approved(office):
    """TIME-30"""
    worker, company = await office.worker(), await office.company()
    one = await office.logged(worker, company, duration_minutes=30)
    two = await office.logged(worker, company, duration_minutes=45, date="2026-05-05")
    await office.submit(worker)
    part = await office.decide(office.boss, worker, "approve", entries=[one["id"]])
    assert part.json()["data"]["attributes"]["status"] == "submitted"
    assert (await office.entry(two["id"]))["approval_status"] == "submitted"
    unknown = await office.decide(office.boss, worker, "approve", entries=[one["id"]])
    assert (unknown.status_code, codes(unknown)) == (422, ["not_submitted"])
    rest = await office.decide(office.boss, worker, "approve")
    assert rest.json()["data"]["attributes"]["status"] == "approved"


async def test_new_time_opens_a_submitted_week_again(office):
    """TIME-30"""
    worker, company = await office.worker(), await office.company()
    entry = await office.logged(worker, company, duration_minutes=30)
    sheet = (await office.submit(worker)).json()["data"]["id"]

    async def status():
        return (await office.admin.get(f"/timesheets/{sheet}")).json()["data"]["attributes"]["status"]

    await office.logged(worker, company, duration_minutes=15, date="2026-05-08")
    assert await status() == "open"
    await office.submit(worker)
    await worker.patch(f"/time-entries/{entry['id']}", {"duration_minutes": 60})
    assert await status() == "open"
    assert (await office.entry(entry["id"]))["approval_status"] == "draft"


async def test_unapproving_is_possible_until_it_is_invoiced(office):
    """TIME-30"""
    worker, company = await office.worker(), await office.company()
    entry = await office.logged(worker, company, duration_minutes=30)
    await office.approved(worker)
    path = f"/time-entries/{entry['id']}/unapprove"
    assert (await worker.post(path, {"reason": "Oh no"})).status_code == 403
    done = await office.boss.post(path, {"reason": "Wrong client"})
    assert done.status_code == 204, done.text
    now = await office.entry(entry["id"])
    assert (now["approval_status"], now["billing_status"]) == ("draft", "not_billed")
    assert codes(await office.boss.post(path, {"reason": "Twice"})) == ["illegal_transition"]


async def test_an_edit_and_an_approval_at_once_leave_a_consistent_entry(office):
    """TIME-30: either the edit came first and made it a draft, or it was approved and the edit refused."""
    for _ in range(5):
        worker, company = await office.worker(), await office.company()
        entry = await office.logged(worker, company, duration_minutes=30)
        await office.submit(worker)
        edit, approval = await asyncio.gather(
            worker.patch(f"/time-entries/{entry['id']}", {"duration_minutes": 60}),
            office.decide(office.boss, worker, "approve"),
        )
        now = await office.entry(entry["id"])
        if edit.status_code == 200:
            assert (now["duration_minutes"], now["approval_status"]) == (60, "draft")
            assert approval.status_code == 409, approval.text
        else:
            assert (edit.status_code, codes(edit)) == (409, ["entry_approved"])
            assert (now["duration_minutes"], now["approval_status"]) == (30, "approved")


async def test_the_week_begins_when_the_tenant_says(office):
    """TIME-31"""
    worker, company = await office.worker(), await office.company()
    await office.logged(worker, company, duration_minutes=30, date="2026-05-03")
    await office.settings(week_start="sunday")
    attributes = (await office.submit(worker, "2026-05-04")).json()["data"]["attributes"]
    assert (attributes["start_date"], attributes["end_date"]) == ("2026-05-03", "2026-05-09")
    await office.settings(week_start="monday")


async def test_a_user_who_changes_zone_keeps_each_entry_once(office):
    """TIME-31: the date is that of the zone the work was done in."""
    worker, company = await office.worker("America/New_York"), await office.company()
    late = await office.logged(worker, company, start_time="22:00", end_time="23:00", date="2026-05-10")
    account = await worker.account_id()
    await office.admin.patch(f"/users/{account}", {"timezone": "Asia/Tokyo"})
    await office.logged(worker, company, start_time="09:00", end_time="10:00", date="2026-05-11")
    weeks = [
        (await worker.get(f"/timesheets/{account}/{first}/{last}")).json()["data"]["attributes"]
        for first, last in (("2026-05-04", "2026-05-10"), ("2026-05-11", "2026-05-17"))
    ]
    assert [week["worked_minutes"] for week in weeks] == [60, 60]
    assert [line["id"] for line in weeks[0]["entries"]] == [late["id"]]
    assert [day["worked_minutes"] for day in weeks[0]["days"]] == [0] * 6 + [60]


async def test_locked_time_stays_as_it_is_except_for_finance(office):
    """TIME-32: nothing created, edited, deleted, moved or approved; Finance may, and that is audited."""
    worker, company = await office.worker(), await office.company()
    finance = await office.worker("", "finance")
    before = await office.logged(worker, company, duration_minutes=30, date="2026-01-30")
    waiting = await office.logged(worker, company, duration_minutes=30, date="2026-01-21")
    await office.submit(worker, "2026-01-21")
    await office.settings(locked_through="2026-01-31")
    path = f"/time-entries/{before['id']}"
    for answer in (
        await office.log(worker, company, duration_minutes=30, date="2026-01-31"),
        await worker.patch(path, {"notes": "Later."}),
        await worker.patch(path, {"date": "2026-02-02"}),
        await worker.delete(path),
        await office.submit(worker, "2026-01-30"),
        await office.decide(office.boss, worker, "approve", "2026-01-21"),
    ):
        assert (answer.status_code, codes(answer)) == (409, ["period_locked"]), answer.text
    open_entry = await office.logged(worker, company, duration_minutes=30, date="2026-02-01")
    into = await worker.patch(f"/time-entries/{open_entry['id']}", {"date": "2026-01-31"})
    assert codes(into) == ["period_locked"]
    assert (await finance.patch(path, {"notes": "Corrected."})).status_code == 200
    assert (await office.entry(waiting["id"]))["approval_status"] == "submitted"
    audited = await office.kit.installation.rows(
        "SELECT count(*) AS n FROM psa.audit_entry WHERE action = 'locked_time_changed' AND actor_id = $1",
        await finance.account_id(),
    )
    assert audited[0]["n"] == 1
    await office.settings(locked_through=None)
