"""Contracts from draft to end: CON-04 to CON-09, CON-18 to CON-21, X-12."""

from datetime import timedelta
from uuid import UUID

from psa_contracts.charges import due
from psa_contracts.periods import DAY, add_months

from .firm import codes, flat, ok


async def test_a_contract_is_drafted_with_items_and_put_in_force(firm):
    """PRD 3.8; X-12: transitions are a table."""
    draft = await firm.contract(active=False, contract_type="block_hours")
    assert (draft["status"], draft["labour"], draft["currency"]) == ("draft", "hours", "USD")
    assert draft["contract_number"].startswith("C0")
    made = ok(
        await firm.admin.post(
            f"/contracts/{draft['id']}/items",
            {"name": "Desk", "quantity": "10", "unit_price": "12.50", "billing_frequency": "quarterly"},
            type="contract-items",
        ),
        201,
    )
    item = flat(made)
    assert (item["starts_on"], item["effective_on"]) == (draft["start_date"], draft["start_date"])
    assert item["total_price"] == "125.00000000"
    assert (await firm.get("contracts", draft["id"]))["billing_amount"] == "41.6700"
    assert await firm.due(draft, firm.day(400)) == []
    active = await firm.activate(draft["id"])
    assert active["status"] == "active"
    again = await firm.admin.post(f"/contracts/{draft['id']}/activate")
    assert (again.status_code, codes(again)) == (409, ["illegal_transition"])
    assert again.json()["errors"][0]["meta"]["allowed"] == ["expired", "cancelled"]
    gone = await firm.admin.delete(f"/contracts/{draft['id']}")
    assert (gone.status_code, codes(gone)) == (409, ["contract_in_force"])
    moved = await firm.admin.patch(f"/contracts/{draft['id']}", {"start_date": firm.day(3)})
    assert (moved.status_code, codes(moved)) == (409, ["contract_in_force"])
    dropped = await firm.admin.delete(f"/contract-items/{item['id']}")
    assert (dropped.status_code, codes(dropped)) == (409, ["item_in_force"])
    [term] = await firm.listed(f"/contracts/{draft['id']}/contract-terms")
    assert (term["number"], term["origin"]) == (1, "first")


async def test_drafts_go_away_with_their_items(firm):
    draft = await firm.contract(active=False)
    item = await firm.item(draft, quantity="2")
    ok(await firm.admin.delete(f"/contract-items/{item['id']}"), 204)
    await firm.item(draft)
    ok(await firm.admin.delete(f"/contracts/{draft['id']}"), 204)


async def test_changed_quantities_hold_from_their_date(firm):
    """CON-04, CON-07: a revision a change; earlier ones are never rewritten."""
    start = firm.today.replace(day=1)
    contract = await firm.contract(start_date=str(start), anchor_date="2026-01-01")
    item = await firm.item(contract, quantity="10", unit_price="12.50")
    middle = start + timedelta(days=15)
    changed = await firm.change("contract-items", item["id"], quantity="12", effective_on=str(middle))
    assert changed["quantity"] == "12.0000"
    found = await firm.listed(f"/contract-items/{item['id']}/revisions")
    assert [(one["sequence"], one["quantity"], one["cause"]) for one in found] == [
        (2, "12.0000", "changed"),
        (1, "10.0000", "agreed"),
    ]
    today = await firm.change("contract-items", item["id"], unit_price="13")
    assert today["effective_on"] == firm.day()
    quiet = await firm.change("contract-items", item["id"], name="Seats")
    assert quiet["name"] == "Seats"
    assert len(await firm.listed(f"/contract-items/{item['id']}/revisions")) == 3


