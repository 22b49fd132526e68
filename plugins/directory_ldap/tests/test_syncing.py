"""Synchronising accounts with a directory: dry run, guard, leavers, those who come back (AUTH-42)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from psa_directory_ldap.people import Found
from psa_directory_ldap.planning import plan
from psa_directory_ldap.syncing import look_round
from psa_sdk.admission import Person
from psa_sdk.identity import Account, Directory
from psa_sdk.sign_in import ExternalIdentities
from psa_sdk.testing import Kit

from . import liar as lies
from .conftest import directory, finished, log_in, synchronised
from .liar import Liar
from .slapd import ADMIN, Slapd

RULES: dict[str, Any] = {
    "creates_accounts": True,
    "links_by_email": True,
    "group_roles": {"Helpdesk": ["technician"], "Leads": ["manager"]},
}
COUNTS = ("found", "created", "linked", "changed", "deactivated", "reactivated", "left_out")


def numbers(sync: dict[str, Any]) -> dict[str, int]:
    return {name: sync[name] for name in COUNTS if sync[name]}


def told(sync: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(line["action"], line["email"].partition("@")[0], line["detail"]) for line in sync["lines"]}


async def people(kit) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Return name, status and roles by address."""
    rows = await kit.installation.rows(
        "SELECT a.id, a.email, a.name, a.status FROM psa.account a WHERE a.tenant_id = $1 AND a.email LIKE '%@example.com'",
        kit.tenant_id,
    )
    async with kit.unit() as ctx:
        roles = await ctx.service(Directory).roles([row["id"] for row in rows])
    return {row["email"]: (row["name"], row["status"], roles.get(row["id"], ())) for row in rows}


async def same_dry_and_real(kit, id: str) -> dict[str, Any]:
    """Run dry and really; the dry one tells the same and changes nothing."""
    before = await people(kit)
    dry = await synchronised(kit, id, dry=True)
    assert await people(kit) == before
    real = await synchronised(kit, id, dry=False)
    assert (numbers(dry), told(dry)) == (numbers(real), told(real))
    return real


async def test_accounts_follow_the_directory_as_the_dry_run_said(kit, slapd: Slapd):
    unit = slapd.unit()
    made = {
        uid: slapd.person(unit, uid, "Sunny-Days-12", cn=uid.title()) for uid in ("ann", "bob", "cleo", "dan")
    }
    slapd.person(unit, "stranger", mail="stranger@elsewhere.example")
    slapd.person(unit, "mute", mail="")
    slapd.group(unit, "Helpdesk", *made.values())
    await kit.make("users", name="Old Cleo", email="cleo@example.com")
    id = await directory(kit, slapd, unit, **RULES, leavers_percent=50)

    first = await same_dry_and_real(kit, id)
    assert numbers(first) == {"found": 6, "created": 3, "linked": 1, "left_out": 1}
    assert ("left_out", "", "no_address") in told(first)
    now = await people(kit)
    assert now["ann@example.com"] == ("Ann", "invited", ("technician",))
    assert (await log_in(kit, "bob@example.com", "Sunny-Days-12"))[0] == 201

    # Cleo takes her name over at the next one; then all is quiet.
    assert told(await same_dry_and_real(kit, id)) == {
        ("changed", "cleo", "name"),
        ("left_out", "", "no_address"),
    }
    assert numbers(await same_dry_and_real(kit, id)) == {"found": 6, "left_out": 1}

    # Ann is another's now in all but her identity, Bob leads, Dan is gone.
    moved = slapd.rename(made["ann"], "uid=ann.bold")
    slapd.replace(moved, mail="ann.bold@example.com", cn="Ann Bold")
    slapd.delete(made["dan"])
    slapd.group(unit, "Leads", made["bob"])
    slapd.group(unit, "Helpdesk", moved, made["bob"], made["cleo"])
    changed = await same_dry_and_real(kit, id)
    assert told(changed) - {("left_out", "", "no_address")} == {
        ("changed", "ann", "name, email"),
        ("changed", "bob", "roles"),
        ("deactivated", "dan", "gone"),
    }
    now = await people(kit)
    assert now["ann.bold@example.com"] == ("Ann Bold", "invited", ("technician",))
    assert now["bob@example.com"] == ("Bob", "active", ("manager", "technician"))
    assert now["dan@example.com"] == ("Dan", "disabled", ("technician",))
    assert "ann@example.com" not in now


