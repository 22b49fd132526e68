"""Logging in with a directory's password: OpenLDAP, and a double of Active Directory (AUTH-42, AUTH-43)."""

import asyncio
from typing import Any

from psa_sdk.identity import Directory
from psa_sdk.sign_in import ExternalIdentities

from . import liar as lies
from .conftest import directory, log_in
from .liar import Liar
from .slapd import ADMIN, Slapd

STAFF: dict[str, Any] = {
    "creates_accounts": True,
    "group_roles": {"Helpdesk": ["technician"], "Leads": ["manager"]},
}
LOCAL = "a password of our own"
REFUSED = (401, "login_refused")


async def test_people_of_openldap_log_in_with_what_their_groups_give(kit, slapd: Slapd):
    unit = slapd.unit()
    ann = slapd.person(unit, "ann", "Sunny-Days-12", cn="Ann Example")
    slapd.group(unit, "Helpdesk", ann)
    slapd.group(unit, "Leads", ann, ADMIN)
    await directory(kit, slapd, unit, **STAFF)
    for wrong in ("sunny-days-12", "*", "Sunny-Days-12 ", ""):
        assert await log_in(kit, "ann@example.com", wrong) == REFUSED
    status, me = await log_in(kit, "ANN@example.com ", "Sunny-Days-12")
    # A new account begins with the lowest role; from then on groups decide.
    assert (status, me["name"], me["roles"]) == (201, "Ann Example", ["technician"])
    for members, roles in (((ann,), ["manager", "technician"]), ((ADMIN,), ["technician"])):
        slapd.group(unit, "leads", *members)
        assert (await log_in(kit, "ann@example.com", "Sunny-Days-12"))[1]["roles"] == roles
    # Married and moved: another name, address and place in the tree, the same person and account.
    away = slapd.rename(ann, "uid=ann.bold")
    slapd.replace(away, mail="ann.bold@example.com", cn="Ann Bold")
    slapd.group(unit, "Helpdesk", away)
    for address in ("ann.bold@example.com", "ann@example.com"):
        status, again = await log_in(kit, address, "Sunny-Days-12")
        assert (status, again["email"]) == (201, "ann@example.com")
    # Somebody else who gets the address gets no account of hers.
    slapd.person(unit, "ann", "Other-Days-34", cn="Ann Other")
    assert await log_in(kit, "ann@example.com", "Other-Days-34") == REFUSED
    slapd.delete(away)
    assert await log_in(kit, "ann.bold@example.com", "Sunny-Days-12") == REFUSED


async def test_nobody_types_their_way_in(kit, slapd: Slapd):
    """RFC 4515: what is typed as an address is one value, and the same failure whatever it was."""
    unit = slapd.unit()
    slapd.group(unit, "Helpdesk", slapd.person(unit, "ann", "Sunny-Days-12"))
    slapd.person(unit, "bob", "Sunny-Days-12", mail="*@example.com")
    await directory(kit, slapd, unit, **{**STAFF, "email_domains": []})
    for typed in (
        "*",
        "a*@example.com",
        "*)(uid=ann",
        "x)(|(mail=*",
        "ann@example.com)(&",
        "\\61nn@example.com",
    ):
        assert await log_in(kit, typed, "Sunny-Days-12") == REFUSED
    assert (await log_in(kit, "ann@example.com", "Sunny-Days-12"))[0] == 201


