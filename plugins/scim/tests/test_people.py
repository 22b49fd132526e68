"""What becomes of the people and groups that a provider sends, and what doesn't."""

from uuid import UUID

from psa_sdk.identity import Directory
from psa_sdk.testing import Kit

from .conftest import ENTERPRISE, Provider, connect, has_role


async def test_people_come_go_and_come_back(provider: Provider):
    sent = provider.someone(name={"givenName": "Ann", "familyName": "Example"}, title="Engineer")
    made = await provider.ask("POST", "/Users", sent, expect=201)
    account = await provider.account(made["id"])
    assert (account["status"], account["job_title"], account["email"]) == (
        "invited",
        "Engineer",
        sent["userName"],
    )
    assert (await provider.ask("POST", "/Users", sent, expect=409))["scimType"] == "uniqueness"
    path = f"/Users/{made['id']}"
    await provider.patch(path, {"op": "replace", "path": "active", "value": False})
    assert (await provider.account(made["id"]))["status"] == "disabled"
    put = await provider.ask("PUT", path, {**sent, "active": None, "title": "Lead"})
    assert (put["active"], put["title"]) == (False, "Lead"), "silence brings nobody back"
    await provider.patch(path, {"op": "replace", "path": "active", "value": True})
    assert (await provider.account(made["id"]))["status"] == "invited"
    await provider.ask("DELETE", path, expect=204)
    assert (await provider.account(made["id"]))["status"] == "disabled"
    await provider.ask("GET", path, expect=404)
    await provider.ask("DELETE", path, expect=404)
    renamed = provider.someone(emails=[{"value": sent["userName"].upper()}])
    back = await provider.ask("POST", "/Users", renamed, expect=201)
    brought = await provider.account(back["id"])
    assert (brought["id"], brought["status"]) == (account["id"], "invited"), (
        "the address finds the same account"
    )


async def test_a_disabled_person_is_out_at_the_next_request_and_ours_stay_disabled(kit: Kit):
    provider, admin = await connect(kit, links_by_email=True), await kit.admin()
    person = await kit.staff(roles=("technician",))
    async with kit.unit() as ctx:
        account = await ctx.records.get("users", await person.account_id())
    made = await provider.user(userName=account["email"])
    assert (await provider.account(made["id"]))["id"] == account["id"]
    assert (await person.get("/auth/me")).status_code == 200
    path = f"/Users/{made['id']}"
    await provider.patch(path, {"op": "Replace", "path": "active", "value": "False"})
    assert (await person.get("/auth/me")).status_code == 401
    await provider.patch(path, {"op": "Replace", "path": "active", "value": "True"})
    await admin.patch(f"/users/{account['id']}", {"status": "disabled"})
    assert await provider.found(f'active eq false and userName eq "{account["email"]}"')
    again = await provider.patch(path, {"op": "Replace", "path": "active", "value": "True"})
    assert again["active"] is False
    assert (await provider.account(made["id"]))["status"] == "disabled", (
        "a provider doesn't undo our own doing"
    )


async def test_entra_ids_and_oktas_ways_of_writing_are_understood(provider: Provider):
    """Facts from learn.microsoft.com, "Known issues and resolutions with SCIM 2.0 protocol compliance"."""
    made = await provider.user(emails=[{"value": f"a{provider.kit.number()}@example.com", "type": "work"}])
    path, address = f"/Users/{made['id']}", f"b{provider.kit.number()}@example.com"
    changed = await provider.patch(
        path,
        {"op": "Replace", "path": "active", "value": "False"},
        {
            "op": "Replace",
            "value": {
                "active": "True",
                "name.givenName": "Ann",
                "displayName": "Ann Example",
                'emails[type eq "work"].value': address,
                f"{ENTERPRISE}:department": "Sales",
            },
        },
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+1 555 0100"},
        {"op": "Add", "path": "roles", "value": [{"value": "admin"}]},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "somebody"},
    )
    assert (changed["active"], changed["name"], changed["emails"][0]["value"]) == (
        True,
        {"givenName": "Ann"},
        address,
    )
    assert changed[ENTERPRISE] == {"department": "Sales"}
    account = await provider.account(made["id"])
    assert (account["email"], account["name"], account["phone"]) == (address, "Ann Example", "+1 555 0100")
    group = await provider.group(f"Entra {provider.kit.number()}", made["id"])
    emptied = await provider.patch(
        f"/Groups/{group['id']}", {"op": "Remove", "path": "members", "value": [{"value": made["id"]}]}
    )
    assert "members" not in emptied
    member = {"value": made["id"], "display": "Ann"}
    await provider.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [member]})
    renamed = {"op": "replace", "value": {"id": group["id"], "displayName": f"Okta {provider.kit.number()}"}}
    okta = await provider.patch(f"/Groups/{group['id']}", renamed)
    assert (okta["displayName"][:4], okta["members"][0]["value"]) == ("Okta", made["id"])