async def test_leavers_are_shut_out_at_once_and_come_back_with_the_directory(kit, liar: Liar):
    """userAccountControl 0x2; whom somebody disabled here stays disabled."""
    names = ("Ann", "Bob", "Cleo", "Dora")
    dns = {name: liar.person(f"{name} Example", "Rainy-Days-12", name.encode().ljust(16)) for name in names}
    inner = liar.put(f"CN=Inner,{lies.BASE}", cn="Inner", member=list(dns.values()))
    liar.put(f"CN=Helpdesk,{lies.BASE}", cn="Helpdesk", member=inner)
    corp = {"bind_dn": lies.READER, "bind_password": lies.READER_SECRET, "user_filter": "(objectClass=user)"}
    id = await directory(kit, liar, lies.BASE, **RULES, **corp, leavers_percent=50)
    assert numbers(await same_dry_and_real(kit, id)) == {"found": 4, "created": 4}
    assert (await people(kit))["ann@example.com"][2] == ("technician",)

    body = {"email": "bob@example.com", "password": "Rainy-Days-12", "tenant": kit.slug}
    session = (await kit.anonymous().post("/auth/login", body)).json()["data"]["attributes"]
    token = {"Authorization": f"Bearer {session['access_token']}"}
    assert (await kit.anonymous().get("/auth/me", headers=token)).status_code == 200
    liar.entries[dns["Bob"]]["userAccountControl"] = [b"514"]
    async with kit.unit() as ctx:
        linked = await ctx.service(ExternalIdentities).subjects(f"ldap:{id}")
        cleo = await ctx.service(Directory).find("staff", "cleo@example.com")
        assert cleo is not None
        assert cleo.id in linked.values()
        await ctx.service(Directory).disable_account(cleo.id)
    assert told(await same_dry_and_real(kit, id)) == {("deactivated", "bob", "disabled")}
    assert (await kit.anonymous().get("/auth/me", headers=token)).status_code == 401
    assert (await log_in(kit, "bob@example.com", "Rainy-Days-12"))[0] == 401

    liar.entries[dns["Bob"]]["userAccountControl"] = [b"512"]
    assert told(await same_dry_and_real(kit, id)) == {("reactivated", "bob", "")}
    assert (await log_in(kit, "bob@example.com", "Rainy-Days-12"))[0] == 201
    assert (await people(kit))["cleo@example.com"][1] == "disabled"


async def test_too_many_leavers_stop_it_until_somebody_confirms(kit, slapd: Slapd):
    unit = slapd.unit()
    made = [slapd.person(unit, uid) for uid in ("ann", "bob", "cleo", "glass")]
    slapd.group(unit, "Helpdesk", *made)
    id = await directory(kit, slapd, unit, **RULES)
    assert numbers(await synchronised(kit, id, dry=False))["created"] == 4
    admin = await kit.admin()
    await admin.patch("/settings/auth", {"values": {"break_glass": "glass@example.com"}})
    before = await people(kit)
    await admin.patch(f"/ldap-directories/{id}", {"user_filter": "(uid=ann)"})
    stopped = await synchronised(kit, id, dry=False)
    assert (stopped["state"], stopped["deactivated"], await people(kit)) == ("stopped", 2, before)
    assert told(stopped) == {
        ("deactivated", "bob", "gone"),
        ("deactivated", "cleo", "gone"),
        ("kept", "glass", "break_glass"),
    }
    [found] = (await admin.get("/ldap-syncs", params={"filter[state]": "stopped"})).json()["data"]
    helper = await kit.staff("directory_ldap.ldap_syncs.read")
    assert (await helper.post(f"/ldap-syncs/{found['id']}/confirm")).status_code == 403
    confirmed = await admin.post(f"/ldap-syncs/{found['id']}/confirm")
    assert confirmed.status_code == 202
    done = await finished(kit, confirmed.json()["data"]["id"])
    assert (done["state"], numbers(done)) == ("finished", {"found": 1, "deactivated": 2})
    statuses = {email: status for email, (_, status, _) in (await people(kit)).items()}
    assert statuses["glass@example.com"] == "invited"
    assert [statuses[f"{name}@example.com"] for name in ("ann", "bob", "cleo")] == [
        "invited",
        "disabled",
        "disabled",
    ]
    # What was confirmed holds for that many and no more.
    again = await admin.post(f"/ldap-syncs/{found['id']}/confirm")
    assert (await finished(kit, again.json()["data"]["id"]))["deactivated"] == 0


