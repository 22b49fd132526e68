"""One's own week: what was done by day, what is missing, and a line to log more."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents, Item
from psa_sdk.errors import Invalid
from psa_sdk.ui import Action, Command, Done, NavItem, Page
from psa_time.api import ENTRIES
from psa_time.availability import attendance
from psa_time.clock_times import minutes_entered
from psa_time.sheets import SHEETS, week

READ: Final = "time.time_entries.read"
CREATE: Final = "time.time_entries.create"
PAGE: Final = "100"
TYPES: Final = {"filter[is_active]": "true", "page[size]": "50"}


class Asked(msgspec.Struct, kw_only=True):
    """Any date of the week that is shown."""

    date: datetime.date | None = None


class Logged(msgspec.Struct, kw_only=True):
    """What was done, and how long: `45`, `1:30`, `1.5` or `1.5h`."""

    date: datetime.date
    minutes: str = ""
    work_type: str = ""
    ticket: str = ""
    company: str = ""
    notes: str = ""


class Changed(msgspec.Struct, kw_only=True):
    """How long an entry really took."""

    minutes: str = ""


class Line(msgspec.Struct, kw_only=True):
    """What was done on one thing in one way; entries by date, and what another one would be logged with."""

    title: str
    detail: str
    href: tuple[str, UUID] | None
    values: Mapping[str, str]
    cells: dict[datetime.date, list[Item]]

    @property
    def minutes(self) -> int:
        """The minutes of the week."""
        return sum(self.on(date) for date in self.cells)

    def on(self, date: datetime.date) -> int:
        """Return the minutes of a date."""
        return sum(_minutes(item) for item in self.cells.get(date, ()))

    def entries(self, date: datetime.date) -> str:
        """Return the list's query string for the entries of a date."""
        return urlencode({**self.values, "date.from": date.isoformat(), "date.to": date.isoformat()})


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day's minutes: done, and to be done."""

    date: datetime.date
    done: int
    target: int


async def load(ctx: Context, query: Asked) -> Mapping[str, Any]:
    """Load a week of the person's own."""
    documents = ctx.service(Documents)
    first, last = await week(ctx, query.date or ctx.today)
    readable = frozenset(documents.resources())
    wanted = (("ticket", "tickets"), ("company", "companies"), ("work_type", "work-types"))
    asked = {
        "filter[user]": str(ctx.principal.id),
        "filter[date][gte]": first.isoformat(),
        "filter[date][lte]": last.isoformat(),
        "include": ",".join(name for name, of in wanted if of in readable),
        "sort": "date",
        "page[size]": PAGE,
    }
    found = await documents.find(ENTRIES, asked)
    items, included = list(found.items), dict(found.included)
    while found.next:
        found = await documents.find(ENTRIES, {**asked, "page[after]": found.next})
        items += found.items
        included |= found.included
    expected = await attendance(ctx, [ctx.principal.id], first, last)
    dates = [first + datetime.timedelta(days=day) for day in range(7)]
    done = {date: sum(_minutes(item) for item in items if _date(item) == date) for date in dates}
    days = [
        Day(date=date, done=done[date], target=expected.expected.get((ctx.principal.id, date), 0))
        for date in dates
    ]
    sheets = await documents.find(
        SHEETS, {"filter[user]": str(ctx.principal.id), "filter[start_date]": first.isoformat()}
    )
    status = sheets.items[0].attributes["status"] if sheets.items else "open"
    return {
        "days": days,
        "lines": _lines(items, included),
        "worked": sum(done.values()),
        "target": sum(day.target for day in days),
        "gaps": [day for day in days if day.target > day.done and day.date < ctx.today],
        "today": ctx.today,
        "earlier": first - datetime.timedelta(days=7),
        "later": first + datetime.timedelta(days=7),
        "drafts": any(item.attributes["approval_status"] == "draft" for item in items),
        "status": status,
        "types": (await documents.find("work-types", TYPES)).items,
        "tickets": "tickets" in readable,
        "shown": query.date or ctx.today,
    }


