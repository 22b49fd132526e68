"""Short ways to say what tests of billing often say."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psa_sdk.testing import Client, Kit


class CountingHouse:
    """A tenant: its administrator, somebody of finance."""

    def __init__(self, kit: Kit, admin: Client, finance: Client) -> None:
        self.kit, self.admin, self.finance = kit, admin, finance

    @classmethod
    async def open(cls, kit: Kit) -> "CountingHouse":
        return cls(kit, await kit.admin(), await kit.staff(roles=("finance",), name="Fran Finance"))

    @property
    def today(self) -> date:
        return self.kit.now.date()

    async def settings(self, **values: Any) -> None:
        answer = await self.admin.patch("/settings/billing", {"values": values})
        assert answer.status_code == 200, answer.text

    async def company(self, **values: Any) -> UUID:
        made = (await self.kit.make("companies")).id
        if values:
            answer = await self.admin.patch(f"/companies/{made}", values)
            assert answer.status_code == 200, answer.text
        return made

    async def below(self, company: UUID, parent: UUID | None) -> None:
        answer = await self.admin.patch(f"/companies/{company}", {}, {"parent": parent})
        assert answer.status_code == 200, answer.text

    async def draft(self, company: UUID, *lines: tuple[str, str], **values: Any) -> dict:
        """Write a draft; lines are quantity and price, perhaps with more values."""
        relations = {name: values.pop(name) for name in list(values) if isinstance(values[name], UUID)}
        answer = await self.finance.post("/invoices", values, {"company": company, **relations})
        assert answer.status_code == 201, answer.text
        invoice = answer.json()["data"]["id"]
        for line in lines:
            await self.line(invoice, *line)
        return await self.invoice(invoice)

    async def line(self, invoice: str, quantity: str, price: str, **more: Any) -> dict:
        relations = {name: more.pop(name) for name in list(more) if isinstance(more[name], UUID)}
        values = {"description": "Work", "quantity": quantity, "unit_price": price, **more}
        answer = await self.finance.post(
            f"/invoices/{invoice}/lines", values, relations, type="invoice-lines"
        )
        assert answer.status_code == 201, answer.text
        return flat(answer.json()["data"])

    async def finalised(self, company: UUID, *lines: tuple[str, str], **values: Any) -> dict:
        draft = await self.draft(company, *(lines or (("1", "100.00"),)), **values)
        return await self.act(draft, "finalise")

    async def act(self, invoice: dict, verb: str, **body: Any) -> dict:
        """Do something with an invoice that must succeed; returns it afterwards, or what was made of it."""
        answer = await self.finance.post(f"/invoices/{invoice['id']}/{verb}", body or None)
        assert answer.status_code in {200, 201}, answer.text
        return flat(answer.json()["data"])

    async def invoice(self, id: str | UUID) -> dict:
        answer = await self.finance.get(f"/invoices/{id}")
        assert answer.status_code == 200, answer.text
        return flat(answer.json()["data"])

    async def lines(self, invoice: dict) -> list[dict]:
        answer = await self.finance.get(f"/invoices/{invoice['id']}/lines", params={"sort": "sort_order,id"})
        assert answer.status_code == 200, answer.text
        return [flat(item) for item in answer.json()["data"]]

    async def pay(self, company: UUID, amount: str, invoice: dict | None = None, **values: Any) -> dict:
        relations: dict[str, Any] = {"company": company} | (
            {"invoice": UUID(invoice["id"])} if invoice else {}
        )
        answer = await self.finance.post("/payments", {"amount": amount, **values}, relations)
        assert answer.status_code == 201, answer.text
        return flat(answer.json()["data"])

    async def payment(self, id: str) -> dict:
        return flat((await self.finance.get(f"/payments/{id}")).json()["data"])

    async def aging(self, company: UUID, as_of: date | str) -> dict:
        answer = await self.finance.get(
            "/billing/reports/ar-aging", params={"as_of": str(as_of), "company": str(company)}
        )
        assert answer.status_code == 200, answer.text
        rows = answer.json()["data"]
        return rows[0]["attributes"] if rows else {}

    async def rows(self, sql: str, *arguments: Any) -> list[dict]:
        return [dict(row) for row in await self.kit.installation.rows(sql, *arguments)]

    def until(self, moment: datetime) -> None:
        """Move the clock to an instant that is still to come."""
        assert moment >= self.kit.now, "clocks only go forward"
        self.kit.advance(moment - self.kit.now)

    def later(self, **by: int) -> None:
        self.kit.advance(timedelta(**by))


def flat(item: dict) -> dict:
    """Return a record's id, attributes, and the ids of its to-one relationships."""
    held = {
        name: one["data"]["id"] if one["data"] else None
        for name, one in item.get("relationships", {}).items()
        if "data" in one and not isinstance(one["data"], list)
    }
    return {"id": item["id"], **item["attributes"], **held}


def codes(answer: Any) -> list[str]:
    """Return the codes of an error document."""
    return [error["code"] for error in answer.json()["errors"]]
