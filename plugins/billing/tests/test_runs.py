"""From sources to invoices: previews that are the run, each source once, missed periods, failures, resuming."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from psa_billing import drafting, generating, runs
from psa_billing.dunning import remind
from psa_billing.profiles import client
from psa_sdk.testing import Kit

from . import neighbour
from .counting_house import CountingHouse, codes, flat

THROUGH = "2026-06-30"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(psa_bench) -> CountingHouse:
    """A tenant with a plugin that has something to bill: subscriptions, monthly from the first."""
    installed = await psa_bench.install("multi", modules=(neighbour,))
    return await CountingHouse.open(await Kit.open(installed))


@pytest.fixture(autouse=True)
def _fresh():
    neighbour.reset()


async def generated(house, path: str, **body) -> dict:
    answer = await house.finance.post(f"/invoices/generate/{path}", body)
    assert answer.status_code in {200, 201, 202}, answer.text
    return answer.json()


async def run(house, **body) -> dict:
    """Start a run and see it through."""
    batch = flat((await generated(house, "batch", through=THROUGH, **body))["data"])
    await house.kit.drain()
    return flat((await house.finance.get(f"/billing-batches/{batch['id']}")).json()["data"])


async def invoices(house, company) -> list[dict]:
    answer = await house.finance.get(
        "/invoices", params={"filter[company]": str(company), "sort": "created_at"}
    )
    return [flat(one) for one in answer.json()["data"]]


async def worked(
    house, company, minutes: int = 60, rate: str = "100", day: str = "2026-05-04", **more
) -> str:
    """Log an hour of approved work."""
    kind = (await house.admin.get("/work-types", params={"filter[name]": "Remote support"})).json()["data"][0]
    relations = {"company": company, "work_type": UUID(kind["id"])}
    relations |= {name: more.pop(name) for name in list(more) if isinstance(more[name], UUID)}
    worker = await house.kit.staff(roles=("technician",), name=f"Worker {house.kit.number()}")
    values = {"date": day, "duration_minutes": minutes, "rate_override": rate, **more}
    made = await worker.post("/time-entries", values, relations)
    assert made.status_code == 201, made.text
    assert (await worker.post("/timesheets/submit", {"start_date": day})).status_code == 200
    boss = await house.kit.staff(roles=("manager",), name=f"Boss {house.kit.number()}")
    body = {"user": str(await worker.account_id()), "start_date": day}
    assert (await boss.post("/timesheets/approve", body)).status_code == 200
    return made.json()["data"]["id"]


async def test_a_preview_is_the_run(shop):
    """X-13: the same numbers, and nothing is left of it."""
    company = await shop.company()
    neighbour.subscribe(company, date(2026, 4, 1), "300.00")
    body = {"company": str(company), "through": THROUGH}
    preview = (await generated(shop, "batch", companies=[str(company)], through=THROUGH, preview=True))[
        "data"
    ]
    assert [one["total"] for one in preview["attributes"]["drafts"]] == ["900.00"]
    assert await invoices(shop, company) == []
    await run(shop, companies=[str(company)])
    [made] = await invoices(shop, company)
    assert (made["total"], made["status"]) == ("900.00", "draft")
    assert (await generated(shop, "from-time-entries", **body))["data"]["attributes"]["drafts"] == []


async def test_previews_come_in_parts(shop, monkeypatch):
    """What a preview doesn't show is counted; the next one begins there."""
    companies = [await shop.company() for _ in range(3)]
    for company in companies:
        neighbour.subscribe(company, date(2026, 6, 1), "10.00")
    monkeypatch.setattr(generating, "MOST_PREVIEWED", 2)
    shown: list[str] = []
    for offset, more in ((0, 1), (2, 0)):
        chosen = {"companies": [str(one) for one in companies], "through": THROUGH, "offset": offset}
        found = await generated(shop, "batch", **chosen, preview=True)
        assert found["meta"]["more"] == more
        shown += [one["company"] for one in found["data"]["attributes"]["drafts"]]
    assert sorted(shown) == sorted(str(one) for one in companies)