async def test_active_directory_tells_by_guid_nested_groups_and_state(kit, liar: Liar):
    """MS-ADTS: objectGUID is binary, 1.2.840.113556.1.4.1941 follows groups in groups, userAccountControl 0x2."""
    guid = bytes(range(16))
    carl = liar.person("Carl Example", "Rainy-Days-12", guid)
    inner = liar.put(f"CN=Level 1,{lies.BASE}", cn="Level 1", member=carl)
    liar.put(f"CN=Helpdesk,{lies.BASE}", cn="Helpdesk", member=inner)
    id = await directory(
        kit,
        liar,
        lies.BASE,
        bind_dn=lies.READER,
        bind_password=lies.READER_SECRET,
        user_filter="(objectClass=user)",
        **STAFF,
    )
    admin = await kit.admin()
    checked = (await admin.post(f"/ldap-directories/{id}/check")).json()["data"]["attributes"]
    assert (checked["works"], checked["people"], checked["first"]) == (True, 1, ["Carl Example"]), checked
    status, me = await log_in(kit, "carl@example.com", "Rainy-Days-12")
    assert (status, me["roles"]) == (201, ["technician"])
    async with kit.unit() as ctx:
        linked = await ctx.service(ExternalIdentities).subjects(f"ldap:{id}")
    assert list(linked) == ["03020100-0504-0706-0809-0a0b0c0d0e0f"]
    assert await log_in(kit, "carl@example.com", "wrong") == REFUSED
    assert await log_in(kit, "carl@example.com", "") == REFUSED
    values = liar.entries[carl]
    for name, value in (("userAccountControl", b"514"), ("accountExpires", b"132000000000000000")):
        before = values.get(name, [b"0"])
        values[name] = [value]
        assert await log_in(kit, "carl@example.com", "Rainy-Days-12") == REFUSED
        values[name] = before
    # Two people with one address are nobody.
    liar.person("Carl Double", "Rainy-Days-12", b"x" * 16)
    assert (await log_in(kit, "carl@example.com", "Rainy-Days-12"))[0] == 201
    del liar.entries[carl]
    liar.person("Carl Triple", "Rainy-Days-12", b"y" * 16)
    assert await log_in(kit, "carl@example.com", "Rainy-Days-12") == REFUSED
    # The double would let anybody in without a password; it never saw one.
    assert all(password for _, password in liar.binds)


async def test_an_account_is_found_by_its_address_where_that_is_wished_and_never_an_administrators(
    kit, slapd: Slapd
):
    unit = slapd.unit()
    for uid in ("tess", "boss", "local"):
        slapd.person(unit, uid, "Sunny-Days-12")
    admin = await kit.admin()
    async with kit.unit() as ctx:
        roles = {row["key"]: row["id"] for row in await ctx.records.find("roles")}
        for name, role in (("tess", "technician"), ("boss", "admin")):
            person = await ctx.records.create("users", {"name": name, "email": f"{name}@example.com"})
            await ctx.records.link("users", person, "roles", [roles[role]])
    id = await directory(kit, slapd, unit)
    assert await log_in(kit, "tess@example.com", "Sunny-Days-12") == REFUSED
    await admin.patch(f"/ldap-directories/{id}", {"links_by_email": True})
    status, me = await log_in(kit, "tess@example.com", "Sunny-Days-12")
    assert (status, me["roles"]) == (201, ["technician"])
    assert await log_in(kit, "boss@example.com", "Sunny-Days-12") == REFUSED
    assert await log_in(kit, "local@example.com", "Sunny-Days-12") == REFUSED
    # Disabled here is disabled, whatever the directory says; and a directory that is off asks nobody.
    async with kit.unit() as ctx:
        found = await ctx.service(Directory).find("staff", "tess@example.com")
        assert found is not None
        await ctx.service(Directory).disable_account(found.id)
    assert await log_in(kit, "tess@example.com", "Sunny-Days-12") == REFUSED


