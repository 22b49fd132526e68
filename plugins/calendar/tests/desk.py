"""Short ways to say what tests of the calendar often say."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from psa_sdk.testing import Client, Kit

from . import carrier


class Desk:
    """A tenant: its administrator, a dispatcher, people with calendars, and a day that is still to come."""

    def __init__(self, kit: Kit, admin: Client, dispatcher: Client) -> None:
        self.kit, self.admin, self.dispatcher = kit, admin, dispatcher
        self.day = (kit.now + timedelta(days=10)).date()

    @classmethod
    async def open(cls, kit: Kit) -> "Desk":
        made = cls(kit, await kit.admin(), await kit.staff(roles=("dispatcher",), name="Dora Dispatcher"))
        address = f"calendar{kit.number()}@desk.example.com"
        answer = await made.admin.post(
            "/email-mailboxes", {"name": f"Desk {kit.number()}", "address": address, "kind": "push"}
        )
        assert answer.status_code == 201, answer.text
        return made

    async def technician(self, name: str = "Theo Technician", zone: str = "") -> Client:
        client = await self.kit.staff(roles=("technician",), name=name)
        if zone:
            answer = await self.admin.patch(f"/users/{await client.account_id()}", {"timezone": zone})
            assert answer.status_code == 200, answer.text
        return client

    def at(self, hour: int, minute: int = 0, *, day: int = 0) -> str:
        """An instant of the day, or of one after it."""
        moment = datetime(self.day.year, self.day.month, self.day.day, hour, minute, tzinfo=UTC)
        return (moment + timedelta(days=day)).isoformat()

    async def book(self, who: Client, start: str, end: str | None = None, *, title: str = "Visit", **given):
        """Ask for an appointment and return the answer; relationships are the ids among the values."""
        many = ("attendees", "guests")
        relations = {
            name: given.pop(name) for name in list(given) if isinstance(given[name], UUID) or name in many
        }
        span = {"start_time": start} | ({"end_time": end} if end else {})
        return await who.post("/appointments", {"title": title, **span, **given}, relations)

    async def booked(self, who: Client, start: str, end: str | None = None, **given) -> str:
        answer = await self.book(who, start, end, **given)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["id"]

    async def move(self, appointment: str, **values):
        return await self.dispatcher.patch(f"/appointments/{appointment}", values)

    async def shown(self, resource: str, id: str | UUID) -> dict:
        answer = await self.admin.get(f"/{resource}/{id}")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["attributes"]

    async def appointments(self, ticket: UUID | str) -> list[dict]:
        """The appointments of a ticket, by start."""
        found = await self.admin.get(f"/tickets/{ticket}/appointments", params={"sort": "start_time"})
        assert found.status_code == 200, found.text
        return [{"id": one["id"], **one["attributes"]} for one in found.json()["data"]]

    async def address(self, who: Client) -> str:
        return (await self.shown("users", await who.account_id()))["email"].lower()

    async def told(self, address: str) -> list[tuple[str, int, str]]:
        """What calendars were mailed to an address: method, sequence, UID."""
        await self.kit.drain()
        found = []
        for calendar in carrier.INVITED[address.lower()]:
            [event] = calendar.walk("VEVENT")
            found.append((str(calendar["METHOD"]), int(event["SEQUENCE"]), str(event["UID"])))
        return found


def codes(answer) -> list[str]:
    """Return the codes of an error document."""
    return [error["code"] for error in answer.json()["errors"]]
