"""Setting a directory up: where it may be, what it is given, who may, and what a trial tells (S15, S20)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from psa_directory_ldap.conversation import Entry
from psa_directory_ldap.directories import Host
from psa_directory_ldap.people import is_closed
from psa_sdk.sign_in import ExternalIdentities

from .certificates import Authority
from .conftest import directory, synchronised
from .slapd import READER_SECRET, Slapd

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def fault(answer: Any) -> tuple[str, str]:
    [error] = answer.json()["errors"]
    return error["source"]["pointer"].rpartition("/")[2], error["code"]


async def test_what_is_entered_is_judged_and_completed(kit, slapd: Slapd):
    admin, unit = await kit.admin(), slapd.unit()
    id = await directory(kit, slapd, unit)
    shown = (await admin.get(f"/ldap-directories/{id}")).json()["data"]["attributes"]
    assert shown["bind_password"] is True
    assert READER_SECRET not in str(shown)
    preset = ("user_filter", "subject_attribute", "login_attributes", "email_attribute", "name_attribute")
    assert [shown[name] for name in preset] == [
        "(objectClass=inetOrgPerson)",
        "entryUUID",
        ["mail"],
        "mail",
        "cn",
    ]
    path = f"/ldap-directories/{id}"
    for wrong, name, code in (
        # What only the server can see isn't reached, unless the operator opened its network (here 127.0.0.0/8).
        ({"hosts": ["169.254.169.254:389"]}, "hosts", "address_refused"),
        ({"hosts": ["10.1.2.3"]}, "hosts", "address_refused"),
        ({"hosts": ["127.0.0.1:389/x"]}, "hosts", "host_malformed"),
        ({"hosts": ["127.0.0.1:99999"]}, "hosts", "host_malformed"),
        ({"user_filter": "(uid="}, "user_filter", "filter_malformed"),
        ({"ca_certificates": "no certificate"}, "ca_certificates", "certificate_malformed"),
        ({"group_roles": {"Helpdesk": ["nobody"]}}, "group_roles", "unknown_role"),
        ({"audience": "portal"}, "audience", "fixed"),
    ):
        again = {**wrong, "bind_password": READER_SECRET}
        refused = await admin.patch(path, again)
        assert (refused.status_code, *fault(refused)) == (422, name, code), wrong
    # Whoever may change hosts needn't know the password, so it doesn't go along to theirs.
    for elsewhere in (
        {"hosts": ["127.0.0.1:9"]},
        {"ca_certificates": Authority().pem},
        {"security": "starttls"},
    ):
        refused = await admin.patch(path, elsewhere)
        assert (refused.status_code, *fault(refused)) == (422, "bind_password", "password_needed")
    assert (await admin.patch(path, {"name": "Renamed"})).status_code == 200


async def test_nobody_maps_a_group_to_more_than_they_hold(kit, slapd: Slapd):
    id = await directory(kit, slapd, slapd.unit())
    helper = await kit.staff("directory_ldap.ldap_directories.*")
    admin = await kit.admin()
    async with kit.unit() as ctx:
        await ctx.service(ExternalIdentities).link(f"ldap:{id}", "boss", await admin.account_id())
    for change in (
        {"group_roles": {"Helpdesk": ["admin"]}},
        # Another server would say who the administrator is.
        {"hosts": ["127.0.0.1:9"], "bind_password": READER_SECRET},
        {"subject_attribute": "title"},
        {"links_by_email": True},
    ):
        refused = await helper.patch(f"/ldap-directories/{id}", change)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "exceeds_own_rights"), (
            change
        )


async def test_a_trial_tells_who_is_there_or_what_is_wrong(kit, slapd: Slapd):
    admin, unit = await kit.admin(), slapd.unit()
    for uid in ("ann", "bob", "cleo", "dan"):
        slapd.person(unit, uid)

    async def tried(**attributes: Any) -> dict[str, Any]:
        id = await directory(kit, slapd, unit, **attributes)
        answer = await admin.post(f"/ldap-directories/{id}/check")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["attributes"]

    right = await tried(security="starttls", hosts=[f"127.0.0.1:{slapd.plain}"])
    assert (right["works"], right["people"], len(right["first"])) == (True, 4, 3)
    for attributes, step, said in (
        ({"bind_password": "wrong"}, "bind", "doesn't take the bind account"),
        ({"ca_certificates": Authority().pem}, "connect", "certificate isn't trusted"),
        ({"hosts": ["127.0.0.1:9"]}, "connect", "127.0.0.1:9"),
        ({"base_dn": f"ou=nowhere,{unit}"}, "search", "NO_SUCH_OBJECT"),
        ({"subject_attribute": "objectGUID"}, "search", "none has objectGUID"),
        ({"user_filter": "(uid=nobody)"}, "search", "Nobody is found"),
    ):
        wrong = await tried(**attributes)
        assert (wrong["works"], wrong["step"]) == (False, step), wrong
        assert said in wrong["detail"]


async def test_a_synchronisation_asks_the_database_no_more_for_many(kit, slapd: Slapd):
    """Where nothing changed, hundreds cost what two do."""
    counts = []
    for size in (2, 30):
        unit = slapd.unit()
        people = [slapd.person(unit, f"p{size}x{number}") for number in range(size)]
        slapd.group(unit, "Helpdesk", *people)
        rules = {"creates_accounts": True, "group_roles": {"Helpdesk": ["technician"]}}
        id = await directory(kit, slapd, unit, **rules)
        assert (await synchronised(kit, id, dry=False))["created"] == size
        async with kit.statements() as sent:
            await synchronised(kit, id, dry=False)
        counts.append(len(sent))
    assert counts[1] <= counts[0] + 3


@pytest.mark.parametrize(
    "text", ["", "a b", "user@dc1", "dc1/x", "dc1:x", "dc1:70000", "ldap://dc1", "dc1?x", "[::1"]
)
def test_hosts_are_names_and_ports_and_nothing_else(text):
    with pytest.raises(ValueError):
        Host.of(text, "ldaps")


@pytest.mark.parametrize(
    ("attribute", "value", "closed"),
    [
        ("userAccountControl", "512", False),
        ("userAccountControl", "514", True),
        ("userAccountControl", "66050", True),
        ("userAccountControl", "nonsense", False),
        ("accountExpires", "0", False),
        ("accountExpires", "9223372036854775807", False),
        ("accountExpires", "132000000000000000", True),
        ("accountExpires", "160000000000000000", False),
        ("pwdAccountLockedTime", "000001010000Z", True),
        ("pwdAccountLockedTime", "20260101000000Z", False),
        ("nsAccountLock", "TRUE", True),
    ],
)
def test_directories_close_accounts_in_their_own_ways(attribute, value, closed):
    """MS-ADTS 2.2.16, FILETIME of MS-DTYP 2.3.3, draft-behera-ldap-password-policy 5.3.3."""
    entry = Entry(dn="cn=x", values={attribute.lower(): (value.encode(),)})
    assert is_closed(entry, NOW) is closed