async def test_groups_give_the_roles_that_an_administrator_mapped_and_no_others(kit: Kit):
    desk, leads = f"Desk {kit.number()}", f"Leads {kit.number()}"
    provider = await connect(kit, group_roles={desk: ["technician"], leads: ["manager", "dispatcher"]})
    ann, bob = await provider.user(), await provider.user(roles=[{"value": "admin"}], groups=[{"value": "x"}])
    first = await provider.group(desk, ann["id"], bob["id"])
    second = await provider.group(leads, ann["id"])

    async def roles(person) -> list[str]:
        return (await provider.account(person["id"]))["roles"]

    assert (await roles(ann), await roles(bob)) == (["dispatcher", "manager", "technician"], ["technician"])
    shown = await provider.ask("GET", f"/Users/{ann['id']}")
    assert {one["display"] for one in shown["groups"]} == {desk, leads}
    await provider.patch(
        f"/Groups/{first['id']}", {"op": "remove", "path": f'members[value eq "{bob["id"]}"]'}
    )
    await provider.patch(
        f"/Groups/{second['id']}", {"op": "replace", "path": "displayName", "value": "admin"}
    )
    assert (await roles(ann), await roles(bob)) == (["technician"], [])
    await provider.patch(
        f"/Groups/{first['id']}", {"op": "add", "path": "members", "value": [{"value": bob["id"]}]}
    )
    admin = await kit.admin()
    mapped = await admin.patch(f"/scim-providers/{provider.id}", {"group_roles": {desk: ["sales"]}})
    assert mapped.status_code == 200, mapped.text
    assert (await roles(ann), await roles(bob)) == (["sales"], ["sales"])
    await provider.ask("DELETE", f"/Groups/{first['id']}", expect=204)
    assert (await roles(ann), await roles(bob)) == ([], [])


async def test_nobody_maps_a_role_that_holds_more_than_they_do(kit: Kit):
    clerk = await kit.staff("scim.*", "auth.roles.read")
    for role in ("super_admin", "admin", "manager"):
        refused = await clerk.post(
            "/scim-providers", {"name": f"Up {kit.number()}", "group_roles": {"x": [role]}}
        )
        assert refused.status_code == 403, refused.text
    # A token speaks for everybody whom its provider sent, and whom its groups make.
    boss = await connect(kit, group_roles={"Bosses": ["admin"]})
    linking = await connect(kit, links_by_email=True)
    for provider in (boss, linking):
        path = f"/scim-providers/{provider.id}/tokens"
        refused = await clerk.post(path, {"name": "Mine"})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "exceeds_own_rights")
    plain = await clerk.post("/scim-providers", {"name": f"Plain {kit.number()}"})
    plain_path = f"/scim-providers/{plain.json()['data']['id']}"
    assert (await clerk.post(f"{plain_path}/tokens", {"name": "Mine"})).status_code == 201
    assert (await clerk.patch(plain_path, {"links_by_email": True})).status_code == 403
    unknown = await (await kit.admin()).post(
        "/scim-providers", {"name": "No", "group_roles": {"x": ["client_admin"]}}
    )
    assert unknown.status_code == 422