async def test_what_bills_to_its_parent_is_on_the_parents_invoice_under_its_own_name(shop):
    """CRM-02: a branch of a branch goes all the way up; one that bills for itself doesn't; each period once."""
    head, own = [await shop.company(name=f"{name} {shop.kit.number()}") for name in ("Head", "Own")]
    north, south = [f"{name} {shop.kit.number()}" for name in ("North", "South")]
    branch = await shop.company(name=north, bill_to_parent=True)
    below = await shop.company(name=south, bill_to_parent=True)
    for child, parent in ((own, head), (branch, head), (below, branch)):
        await shop.below(child, parent)
    for company, price in ((head, "1.00"), (own, "2.00"), (branch, "4.00"), (below, "8.00")):
        neighbour.subscribe(company, date(2026, 6, 1), price)
    async with shop.kit.unit() as ctx:
        due = await drafting.companies_due(ctx, date(2026, 6, 30))
    assert {head, own} <= set(due)
    assert not {branch, below} & set(due)
    alone = (await generated(shop, "batch", companies=[str(below)], through=THROUGH, preview=True))["data"]
    assert [(one["company"], one["total"]) for one in alone["attributes"]["drafts"]] == [(str(head), "8.00")]
    await run(shop, companies=[str(one) for one in (head, own)])
    [made] = await invoices(shop, head)
    assert made["total"] == "13.00"
    lines = [(line["group_title"], line["total"]) for line in await shop.lines(made)]
    assert lines == [("", "1.00"), (north, "4.00"), (south, "8.00")]
    assert [one["total"] for one in await invoices(shop, own)] == ["2.00"]
    assert await invoices(shop, branch) == []
    again = await run(shop, companies=[str(one) for one in (head, branch, below)])
    assert (again["created"], again["skipped"]) == (0, 3)


async def test_terms_tax_and_contact_are_the_parents_only_where_they_are_inherited(shop):
    """CRM-02: each on its own, through several levels; without a parent one's own count."""
    theirs = {"payment_terms": "net_60", "tax_status": "reverse_charge", "billing_email": "head@example.com"}
    own = {"payment_terms": "net_10", "tax_status": "exempt", "billing_email": "branch@example.com"}
    head, branch = await shop.company(**theirs), await shop.company(**own)
    below = await shop.company(inherit_terms=True)
    await shop.below(branch, head)
    await shop.below(below, branch)

    async def billed(company: UUID) -> tuple[str, str, str]:
        async with shop.kit.unit() as ctx:
            found = await client(ctx, company)
        return found.terms, found.tax_status, found.email

    assert await billed(branch) == ("net_10", "exempt", "branch@example.com")
    assert await billed(below) == ("net_10", "taxable", "")
    for flag, seen in (
        ("inherit_terms", ("net_60", "exempt", "branch@example.com")),
        ("inherit_tax", ("net_60", "reverse_charge", "branch@example.com")),
        ("inherit_billing_contact", ("net_60", "reverse_charge", "head@example.com")),
    ):
        assert (await shop.admin.patch(f"/companies/{branch}", {flag: True})).status_code == 200
        assert await billed(branch) == seen
    assert await billed(below) == ("net_60", "taxable", "")
    await shop.below(branch, None)
    assert await billed(branch) == ("net_10", "exempt", "branch@example.com")


async def test_missed_periods_are_billed_once_and_reruns_make_nothing(shop):
    """BILL-25, BILL-26: off for three cycles: three periods, none lost, none doubled."""
    company = await shop.company()
    neighbour.subscribe(company, date(2026, 4, 1), "50.00")
    first = await run(shop, companies=[str(company)])
    assert (first["status"], first["created"], first["done"]) == ("finished", 1, 1)
    [made] = await invoices(shop, company)
    assert [line["period_start"] for line in await shop.lines(made)] == [
        "2026-04-01",
        "2026-05-01",
        "2026-06-01",
    ]
    again = await run(shop, companies=[str(company)])
    assert (again["created"], again["skipped"]) == (0, 1)
    assert len(await invoices(shop, company)) == 1


