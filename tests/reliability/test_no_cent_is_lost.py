"""BILL-01, BILL-25, BILL-31: billing while servers, workers and PostgreSQL are killed; nothing doubled, nothing lost."""

import asyncio
import datetime

import httpx
import pytest

from . import promises
from .installation import Installation
from .till import Till

pytestmark = [pytest.mark.slow, pytest.mark.thorough, pytest.mark.timeout(3600)]

MONTHS = 6
COMPANIES = 4
DOUBLED = """
SELECT l.company, l.description, l.period_start FROM billing.invoice_line l
JOIN billing.invoice i ON (i.tenant_id, i.id) = (l.tenant_id, l.invoice)
WHERE l.source = 'contracts' AND i.kind = 'invoice' AND i.status <> 'void'
GROUP BY 1, 2, 3 HAVING count(*) > 1"""
WRONG = """
SELECT i.id FROM billing.invoice i WHERE i.kind = 'invoice' AND i.status <> 'void' AND i.amount_paid <> coalesce((
    SELECT sum(a.amount) FROM billing.allocation a WHERE a.invoice = i.id AND a.reversed_on IS NULL), 0)
UNION ALL
SELECT p.id FROM billing.payment p WHERE p.unapplied <> p.amount - coalesce((
    SELECT sum(a.amount) FROM billing.allocation a WHERE a.payment = p.id AND a.reversed_on IS NULL), 0)
UNION ALL
SELECT i.id FROM billing.invoice i JOIN billing.invoice_line l ON l.invoice = i.id
GROUP BY i.id, i.subtotal HAVING i.subtotal <> sum(l.total)"""
PAPERLESS = """
SELECT i.invoice_number FROM billing.invoice i WHERE i.finalised_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM psa.file f WHERE f.subject_id = i.id)"""


class Agreements:
    """Companies with a monthly contract that nobody has billed for months."""

    def __init__(self, installation: Installation) -> None:
        self.installation, self.headers = installation, installation.log_in()
        self.today = datetime.datetime.now(datetime.UTC).date()
        first = self.today.replace(day=1)
        for _ in range(MONTHS):
            first = (first - datetime.timedelta(days=1)).replace(day=1)
        self.first = first
        self.through = str(self.today.replace(day=1) - datetime.timedelta(days=1))
        self.companies: list[str] = []

    async def make(self, till: Till) -> None:
        async with httpx.AsyncClient(headers=self.headers, timeout=15, verify=False) as client:
            for number in range(COMPANIES):
                made = await till.ask(client, "/companies", "companies", {"name": f"Storm {number}"})
                assert made
                values = {"name": "Care", "contract_type": "managed_services", "start_date": str(self.first)}
                contract = await till.ask(client, "/contracts", "contracts", values, made["id"])
                assert contract
                at = f"/contracts/{contract['id']}"
                item = {"name": "Support", "unit_price": "10"}
                assert await till.ask(client, f"{at}/items", "contract-items", item)
                assert await till.ask(client, f"{at}/activate", "activate", {})
                self.companies.append(made["id"])


async def ask_again(installation: Installation, headers: dict[str, str], body: dict) -> dict:
    async with httpx.AsyncClient(headers=headers, timeout=30, verify=False) as client:
        answer = await client.post(
            f"{installation.url}/api/v1/invoices/generate/batch",
            json={"data": {"type": "generate", "attributes": body}},
        )
    assert answer.is_success, answer.text
    return answer.json()["data"]


async def judge(installation: Installation, agreements: Agreements, till: Till) -> None:
    await promises.drained(installation)
    await ask_again(
        installation, agreements.headers, {"companies": agreements.companies, "through": agreements.through}
    )
    await promises.drained(installation)
    for kind in ("invoice", "credit_memo"):
        rows = await installation.query(
            "SELECT right(invoice_number, 4)::int AS n FROM billing.invoice"
            " WHERE kind = $1 AND finalised_at IS NOT NULL ORDER BY 1",
            kind,
        )
        assert [row["n"] for row in rows] == list(range(1, len(rows) + 1)), kind
    rows = await installation.query("SELECT id::text, invoice_number FROM billing.invoice")
    stored = {row["id"]: row["invoice_number"] for row in rows}
    assert {id: stored.get(id) for id in till.numbers} == till.numbers, "a number that was told is another"
    rows = await installation.query("SELECT id::text, amount::text FROM billing.payment")
    assert {row["id"]: row["amount"] for row in rows} == till.payments, "payments are lost or doubled"
    assert await installation.query(DOUBLED) == []
    assert await installation.query(WRONG) == []
    assert await installation.query(PAPERLESS) == []
    claims = await installation.query("SELECT count(*) AS n FROM billing.claim WHERE source = 'contracts'")
    assert claims[0]["n"] == COMPANIES * MONTHS, "every month of every contract is on one invoice"
    rows = await installation.query("SELECT id::text, status, companies, done FROM billing.batch")
    assert {row["id"] for row in rows} >= till.batches
    assert all(row["status"] == "finished" and row["companies"] == row["done"] for row in rows)


@pytest.mark.parametrize("tenancy", ["multi", "single"])
async def test_billing_is_right_whatever_is_killed(new_installation, tenancy):
    installation = new_installation(tenancy, plugins=None)
    installation.start("up")
    assert installation.processes.pop("up").stop() == 0
    installation.start("serve")
    installation.start("worker")
    agreements = Agreements(installation)
    till = Till(installation.url, agreements.headers, agreements.companies, agreements.through, seed=7)
    await agreements.make(till)
    till.open(clerks=6)
    await till.progress(20)
    for victim in ("worker", "postgresql", "serve", "worker", "postgresql", "serve", "worker"):
        installation.kill(victim)
        if victim in installation.processes:
            await asyncio.to_thread(installation.start, victim)
        await till.progress(60)
    await till.close()
    assert till.troubles, "no clerk noticed a thing: that proves nothing"
    assert len(till.payments) > 20
    await judge(installation, agreements, till)
    for process in installation.processes.values():
        assert process.stop() == 0, process.said
