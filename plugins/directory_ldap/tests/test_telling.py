"""Who hears at the bell of a synchronisation that needs somebody."""

from psa_console.notifications.inbox import latest
from psa_sdk.testing import Client, Kit

from . import liar as lies
from .conftest import directory, synchronised
from .liar import Liar


async def test_who_may_synchronise_is_told_when_one_stops_or_fails(new_kit, liar: Liar):
    kit: Kit = await new_kit()
    admin, runs = await kit.admin(), await kit.staff("directory_ldap.*")
    sees = await kit.staff("directory_ldap.ldap_directories.read", "directory_ldap.ldap_syncs.read")

    for one in (admin, runs, sees):
        await one.account_id()

    async def bell(who: Client) -> list[tuple[str, str, str]]:
        async with kit.unit(who) as ctx:
            return sorted((row["kind"], row["title"], row["detail"]) for row in await latest(ctx, 20))

    corp = {"bind_dn": lies.READER, "bind_password": lies.READER_SECRET, "user_filter": "(objectClass=user)"}
    people = [liar.person(f"{name} Example", "", name.encode().ljust(16)) for name in ("Ann", "Bob", "Cleo")]
    id = await directory(
        kit,
        liar,
        lies.BASE,
        **corp,
        name="Corp",
        creates_accounts=True,
        group_roles={"Helpdesk": ["technician"]},
    )
    liar.put(f"CN=Helpdesk,{lies.BASE}", cn="Helpdesk", member=people)
    assert (await synchronised(kit, id, dry=False))["created"] == 3
    for dn in people[1:]:
        del liar.entries[dn]
    assert (await synchronised(kit, id, dry=True))["detail"] != ""
    assert await bell(admin) == [], "a dry run was somebody's wish"
    assert (await synchronised(kit, id, dry=False))["state"] == "stopped"
    stopped = ("directory_sync_stopped", "Corp", "2 of 3 accounts would be deactivated.")
    assert (await bell(admin), await bell(runs), await bell(sees)) == ([stopped], [stopped], [])
    liar.lie = "noise"
    assert (await synchronised(kit, id, dry=False))["state"] == "failed"
    [failed, *rest] = await bell(runs)
    assert (failed[:2], rest) == (("directory_sync_failed", "Corp"), [stopped])
    assert "isn't LDAP" in failed[2]