def _lines(items: Sequence[Item], included: Mapping[tuple[str, UUID], Item]) -> list[Line]:
    lines: dict[tuple[Any, ...], Line] = {}
    for item in items:
        on_name = "ticket" if item.one.get("ticket") else "company"
        on = item.one.get(on_name)
        subject = included.get(on) if on else None
        kind = included.get(item.one.get("work_type") or ("", item.id))
        key = (on, item.one.get("work_type"))
        if key not in lines:
            told = subject.attributes if subject else {}
            title = str(told.get("title") or told.get("name") or "")
            number = str(told.get("ticket_number") or "")
            detail = " · ".join(
                part for part in (number, str(kind.attributes["name"]) if kind else "") if part
            )
            kind_of = item.one.get("work_type")
            values = {name: str(to[1]) for name, to in ((on_name, on), ("work_type", kind_of)) if to}
            lines[key] = Line(
                title=title, detail=detail, href=on if subject else None, values=values, cells={}
            )
        lines[key].cells.setdefault(_date(item), []).append(item)
    return list(lines.values())


def _date(item: Item) -> datetime.date:
    return datetime.date.fromisoformat(item.attributes["date"])


def _minutes(item: Item) -> int:
    return int(item.attributes["duration_minutes"])


async def log(ctx: Context, form: Logged) -> Done:
    """Log what was done on a ticket, or for a company."""
    minutes = _entered(form.minutes)
    if not form.ticket and not form.company:
        raise Invalid("Choose a ticket or a company.", pointer="/ticket")
    documents = ctx.service(Documents)
    kind = form.work_type or str((await documents.find("work-types", TYPES)).items[0].id)
    one = {"work_type": ("work-types", UUID(kind))}
    one |= {"ticket": ("tickets", UUID(form.ticket))} if form.ticket else {}
    one |= {"company": ("companies", UUID(form.company))} if form.company else {}
    values = {"date": form.date.isoformat(), "duration_minutes": minutes, "notes": form.notes.strip()}
    await documents.create(ENTRIES, values, one=one)
    return Done(toast="Time logged", refresh=(ENTRIES,))


async def change(ctx: Context, id: UUID, form: Changed) -> Done:
    """Change how long an entry took."""
    await ctx.service(Documents).update(ENTRIES, id, {"duration_minutes": _entered(form.minutes)})
    return Done(toast="Time changed", refresh=(ENTRIES,))


def _entered(text: str) -> int:
    try:
        return minutes_entered(text)
    except ValueError:
        raise Invalid("Enter the time as 45, 1:30 or 1.5h.", pointer="/minutes") from None


async def submit(ctx: Context, form: Asked) -> Done:
    """Hand in the week."""
    date = (form.date or ctx.today).isoformat()
    await ctx.service(Documents).call("POST", "/timesheets/submit", body={"start_date": date})
    return Done(toast="Week handed in", refresh=(SHEETS, ENTRIES))


PAGES = (Page(path="/timesheet", template="time/week.html", permission=READ, load=load, title="My week"),)
ACTIONS = (
    Action(path="/timesheet/log", permission=CREATE, handle=log),
    Action(path="/timesheet/entries/{id:uuid}", permission="time.time_entries.update", handle=change),
    Action(path="/timesheet/submit", permission="time.timesheets.submit", handle=submit),
)
NAV = (
    NavItem(
        id="timesheet",
        label="My week",
        url="/timesheet",
        permission="time.timesheets.submit",
        icon="calendar-range",
        group="service",
        order=39,
        hotkey="g w",
    ),
)
COMMANDS = (
    Command(
        id="time.log",
        title="Log time",
        url="/timesheet",
        permission=CREATE,
        icon="clock",
        keywords="timesheet week hours",
    ),
)