async def test_the_last_administrator_stays_and_the_clock_begins_what_is_due(psa_bench, slapd: Slapd):
    async with Kit.alone(psa_bench, "multi", plugins=("directory_ldap",)) as kit:
        unit = slapd.unit()
        boss = slapd.person(unit, "boss", "Sunny-Days-12")
        slapd.group(unit, "Chiefs", boss, ADMIN)
        rules = {**RULES, "group_roles": {"Chiefs": ["admin"]}}
        await directory(kit, slapd, unit, **rules, leavers_percent=100, sync_hours=6)
        await go_round(kit)
        await go_round(kit)
        [sync] = (await (await kit.admin()).get("/ldap-syncs")).json()["data"]
        assert sync["attributes"]["created"] == 1
        assert (await log_in(kit, "boss@example.com", "Sunny-Days-12"))[1]["roles"] == ["admin"]
        async with kit.unit() as ctx:
            for other in await ctx.service(Directory).holders("auth.users.update"):
                if other.email != "boss@example.com":
                    await ctx.service(Directory).disable_account(other.id)
        slapd.delete(boss)
        kit.advance(timedelta(hours=6))
        await go_round(kit)
        async with kit.unit() as ctx:
            newest, _ = await ctx.records.find("ldap-syncs", order="-created_at")
            kept = await ctx.service(Directory).find("staff", "boss@example.com")
        assert told(newest) == {("kept", "boss", "last_administrator")}
        assert kept is not None
        assert kept.status == "active"
        # Reports are forgotten after a month.
        async with kit.unit() as ctx:
            old = kit.now - timedelta(days=31)
            await ctx.db.execute("UPDATE directory_ldap.sync SET created_at = $1 WHERE is_dry = false", old)
        await go_round(kit)
        async with kit.unit() as ctx:
            [fresh] = await ctx.records.find("ldap-syncs")
        assert str(fresh["id"]) not in {str(newest["id"]), sync["id"]}


async def test_what_can_not_be_read_whole_changes_nothing(kit, liar: Liar):
    dn = liar.person("Ann Example", "Rainy-Days-12", b"a" * 16)
    liar.put(f"CN=Helpdesk,{lies.BASE}", cn="Helpdesk", member=dn)
    corp = {"bind_dn": lies.READER, "bind_password": lies.READER_SECRET, "user_filter": "(objectClass=user)"}
    id = await directory(kit, liar, lies.BASE, **RULES, **corp, leavers_percent=100)
    await synchronised(kit, id, dry=False)
    before = await people(kit)
    for lie in ("half", "hangs up", "too long"):
        liar.lie = lie
        failed = await synchronised(kit, id, dry=False)
        assert (failed["state"], await people(kit)) == ("failed", before)
        assert failed["detail"]


async def go_round(kit) -> None:
    async with kit.unit() as ctx:
        await look_round.run(ctx)
    await kit.drain()


SUBJECTS = st.sampled_from([f"s{number}" for number in range(8)])


@given(
    there=st.dictionaries(SUBJECTS, st.booleans()),
    linked=st.dictionaries(SUBJECTS, st.sampled_from(["active", "invited", "disabled"])),
    percent=st.integers(0, 100),
    confirmed=st.integers(0, 8),
)
def test_everybody_is_new_known_or_gone_and_nobody_twice(there, linked, percent, confirmed):
    found = [
        Found(dn=name, uid=name, closed=closed, person=_person(name))
        for name, closed in sorted(there.items())
    ]
    accounts = {name: _account(number, name, status) for number, (name, status) in enumerate(linked.items())}
    made = plan(found, accounts)
    new = {one.person.subject for one in made.new}
    known = {one.person.subject for one, _ in made.known}
    leavers = {one.subject for one in made.leavers}
    open_ = {name for name, closed in there.items() if not closed}
    assert new == open_ - set(linked)
    assert known == open_ & set(linked)
    assert leavers == {name for name, status in linked.items() if status != "disabled"} - open_
    usable = sum(status != "disabled" for status in linked.values())
    stops = made.stops(percent, confirmed)
    assert stops == (len(leavers) > confirmed and len(leavers) > usable * percent / 100)
    assert not made.stops(100, 0)
    assert made.stops(0, 0) == bool(leavers)


def _person(name: str) -> Person:
    return Person(subject=name, email=f"{name}@example.com", email_verified=True, name=name, groups=None)


def _account(number: int, name: str, status: Any) -> Account:
    return Account(
        id=UUID(int=number + 1), audience="staff", name=name, email=f"{name}@example.com", status=status
    )