async def test_a_directory_that_hangs_keeps_nobody_else_from_logging_in(kit, liar: Liar):
    """Local passwords, the administrators' who break the glass among them, don't wait for it."""
    dora = liar.person("Dora Example", "Rainy-Days-12", b"d" * 16)
    liar.put(f"CN=Helpdesk,{lies.BASE}", cn="Helpdesk", member=dora)
    corp = {"bind_dn": lies.READER, "bind_password": lies.READER_SECRET, "user_filter": "(objectClass=user)"}
    id = await directory(kit, liar, lies.BASE, **corp, **STAFF)
    admin = await kit.admin()
    await local_account(kit, "glass@example.com")
    await local_account(kit, "local@elsewhere.example")
    await admin.patch("/settings/auth", {"values": {"break_glass": "glass@example.com"}})
    liar.lie = "hangs"
    waiting = asyncio.create_task(log_in(kit, "dora@example.com", "Rainy-Days-12"))
    await liar.hanging.wait()
    for address in ("glass@example.com", "local@elsewhere.example"):
        assert (await log_in(kit, address, LOCAL))[0] == 201
    assert not waiting.done()
    # It comes back before its time is over.
    liar.lie = "hangs up"
    liar.let_go.set()
    assert await waiting == (503, "directory_unavailable")
    liar.lie = ""
    assert (await log_in(kit, "dora@example.com", "Rainy-Days-12"))[0] == 201
    # One that isn't there is told, and a second host answers in its place.
    await admin.patch(
        f"/ldap-directories/{id}", {"hosts": ["127.0.0.1:9"], "bind_password": lies.READER_SECRET}
    )
    assert await log_in(kit, "dora@example.com", "Rainy-Days-12") == (503, "directory_unavailable")
    both = ["127.0.0.1:9", f"127.0.0.1:{liar.port}"]
    await admin.patch(f"/ldap-directories/{id}", {"hosts": both, "bind_password": lies.READER_SECRET})
    assert (await log_in(kit, "dora@example.com", "Rainy-Days-12"))[0] == 201
    assert "glass@example.com" not in {name for name, _ in liar.binds}


async def test_no_more_tries_than_the_limit_learn_whether_they_are_right(kit, slapd: Slapd):
    """AUTH-03: the lockout counts a directory's passwords too, also when they come at once."""
    unit = slapd.unit()
    slapd.group(unit, "Helpdesk", slapd.person(unit, "eve", "Sunny-Days-12"))
    await directory(kit, slapd, unit, **STAFF)
    tries = [log_in(kit, "eve@example.com", f"guess {number}") for number in range(12)]
    answers = await asyncio.gather(*tries)
    assert answers.count(REFUSED) == 5
    assert answers.count((429, "login_locked")) == 7
    assert await log_in(kit, "eve@example.com", "Sunny-Days-12") == (429, "login_locked")


async def test_who_manages_accounts_links_their_own_by_its_password(kit, slapd: Slapd):
    unit = slapd.unit()
    slapd.person(unit, "boss", "Sunny-Days-12")
    await local_account(kit, "boss@example.com", role="admin")
    id = await directory(kit, slapd, unit, links_by_email=True)
    # The directory doesn't get at it by itself: the password is still ours.
    assert await log_in(kit, "boss@example.com", "Sunny-Days-12") == REFUSED
    body = {"email": "boss@example.com", "password": LOCAL, "tenant": kit.slug}
    session = (await kit.anonymous().post("/auth/login", body)).json()["data"]["attributes"]
    token = {"Authorization": f"Bearer {session['access_token']}"}
    path = f"/ldap-directories/{id}/link"
    for wrong in ("", LOCAL, "*"):
        refused = await kit.anonymous().post(path, {"password": wrong}, headers=token)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "login_refused")
    done = await kit.anonymous().post(path, {"password": "Sunny-Days-12"}, headers=token)
    assert done.status_code == 204, done.text
    assert (await log_in(kit, "boss@example.com", "Sunny-Days-12"))[1]["roles"] == ["admin"]
    assert await log_in(kit, "boss@example.com", LOCAL) == REFUSED
    again = await kit.anonymous().post(path, {"password": "Sunny-Days-12"}, headers=token)
    assert again.status_code == 404


async def local_account(kit, email: str, role: str = "technician") -> None:
    """Make an account with a password of ours."""
    person = await kit.make("users", name="Local", email=email)
    async with kit.unit() as ctx:
        roles = {row["key"]: row["id"] for row in await ctx.records.find("roles")}
        await ctx.records.link("users", person.id, "roles", [roles[role]])
        asked = await ctx.service(Directory).request_password(person.id)
        token = (await ctx.service(Directory).password_token(asked)).token
    done = await kit.anonymous().post("/auth/reset-password", {"token": token, "new_password": LOCAL})
    assert done.status_code < 300, done.text