async def test_two_runs_at_once_bill_everything_once(shop):
    """BILL-25: parallel runs and single generations over the same companies."""
    companies = [await shop.company() for _ in range(6)]
    for company in companies:
        neighbour.subscribe(company, date(2026, 6, 1), "10.00")
    chosen = [str(company) for company in companies]
    batches = [
        (await generated(shop, "batch", companies=chosen, through=THROUGH))["data"]["id"] for _ in range(3)
    ]

    async def work(batch: str) -> None:
        async with shop.kit.unit() as ctx:
            await runs.work_off.run(ctx, batch_id=UUID(batch))

    await asyncio.gather(*(work(batch) for batch in batches), shop.kit.drain())
    await shop.kit.drain()
    for company in companies:
        assert [one["total"] for one in await invoices(shop, company)] == ["10.00"]
    claims = await shop.rows(
        "SELECT count(*) AS n, count(DISTINCT key) AS keys FROM billing.claim c JOIN billing.invoice i ON i.id = c.invoice"
        " WHERE i.company = ANY($1)",
        companies,
    )
    assert claims == [{"n": 6, "keys": 6}]


async def test_one_failing_company_stops_nobody_and_is_tried_again(shop):
    """BILL-27: created, skipped with its reason, failed with its reason; resuming tries what failed."""
    good, bad, idle, mad = [await shop.company() for _ in range(4)]
    neighbour.subscribe(good, date(2026, 6, 1), "10.00")
    neighbour.subscribe(bad, date(2026, 6, 1), "20.00")
    neighbour.failing.add(bad)
    neighbour.subscribe(mad, date(2026, 6, 1), "30.00")
    neighbour.crashing.add(mad)
    batch = await run(shop, companies=[str(one) for one in (good, bad, idle, mad)])
    assert (batch["created"], batch["failed"], batch["skipped"]) == (1, 2, 1)
    items = [
        flat(one) for one in (await shop.finance.get(f"/billing-batches/{batch['id']}/items")).json()["data"]
    ]
    reasons = {UUID(one["company"]): one["reason"] for one in items}
    assert "broke" in reasons[bad]
    assert "RuntimeError" in reasons[mad]
    assert "nothing to bill" in reasons[idle]
    neighbour.failing.clear()
    neighbour.crashing.clear()
    assert (await shop.finance.post(f"/billing-batches/{batch['id']}/resume")).status_code == 200
    await shop.kit.drain()
    after = flat((await shop.finance.get(f"/billing-batches/{batch['id']}")).json()["data"])
    assert (after["status"], after["created"], after["failed"]) == ("finished", 3, 0)


async def test_a_deleted_draft_gives_back_and_so_does_a_void_invoice(shop):
    """BILL-05, BILL-28: at once, whole or line by line."""
    company = await shop.company()
    neighbour.subscribe(company, date(2026, 5, 1), "10.00")
    await run(shop, companies=[str(company)])
    [draft] = await invoices(shop, company)
    line = (await shop.lines(draft))[0]
    assert (await shop.finance.delete(f"/invoice-lines/{line['id']}")).status_code == 204
    assert len(neighbour.billed) == 1
    assert (await shop.finance.delete(f"/invoices/{draft['id']}")).status_code == 204
    assert neighbour.billed == {}
    await run(shop, companies=[str(company)], finalise=True)
    [final] = await invoices(shop, company)
    assert (final["status"], final["total"]) == ("sent", "20.00")
    await shop.act(final, "void", reason="Mistake")
    await run(shop, companies=[str(company)])
    assert [one["total"] for one in await invoices(shop, company)] == ["20.00", "20.00"]


async def test_little_is_carried_and_credit_is_a_credit_memo(shop):
    """BILL-22: below the minimum it waits, zero is skipped, less than nothing is a credit memo's draft."""
    little, nothing, credit = [await shop.company() for _ in range(3)]
    for company, price in ((little, "4.00"), (nothing, "0.00"), (credit, "-7.50")):
        neighbour.subscribe(company, date(2026, 6, 1), price)
    await shop.settings(minimum_amount="5")
    await run(shop, companies=[str(one) for one in (little, nothing, credit)])
    assert await invoices(shop, little) == await invoices(shop, nothing) == []
    [memo] = await invoices(shop, credit)
    assert (memo["kind"], memo["total"]) == ("credit_memo", "7.50")
    neighbour.subscribe(little, date(2026, 6, 1), "3.00")
    await run(shop, companies=[str(little)])
    assert [one["total"] for one in await invoices(shop, little)] == ["7.00"]
    await shop.settings(minimum_amount="0")