async def test_administrators_and_those_who_break_the_glass_are_not_taken_over(kit: Kit):
    admin = await kit.admin()
    async with kit.unit() as ctx:
        boss = await ctx.records.get("users", await admin.account_id())
    provider = await connect(kit, links_by_email=True)
    for sent in (
        {"userName": boss["email"]},
        {"userName": boss["email"].upper()},
        {"userName": "someone", "emails": [{"value": boss["email"], "primary": True}]},
    ):
        assert (await provider.ask("POST", "/Users", sent, expect=409))["scimType"] == "uniqueness"
    ann = await provider.user()
    path = f"/Users/{ann['id']}"
    aimed = {"op": "replace", "path": "emails", "value": [{"value": boss["email"]}]}
    assert (await provider.patch(path, aimed, expect=409))["scimType"] == "uniqueness"
    account = await provider.account(ann["id"])
    await has_role(kit, account["id"], "admin")
    await provider.patch(
        path, {"op": "replace", "path": "emails", "value": [{"value": "me@example.com"}]}, expect=403
    )
    spare = f"spare{kit.number()}@example.com"
    named = await admin.patch(
        "/settings/auth", {"values": {"break_glass": f"{account['email']} {spare}"}}, type="settings"
    )
    assert named.status_code == 200, named.text
    await provider.ask("POST", "/Users", {"userName": spare}, expect=409)
    await provider.patch(path, {"op": "replace", "path": "active", "value": False}, expect=403)
    await provider.ask("DELETE", path, expect=403)
    await admin.patch("/settings/auth", {"values": {"break_glass": ""}}, type="settings")
    assert (await provider.account(ann["id"]))["status"] == "invited"
    rows = await kit.installation.rows(
        "SELECT subject, status, detail FROM scim.fault WHERE tenant_id = $1 ORDER BY happened_at, id",
        kit.tenant_id,
    )
    assert boss["email"] in {row["subject"] for row in rows}
    assert {row["status"] for row in rows} == {403, 409}


async def test_the_last_administrator_stays(psa_bench):
    async with Kit.alone(psa_bench, "multi", plugins=("scim",)) as kit:
        provider = await connect(kit, group_roles={"Bosses": ["admin"]})
        ann = await provider.user()
        group = await provider.group("Bosses", ann["id"])
        account = await provider.account(ann["id"])
        async with kit.unit() as ctx:
            await ctx.records.update("users", account["id"], {"status": "active"})
            await ctx.db.execute("UPDATE psa.account SET status = 'active' WHERE id = $1", account["id"])
            others = await ctx.records.find("users")
            for one in others:
                if one["id"] != account["id"]:
                    await ctx.records.update("users", one["id"], {"status": "disabled"})
        off = {"op": "replace", "path": "active", "value": False}
        refused = await provider.patch(f"/Users/{ann['id']}", off, expect=409)
        assert "last active administrator" in refused["detail"]
        await provider.ask("DELETE", f"/Users/{ann['id']}", expect=409)
        await provider.ask("DELETE", f"/Groups/{group['id']}", expect=204)
        assert (await provider.account(ann["id"]))["roles"] == ["admin"]


async def test_the_audit_log_names_the_provider(kit: Kit):
    provider = await connect(kit)
    made = await provider.user()
    await provider.patch(f"/Users/{made['id']}", {"op": "replace", "path": "title", "value": "Lead"})
    rows = await kit.installation.rows(
        "SELECT action, resource, actor_kind, actor_label FROM psa.audit_entry WHERE tenant_id = $1 AND actor_id = $2"
        " ORDER BY id",
        kit.tenant_id,
        UUID(provider.id),
    )
    assert {row["actor_kind"] for row in rows} == {"automation"}
    assert all(row["actor_label"].endswith("(SCIM)") for row in rows)
    assert {(row["action"], row["resource"]) for row in rows} >= {
        ("identity_linked", "users"),
        ("created", "scim-users"),
        ("updated", "users"),
    }


async def test_an_erased_person_is_forgotten(kit: Kit):
    provider = await connect(kit)
    made = await provider.user()
    await provider.ask("POST", "/Users", {"userName": made["userName"]}, expect=409)
    account = await provider.account(made["id"])
    async with kit.unit() as ctx:
        await ctx.service(Directory).disable_account(account["id"], erase=True)
    await kit.drain()
    await provider.ask("GET", f"/Users/{made['id']}", expect=404)
    left = "SELECT t::text FROM {} t WHERE t::text LIKE $1"
    for table in ("scim.person", "scim.fault"):
        assert not await kit.installation.rows(left.format(table), f"%{made['userName']}%")
    again = await provider.user(userName=made["userName"])
    assert (await provider.account(again["id"]))["id"] != account["id"]
