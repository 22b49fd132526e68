"""A client's administrators and their people (PRT-03, PRT-05)."""

from uuid import UUID, uuid4

from psa_sdk.identity import Directory

from .desk import read, send


async def contact_of(desk, email: str):
    async with desk.kit.unit() as ctx:
        rows = await ctx.records.find("contacts", limit=10_000)
        return next(row for row in rows if row["email"] == email)


async def test_an_administrator_invites_a_person_who_then_logs_in(desk):
    house = await desk.house()
    email = f"nora.new{uuid4().hex[:8]}@example.com"
    answer = await send(house.admin, "/people", email=email, first_name="Nora", last_name="New")
    assert answer.status_code == 200, answer.text
    contact = await contact_of(desk, email)
    assert contact["company"] == house.company
    async with desk.kit.unit() as ctx:
        directory = ctx.service(Directory)
        account = contact["portal_user"]
        assert (await directory.roles([account]))[account] == ("client_user",)
        token = (await directory.password_token(await directory.request_password(account))).token
    stranger = desk.kit.anonymous()
    chosen = "plover-quartz-sundial-42"
    form = {"token": token, "new_password": chosen, "repeated": chosen}
    differing = await send(stranger, "/reset", **{**form, "repeated": "another"})
    assert differing.status_code == 422
    assert (await send(stranger, "/reset", **form)).status_code == 303
    assert (await send(stranger, "/reset", **form)).status_code == 422, "an invitation is good once"
    entered = await send(stranger, "/login", email=email, password=chosen, organisation=desk.kit.slug)
    assert entered.status_code == 303, entered.text
    assert "psa_portal=" in entered.headers["set-cookie"]
    assert "Nora New" in (await read(house.admin, "/people")).text


async def test_nobody_but_administrators_manages_people(desk):
    house = await desk.house()
    assert (await read(house.user, "/people")).status_code == 403
    assert (await send(house.user, "/people", email="x@example.com")).status_code == 403
    assert "/people" not in (await read(house.user, "/")).text


async def test_the_last_administrator_stays_and_nobody_ends_themselves(desk):
    house = await desk.house()
    own = await send(house.admin, f"/people/{house.admin_contact}/end")
    assert own.status_code == 409
    async with desk.kit.unit() as ctx:
        account = await house.admin.account_id()
        await ctx.records.update(
            "contacts", house.admin_contact, {"portal_user": account, "is_portal_user": True}
        )
    lowered = await send(house.admin, f"/people/{house.admin_contact}/role", role="client_user")
    assert lowered.status_code == 409
    assert "last administrator" in lowered.text


async def test_an_address_that_others_have_is_refused_without_a_word_about_them(desk):
    house, others = await desk.house(), await desk.house()
    async with desk.kit.unit() as ctx:
        taken = f"taken{uuid4().hex[:8]}@example.com"
        await ctx.records.create(
            "contacts", {"first_name": "Olga", "company": others.company, "email": taken}
        )
    answer = await send(house.admin, "/people", email=taken, first_name="Eve")
    assert answer.status_code == 409, answer.text
    assert "Olga" not in answer.text
    assert "can't be used here" in answer.text


async def test_access_that_ends_is_over_at_once_and_comes_back(desk):
    house = await desk.house()
    email = f"tom{uuid4().hex[:8]}@example.com"
    await send(house.admin, "/people", email=email, first_name="Tom")
    contact = (await contact_of(desk, email))["id"]
    assert (await send(house.admin, f"/people/{contact}/end")).status_code == 200
    assert not (await contact_of(desk, email))["is_portal_user"]
    assert (await send(house.admin, f"/people/{contact}/role", role="client_admin")).status_code == 200
    assert (await contact_of(desk, email))["is_portal_user"]


async def test_people_of_other_companies_do_not_exist(desk):
    house, others = await desk.house(), await desk.house()
    for path in ("end", "invitation", "role"):
        answer = await send(house.admin, f"/people/{others.user_contact}/{path}", role="client_user")
        assert answer.status_code == 404, (path, answer.text)


async def test_the_company_and_its_people_by_the_api(desk):
    house = await desk.house()
    shown = await house.user.get("/portal/company")
    assert UUID(shown.json()["data"]["id"]) == house.company
    assert "notes" not in shown.json()["data"]["attributes"]
    email = f"api{uuid4().hex[:8]}@example.com"
    written = await house.admin.put(
        "/portal/company/contacts",
        {"contacts": [{"first_name": "Api", "email": email, "role": "client_user"}]},
        type="portal-people",
    )
    assert written.status_code == 200, written.text
    assert email in written.text
    assert (
        await house.user.put(
            "/portal/company/contacts", {"contacts": [{"first_name": "X"}]}, type="portal-people"
        )
    ).status_code == 403
