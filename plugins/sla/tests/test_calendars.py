"""Business hours and holidays as people enter them, and as files bring them."""

from datetime import date

import pytest
import pytest_asyncio

from psa_sdk.testing import Kit
from psa_sla.holiday_files import Unreadable, holidays_in

from .promises import NY, Promises

ICS = b"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example.com//Holidays//EN
BEGIN:VEVENT
UID:1@example.com
DTSTART;VALUE=DATE:20261225
DTEND;VALUE=DATE:20261227
RRULE:FREQ=YEARLY
SUMMARY:Christmas
END:VEVENT
BEGIN:VEVENT
UID:2@example.com
DTSTART;VALUE=DATE:20201126
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH
SUMMARY:Thanksgiving\\, observed
END:VEVENT
BEGIN:VEVENT
UID:3@example.com
DTSTART;VALUE=DATE:20260703
SUMMARY:Long
 er weekend
END:VEVENT
BEGIN:VEVENT
UID:4@example.com
DTSTART:20260704T100000Z
SUMMARY:A meeting
END:VEVENT
BEGIN:VEVENT
UID:5@example.com
DTSTART;VALUE=DATE:20260705
STATUS:CANCELLED
SUMMARY:Called off
END:VEVENT
END:VCALENDAR
""".replace(b"\n", b"\r\n")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def promises(psa_bench) -> Promises:
    """A fresh tenant of an installation that others use too: calendars are the same in both tenancies."""
    return await Promises.open(await Kit.open(await psa_bench.install("multi")))


def test_an_icalendar_file_becomes_holidays():
    """SLA-33: yearly days stay yearly, other rules are written out, meetings and cancelled days left out."""
    found = holidays_in(ICS, date(2026, 6, 1))
    yearly = [(one.date, one.name) for one in found if one.yearly]
    assert yearly == [(date(2026, 12, 25), "Christmas"), (date(2026, 12, 26), "Christmas")]
    once = [(one.date, one.name) for one in found if not one.yearly]
    assert once[:2] == [(date(2026, 7, 3), "Longer weekend"), (date(2026, 11, 26), "Thanksgiving, observed")]
    assert (len(once), once[-1][0]) == (12, date(2036, 11, 27))


@pytest.mark.parametrize(
    "content", [b"", b"nothing", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", b"\xff\xfe\x00"]
)
def test_what_is_no_calendar_is_refused(content):
    with pytest.raises(Unreadable):
        holidays_in(content, date(2026, 6, 1))


async def test_a_file_is_imported_once(promises):
    """SLA-33"""
    calendar = await promises.made("holiday-calendars", {"name": f"Days {promises.kit.number()}"})
    path = f"/holiday-calendars/{calendar}/import"
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="days.ics"\r\n\r\n'
        + ICS
        + b"\r\n--x--\r\n"
    )
    for content, kind in ((ICS, "text/calendar"), (body, "multipart/form-data; boundary=x")):
        answer = await promises.admin.request("POST", path, content=content, headers={"Content-Type": kind})
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["data"]["attributes"]["holidays"]) == 14
    wrong = await promises.admin.request(
        "POST", path, content=b"x", headers={"Content-Type": "text/calendar"}
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "unreadable_calendar")


async def test_windows_are_put_in_order_and_bad_calendars_refused(promises):
    """SLA-20, SLA-32: 24:00 can be entered, overlapping windows are merged."""
    week = {
        "monday": [{"start": "13:00", "end": "24:00"}, {"start": "09:00", "end": "14:00"}],
        "tuesday": [{"start": "22:00", "end": "06:00"}],
    }
    hours = await promises.hours(schedule=week)
    stored = (await promises.admin.get(f"/business-hours/{hours}")).json()["data"]["attributes"]["schedule"]
    assert stored["monday"] == [{"start": "09:00", "end": "24:00"}]
    assert stored["tuesday"] == [{"start": "22:00", "end": "06:00"}]
    for values, code, pointer in (
        ({"schedule": {"monday": []}}, "never_open", "/data/attributes/schedule"),
        (
            {"schedule": {"friday": [{"start": "09:00", "end": "09:00"}]}},
            "bad_window",
            "/data/attributes/schedule/friday",
        ),
        ({"timezone": "Moon/Base"}, "unknown_zone", "/data/attributes/timezone"),
    ):
        refused = await promises.admin.post("/business-hours", {"name": "Bad", "timezone": NY, **values})
        [error] = refused.json()["errors"]
        assert (refused.status_code, error["code"], error["source"]["pointer"]) == (422, code, pointer)
    bad = {"name": "Bad", "timezone": NY, "schedule": {"friday": [{"start": "25:00", "end": "26:00"}]}}
    assert (await promises.admin.post("/business-hours", bad)).status_code == 422


async def test_what_is_used_stays(promises):
    """SLA-32"""
    hours = await promises.hours()
    policy = await promises.policy(hours=hours)
    refused = await promises.admin.delete(f"/business-hours/{hours}")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "hours_in_use")
    assert (await promises.admin.delete(f"/sla-policies/{policy}")).status_code == 204
    assert (await promises.admin.delete(f"/business-hours/{hours}")).status_code == 204


async def test_a_response_is_promised_no_later_than_the_solution(promises):
    """SLA-07"""
    policy = await promises.policy(None, None)
    for response, resolution, code in (("4", "2", "response_after_resolution"), ("-1", None, "not_positive")):
        values = {"first_response_hours": response, "resolution_hours": resolution}
        refused = await promises.admin.post("/sla-targets", values, {"sla_policy": policy})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
    target = await promises.target(policy, "1", None)
    shown = await promises.admin.get(f"/sla-policies/{policy}/targets")
    assert [one["id"] for one in shown.json()["data"]] == [str(target)]


async def test_one_policy_is_the_default(promises):
    first, second = await promises.policy(is_default=True), await promises.policy(is_default=True)
    shown = (await promises.admin.get("/sla-policies", params={"filter[is_default]": "true"})).json()["data"]
    assert [one["id"] for one in shown] == [str(second)]
    await promises.put("sla-policies", second, is_default=False)
    assert first != second


async def test_others_ask_for_business_time(promises):
    """The calendar of a client's policy, of the default, or none; clients' holidays for time."""
    from psa_sla.api import ALWAYS, BusinessCalendars
    from psa_time.api import HolidayCalendar

    days = [
        {"date": "2026-12-25", "name": "Christmas", "yearly": True},
        {"date": "2026-12-24", "name": "Eve", "windows": [{"start": "09:00", "end": "12:00"}]},
    ]
    calendar = await promises.made(
        "holiday-calendars", {"name": f"Days {promises.kit.number()}", "holidays": days}
    )
    hours = await promises.hours(holidays=[calendar])
    company, other = await promises.client(hours=hours), await promises.company()
    await promises.kit.drain()
    async with promises.kit.unit() as ctx:
        found = await ctx.service(BusinessCalendars).of_companies([company, other])
        assert (found[company].calendar.zone, found[other]) == (NY, ALWAYS)
        assert await ctx.service(BusinessCalendars).hours() is ALWAYS
        closed = await ctx.service(HolidayCalendar).holidays(company, date(2027, 12, 20), date(2027, 12, 31))
        assert list(closed) == [date(2027, 12, 25)]