async def test_edits_in_force_are_versions_and_signed_ones_stay(firm):
    """CON-19: who, what differs, which document."""
    contract = await firm.contract()
    path = f"/contracts/{contract['id']}"
    await firm.change("contracts", contract["id"], notice_days=60)
    item = await firm.item(contract, unit_price="80")
    await firm.change("contract-items", item["id"], unit_price="90")
    async with firm.kit.unit() as ctx:
        stored = await ctx.files.save(
            b"agreed", name="signed.txt", subject=("contracts", UUID(contract["id"]))
        )
    document = str(stored.id)
    other = await firm.admin.post(f"{path}/sign", {"signed_date": firm.day(), "document": item["id"]})
    assert codes(other) == ["unknown_document"]
    signed = flat(
        ok(await firm.admin.post(f"{path}/sign", {"signed_date": firm.day(), "document": document}), 200)
    )
    assert signed["signed_date"] == firm.day()
    found = await firm.listed(f"{path}/versions", sort="number")
    assert [one["cause"] for one in found] == ["activated", "changed", "changed", "changed", "signed"]
    assert found[1]["changed"] == {"notice_days": [30, 60]}
    assert found[3]["changed"]["Support: unit_price"] == ["80", "90"]
    assert (found[4]["document_id"], found[4]["snapshot"]["items"][0]["unit_price"]) == (document, "90")
    assert found[4]["author_name"]
    await firm.change("contracts", contract["id"], notice_days=90)
    latest = await firm.listed(f"{path}/versions")
    assert (latest[0]["number"], latest[0]["signed_on"]) == (6, None)


async def test_rates_in_use_are_not_rewritten(firm):
    """CON-20: a card in use stays; rates that hold get a new version."""
    card = flat(ok(await firm.admin.post("/rate-cards", {"name": f"Card {firm.kit.number()}"}), 201))
    version = flat(
        ok(
            await firm.admin.post(
                f"/rate-cards/{card['id']}/versions", {"starts_on": "2026-01-01"}, type="rate-card-versions"
            ),
            201,
        )
    )
    rate = flat(
        ok(
            await firm.admin.post(
                f"/rate-card-versions/{version['id']}/items", {"hourly_rate": "120"}, type="rate-card-items"
            ),
            201,
        )
    )
    ok(await firm.admin.patch(f"/rate-card-items/{rate['id']}", {"hourly_rate": "125"}), 200)
    await firm.contract(rate_card=UUID(card["id"]))
    refused = await firm.admin.delete(f"/rate-cards/{card['id']}")
    assert (refused.status_code, codes(refused)) == (409, ["rate_card_in_use"])
    kept = await firm.admin.patch(f"/rate-card-items/{rate['id']}", {"hourly_rate": "130"})
    assert (kept.status_code, codes(kept)) == (409, ["rates_in_force"])
    later = flat(
        ok(
            await firm.admin.post(
                f"/rate-cards/{card['id']}/versions", {"starts_on": firm.day(10)}, type="rate-card-versions"
            ),
            201,
        )
    )
    ok(
        await firm.admin.post(
            f"/rate-card-versions/{later['id']}/items", {"hourly_rate": "130"}, type="rate-card-items"
        ),
        201,
    )
    low = await firm.admin.post(
        f"/rate-card-versions/{later['id']}/items",
        {"hourly_rate": "130", "after_hours_rate": "1"},
        type="rate-card-items",
    )
    assert low.status_code in {409, 422}


async def test_a_default_card_is_taken_by_new_contracts(firm):
    card = flat(
        ok(
            await firm.admin.post("/rate-cards", {"name": f"Card {firm.kit.number()}", "is_default": True}),
            201,
        )
    )
    assert (await firm.contract(active=False))["rate_card"] == card["id"]
    other = flat(
        ok(
            await firm.admin.post("/rate-cards", {"name": f"Card {firm.kit.number()}", "is_default": True}),
            201,
        )
    )
    assert not (await firm.get("rate-cards", card["id"]))["is_default"]
    await firm.change("rate-cards", other["id"], is_default=False)


async def test_renewing_keeps_the_contract_and_raises_prices(firm):
    """CON-06: active, a new term, 99.00 becomes 101.97 on its first day, charges go on."""
    contract = await firm.contract(end_date=firm.day(29), uplift_percent="3", renewal_months=1)
    item = await firm.item(contract, unit_price="99.00")
    renewed = flat(ok(await firm.admin.post(f"/contracts/{contract['id']}/renew", {}), 200))
    assert renewed["status"] == "active"
    assert renewed["end_date"] > contract["end_date"]
    found = await firm.listed(f"/contract-items/{item['id']}/revisions")
    assert [(one["unit_price"], one["effective_on"], one["cause"]) for one in found] == [
        ("101.9700", firm.day(30), "uplift"),
        ("99.0000", firm.day(), "agreed"),
    ]
    causes = [one["cause"] for one in await firm.listed(f"/contracts/{contract['id']}/versions")]
    assert causes[:2] == ["renewed", "changed"]
    terms = await firm.listed(f"/contracts/{contract['id']}/contract-terms")
    assert [(one["starts_on"], one["origin"]) for one in terms] == [
        (firm.day(), "first"),
        (firm.day(30), "manual"),
    ]
    assert len(await firm.events("contracts.contract_renewed", contract)) == 1