async def test_currencies_and_contracts_stay_apart(shop):
    """BILL-29, BILL-2A: one invoice for each currency; the company's terms and language."""
    company = await shop.company(payment_terms="due_on_receipt")
    neighbour.subscribe(company, date(2026, 6, 1), "10.00")
    neighbour.subscribe(company, date(2026, 6, 1), "12", currency="EUR")
    await run(shop, companies=[str(company)], invoice_date="2026-06-30")
    made = await invoices(shop, company)
    assert sorted((one["currency"], one["total"], one["due_date"]) for one in made) == [
        ("EUR", "12.00", "2026-06-30"),
        ("USD", "10.00", "2026-06-30"),
    ]


async def test_time_becomes_lines_by_ticket_and_is_locked(shop):
    """BILL-28, BILL-29, TIME-05: three times twenty minutes at 100 are 100.00, under the ticket's name."""
    company = await shop.company()
    ticket = (await shop.kit.make("tickets", company=company, title="Printer")).id
    exact = (await shop.admin.get("/rounding-rules", params={"filter[name]": "To the minute"})).json()["data"]
    kind = await shop.admin.post(
        "/work-types", {"name": f"Exact {shop.kit.number()}"}, {"rounding_rule": UUID(exact[0]["id"])}
    )
    work_type = UUID(kind.json()["data"]["id"])
    entries = [
        await worked(
            shop, company, 20, day=f"2026-05-0{day}", ticket=ticket, work_type=work_type, notes=f"Day {day}"
        )
        for day in (4, 5, 6)
    ]
    await worked(shop, company, 60, rate="80", is_no_charge=True)
    answer = await generated(shop, "from-time-entries", company=str(company), through=THROUGH)
    [facts] = answer["data"]["attributes"]["drafts"]
    assert (facts["total"], facts["lines"]) == ("100.00", 2)
    [free, line] = await shop.lines(facts)
    assert (free["total"], line["total"], line["quantity"]) == ("0.00", "100.00", "0.9999")
    assert "Printer" in line["group_title"]
    assert sorted(line["time_entry_ids"]) == sorted(entries)
    entry = (await shop.admin.get(f"/time-entries/{entries[0]}")).json()["data"]
    assert entry["attributes"]["billing_status"] == "billed"
    assert (await shop.finance.delete(f"/invoices/{facts['id']}")).status_code == 204
    entry = (await shop.admin.get(f"/time-entries/{entries[0]}")).json()["data"]
    assert entry["attributes"]["billing_status"] == "ready_to_bill"


async def test_statements_of_a_run_do_not_grow_with_its_lines(shop):
    """No query for each line; the first run fills caches."""
    counts = []
    for months in (1, 1, 6):
        company = await shop.company()
        neighbour.subscribe(company, date(2026, 7 - months, 1), "10.00")
        async with shop.kit.statements() as sent:
            await generated(shop, "batch", companies=[str(company)], through=THROUGH, preview=True)
        counts.append(len(sent))
    assert counts[1] == counts[2]


async def test_reminders_go_out_once_and_fees_are_simple(shop):
    """BILL-42: each step once; paused, paid and disputed invoices are left alone; 1.5 % of 1,000 is 15.00."""
    company = await shop.company(billing_email="bills@example.com")
    quiet = await shop.company(billing_email="quiet@example.com", reminders_paused=True)
    await shop.settings(late_fee_percent="1.5")
    start = shop.today
    late = await shop.finalised(company, ("1", "1000"), payment_terms="due_on_receipt")
    paused = await shop.finalised(quiet, payment_terms="due_on_receipt")
    shop.later(days=31)
    for _ in range(2):
        async with shop.kit.unit() as ctx:
            await ctx.send(remind)
        await shop.kit.drain()
    told = await shop.rows("SELECT step FROM billing.delivery WHERE invoice = $1", UUID(late["id"]))
    assert [row["step"] for row in told] == [30]
    assert await shop.rows("SELECT 1 FROM billing.delivery WHERE invoice = $1", UUID(paused["id"])) == []
    fees = [one for one in await invoices(shop, company) if one["status"] == "draft"]
    assert [one["total"] for one in fees] == ["15.00"]
    assert shop.today == start + timedelta(days=31)
    await shop.settings(late_fee_percent="0")


async def test_contracts_that_are_not_there_are_not_found(shop):
    answer = await shop.finance.post(
        "/invoices/generate/from-contract", {"contract": "00000000-0000-7000-8000-000000000000"}
    )
    assert codes(answer) == ["not_found"]
