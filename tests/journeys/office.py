"""A firm that works and sends invoices: its people, and short ways to say what they do all day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from psa_sdk.testing import Client, Kit


async def told(client: Client, verb: str, path: str, status: int, *body, **options) -> dict:
    """Ask for something; returns what was answered with the status that is expected."""
    answer = await getattr(client, verb)(path, *body, **options)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else {}


def attributes(document: dict) -> dict:
    return {"id": document["data"]["id"], **document["data"]["attributes"]}


async def aged(finance: Client, company: UUID, as_of) -> dict:
    """Return a company's row of the aging report; only a balance of nothing where it owes nothing."""
    query = {"as_of": str(as_of), "company": str(company)}
    rows = (await told(finance, "get", "/billing/reports/ar-aging", 200, params=query))["data"]
    return rows[0]["attributes"] if rows else {"balance": "0.00"}


class Office:
    """A tenant with an administrator, somebody for the money and a manager; it is nine in the morning."""

    admin: Client
    finance: Client
    boss: Client

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @classmethod
    async def open(cls, kit: Kit) -> "Office":
        tomorrow = kit.now.date() + timedelta(days=1)
        kit.advance(datetime(tomorrow.year, tomorrow.month, tomorrow.day, 9, tzinfo=UTC) - kit.now)
        office = cls(kit)
        office.admin = await kit.admin()
        office.finance = await kit.staff(roles=("finance",), name="Fran Finance")
        office.boss = await kit.staff(roles=("manager",), name="Mona Manager")
        return office

    @property
    def today(self) -> date:
        return self.kit.now.date()

    async def tax(self, rate: str) -> None:
        """Charge a sales tax from now on, in percent."""
        await told(self.admin, "patch", "/settings/billing", 200, {"values": {"charges_tax": True}})
        await told(self.admin, "post", "/tax-rates", 201, {"name": "Sales tax", "rate": rate})

    async def company(self, terms: str) -> UUID:
        made = (await self.kit.make("companies", name=f"Example Printing {self.kit.number()}")).id
        await told(self.admin, "patch", f"/companies/{made}", 200, {"payment_terms": terms})
        return made

    async def contract(self, company: UUID, kind: str, *items: dict, **given) -> str:
        """Put a contract in force; returns its id."""
        relations = {name: given.pop(name) for name in list(given) if isinstance(given[name], UUID)}
        values = {"name": "Agreement", "contract_type": kind, "start_date": "2025-04-01"} | given
        made = await told(self.admin, "post", "/contracts", 201, values, {"company": company, **relations})
        at = f"/contracts/{made['data']['id']}"
        for item in items:
            await told(self.admin, "post", f"{at}/items", 201, item, type="contract-items")
        await told(self.admin, "post", f"{at}/activate", 200)
        return made["data"]["id"]

    async def change_item(self, contract: str, name: str, **values) -> None:
        found = await told(self.admin, "get", f"/contracts/{contract}/items", 200)
        [item] = [one["id"] for one in found["data"] if one["attributes"]["name"] == name]
        await told(self.admin, "patch", f"/contract-items/{item}", 200, values)

    async def ticket(self, company: UUID, title: str) -> UUID:
        made = await told(self.admin, "post", "/tickets", 201, {"title": title}, {"company": company})
        return UUID(made["data"]["id"])

    async def works(self, ticket: UUID, *spans: tuple[str, int] | tuple[str, int, str]) -> None:
        """Let a technician book minutes on days of one week, at a rate if one is given; the manager approves it."""
        worker = await self.kit.staff(roles=("technician",), name=f"Technician {self.kit.number()}")
        query = {"filter[name]": "Remote support"}
        kinds = await told(self.admin, "get", "/work-types", 200, params=query)
        relations = {"ticket": ticket, "work_type": UUID(kinds["data"][0]["id"])}
        for day, minutes, *rate in spans:
            entry = {"date": day, "duration_minutes": minutes, "notes": "On the press"}
            entry |= {"rate_override": rate[0]} if rate else {}
            await told(worker, "post", "/time-entries", 201, entry, relations)
        week = {"start_date": spans[0][0]}
        await told(worker, "post", "/timesheets/submit", 200, week)
        week["user"] = str(await worker.account_id())
        await told(self.boss, "post", "/timesheets/approve", 200, week)
        await self.kit.drain()

    async def invoice(self, contract: str, through: str) -> tuple[dict, list[str]]:
        """Invoice and send what a contract has due; returns the invoice and the amounts of its lines, ascending."""
        body = {"contract": contract, "through": through, "invoice_date": str(self.today)}
        at = "/invoices/generate/from-contract"
        made = await told(self.finance, "post", at, 201, body)
        [draft] = made["data"]["attributes"]["drafts"]
        again = await told(self.finance, "post", at, 200, body)
        assert again["data"]["attributes"]["drafts"] == [], "nothing is billed twice"
        path = f"/invoices/{draft['id']}"
        lines = (await told(self.finance, "get", f"{path}/lines", 200))["data"]
        invoice = attributes(await told(self.finance, "post", f"{path}/finalise", 200))
        await told(self.finance, "post", f"{path}/send", 200, {"mark_only": True})
        return invoice, [f"{one:.2f}" for one in sorted(Decimal(one["attributes"]["total"]) for one in lines)]

    async def pays(self, company: UUID, amount: str) -> None:
        """Take a payment; it goes to what is due first."""
        await told(self.finance, "post", "/payments", 201, {"amount": amount}, {"company": company})
        await self.kit.drain()

    async def status(self, invoice: dict) -> str:
        found = await told(self.finance, "get", f"/invoices/{invoice['id']}", 200)
        return found["data"]["attributes"]["status"]