async def test_what_renews_by_itself_needs_no_action(firm):
    """CON-06: automatic renewal; charges ahead know the uplift before it is written."""
    start = firm.today - timedelta(days=40)
    contract = await firm.contract(
        start_date=str(start), end_date=str(add_months(start, 12) - DAY), auto_renew=True, uplift_percent="3"
    )
    await firm.item(contract, unit_price="99.00", billing_frequency="annually")
    ahead = await firm.due(contract, firm.day(780))
    assert [amount for _, amount in ahead] == ["99.00", "101.97", "105.03"]
    firm.kit.advance(timedelta(days=330))
    await firm.tend(contract)
    found = await firm.get("contracts", contract["id"])
    assert (found["status"], found["end_date"] > firm.day()) == ("active", True)
    assert await firm.due(contract, firm.day(450)) == ahead
    await firm.tend(contract)
    assert len(await firm.listed(f"/contracts/{contract['id']}/contract-terms")) == 2


async def test_notice_ends_the_term_or_the_next(firm):
    """CON-06: 30 days; late notice ends the next term."""
    timely = await firm.contract(end_date=firm.day(30), auto_renew=True)
    late = await firm.contract(end_date=firm.day(29), auto_renew=True, renewal_months=12)
    for contract in (timely, late):
        ok(await firm.admin.post(f"/contracts/{contract['id']}/cancel", {"reason": "They moved away"}), 200)
    assert (await firm.get("contracts", timely["id"]))["end_date"] == firm.day(30)
    next_end = (await firm.get("contracts", late["id"]))["end_date"]
    assert next_end > firm.day(380)
    again = await firm.admin.post(f"/contracts/{late['id']}/cancel", {"reason": "Again"})
    assert codes(again) == ["notice_given"]
    assert codes(await firm.admin.post(f"/contracts/{late['id']}/renew", {})) == ["notice_given"]
    firm.kit.advance(timedelta(days=31))
    await firm.tend(timely)
    assert (await firm.get("contracts", timely["id"]))["status"] == "cancelled"
    over = await firm.admin.post("/contract-items", {"name": "More"}, {"contract": UUID(timely["id"])})
    assert codes(over) == ["contract_over"]
    hours = await firm.admin.post(f"/contracts/{timely['id']}/hour-grants", {"minutes": 5})
    assert codes(hours) == ["contract_over"]


async def test_warnings_come_once_each_and_the_contract_expires(firm):
    """CON-06: 90, 60, 30, 7."""
    contract = await firm.contract(end_date=firm.day(90))
    for step in (0, 1, 30, 1, 29, 25, 5):
        firm.kit.advance(timedelta(days=step))
        await firm.tend(contract)
    told = [
        one.split('"days":')[1].strip().split(",")[0].rstrip("}")
        for one in await firm.events("contracts.contract_expiring", contract)
    ]
    assert [one.strip() for one in told] == ["90", "60", "30", "7"]
    firm.kit.advance(timedelta(days=10))
    await firm.tend(contract)
    assert (await firm.get("contracts", contract["id"]))["status"] == "expired"
    assert len(await firm.events("contracts.contract_ended", contract)) == 1


async def test_quantities_count_themselves(firm):
    """CON-09: counted daily, the rule decides, the ids stay."""
    company = await firm.company()
    people = [(await firm.kit.make("contacts", company=company)).id for _ in range(3)]
    contract = await firm.contract(company, start_date=firm.day(), billing_timing="arrears")
    item = await firm.item(contract, unit_price="10", counter="contacts.contacts", quantity_rule="peak")
    await firm.tend(contract)
    firm.kit.advance(timedelta(days=5))
    ok(await firm.admin.delete(f"/contacts/{people[0]}"), 204)
    await firm.tend(contract)
    assert [amount for _, amount in await firm.due(contract, firm.day(40))] == ["30.00"]
    await firm.change("contract-items", item["id"], quantity_rule="at_end")
    assert [amount for _, amount in await firm.due(contract, firm.day(40))] == ["20.00"]
    counts = await firm.listed(f"/contract-items/{item['id']}/counts")
    assert [one["quantity"] for one in counts] == [2, 3]
    assert sorted(counts[1]["counted_ids"]) == sorted(map(str, people))
    wrong = await firm.admin.patch(f"/contract-items/{item['id']}", {"counter": "moons"})
    assert (wrong.status_code, codes(wrong)) == (422, ["unknown_counter"])


async def test_the_contract_of_work_is_found(firm):
    """CON-08 over HTTP: the company's default, the parent's where it covers children, none before the start."""
    parent = await firm.company()
    child = await firm.company(parent=parent)
    wide = await firm.contract(parent, covers_children=True)

    async def asked(company, **more):
        found = ok(await firm.admin.get("/contracts/covering", params={"company": str(company), **more}), 200)
        return found.json()["data"]["attributes"]["contract"]

    assert await asked(child) == wide["id"]
    own = await firm.contract(child)
    assert await asked(child) == own["id"]
    assert await asked(child, date=firm.day(-1)) is None
    assert (await firm.admin.get("/contracts/covering", params={"company": own["id"]})).status_code == 404


async def test_hours_by_hand_are_granted_and_expire_with_their_day(firm):
    """CON-18: the day included; what was unused stays visible."""
    contract = await firm.contract(contract_type="block_hours")
    path = f"/contracts/{contract['id']}/hour-grants"
    ok(await firm.admin.post(path, {"minutes": 210, "expires_on": firm.day(1)}), 201)
    assert (await firm.balance(contract))["hours_remaining"] == "3.50"
    firm.kit.advance(timedelta(days=1))
    await firm.tend(contract)
    assert (await firm.balance(contract))["minutes_remaining"] == 210
    firm.kit.advance(timedelta(days=1))
    await firm.tend(contract)
    found = await firm.balance(contract)
    assert (found["minutes_remaining"], found["grants"][0]["expired"]) == (0, 210)
    entries = await firm.listed(f"/contracts/{contract['id']}/hour-entries", sort="created_at,id")
    assert [(one["kind"], one["minutes"]) for one in entries] == [("granted", 210), ("expired", -210)]


async def test_client_administrators_see_their_agreements_and_hours(firm):
    """PRD 3.15: view contracts."""
    company = await firm.company()
    contract = await firm.contract(company, contract_type="block_hours", notes="Hush")
    await firm.item(contract, item_type="block_hours", included_minutes=600, unit_price="900")
    await firm.contract(company, active=False)
    await firm.contract()
    boss, clerk = await firm.kit.portal(company, admin=True), await firm.kit.portal(company, name="Clerk")
    seen = ok(await boss.get("/contracts"), 200).json()["data"]
    assert [one["id"] for one in seen] == [contract["id"]]
    assert "notes" not in seen[0]["attributes"]
    assert (await firm.balance(contract, boss))["hours_remaining"] == "10.00"
    assert len(ok(await boss.get(f"/contracts/{contract['id']}/items"), 200).json()["data"]) == 1
    assert (await boss.get("/hour-entries")).status_code in {403, 404}
    assert (await clerk.get("/contracts")).status_code in {403, 404}
    assert (await boss.post(f"/contracts/{contract['id']}/cancel", {"reason": "Too dear"})).status_code in {
        401,
        403,
    }


async def test_a_list_of_contracts_takes_as_many_statements_for_two_as_for_ten(firm):
    company = await firm.company()
    for _ in range(2):
        await firm.contract(company)

    async def sent() -> int:
        async with firm.kit.statements() as found:
            ok(
                await firm.admin.get(
                    "/contracts", params={"filter[company]": str(company), "include": "company"}
                ),
                200,
            )
        return len(found)

    few = await sent()
    for _ in range(4):
        await firm.contract(company)
    assert await sent() == few


async def test_what_is_due_takes_as_many_statements_for_one_contract_as_for_five(firm):
    """No N+1: agreements, items, revisions, terms and charges are read for all at once."""
    contracts = [await firm.contract(start_date="2025-01-01") for _ in range(5)]
    for contract in contracts:
        await firm.item(contract, unit_price="10")

    async def sent(some: list[dict]) -> int:
        async with firm.kit.statements() as found, firm.kit.unit() as ctx:
            assert len(await due(ctx, [UUID(one["id"]) for one in some], firm.today)) >= len(some)
        return sum("contracts." in text for text in found)

    assert await sent(contracts[:1]) == await sent(contracts) == 5
