"""People whom somebody else vouches for: identities, provisioning, sessions, enforcement (AUTH-42, AUTH-43)."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from psa_kernel.builtin.auth.external_identities import StoredIdentities
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.builtin.auth.sign_in import UnitSignIn
from psa_kernel.builtin.settings.sections import section_of
from psa_kernel.builtin.settings.writer import change
from psa_kernel.principal import ANONYMOUS
from psa_kernel.unit_of_work import Unit
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.errors import Conflict, Forbidden, Invalid, RateLimited, Unauthenticated, Unavailable
from psa_sdk.identity import Account, Directory
from psa_sdk.services import provide
from psa_sdk.sign_in import PasswordAuthority, PasswordCheck

from .conftest import HERE, PASSWORD, House

IDP = "oidc:example"


@asynccontextmanager
async def arriving(house: House) -> AsyncGenerator[Unit]:
    async with house.kernel.unit(house.acme, principal=ANONYMOUS, request=HERE) as unit:
        yield unit


async def roles_of(house: House, account: UUID) -> list[str]:
    rows = await house.sql(
        "SELECT r.key FROM psa.role_assignment x JOIN psa.role r ON r.id = x.role AND r.tenant_id = x.tenant_id"
        " WHERE x.account = $1 ORDER BY r.key",
        account,
    )
    return [row["key"] for row in rows]


async def settle(house: House, **values: object) -> None:
    async with house.kernel.unit(house.acme) as unit:
        await change(unit, section_of(house.kernel.registry, AuthSettings), values)


async def test_somebody_new_gets_an_account_roles_and_a_session(house: House) -> None:
    async with arriving(house) as unit:
        identities = StoredIdentities(unit)
        made = await identities.provision(
            IDP, "s-1", audience="staff", email="new@acme.example", name="New", roles=["technician"]
        )
        signed = await UnitSignIn(unit).sign_in(made.id, method="oidc", transport="bearer")
    assert (made.status, signed.confined, signed.cookie) == ("invited", "", None)
    who = await house.who(signed.access_token)
    assert (who.id, who.role_keys) == (made.id, ("technician",))
    [entry] = await house.audited("login")
    assert entry["record_id"] == made.id
    async with arriving(house) as unit:
        found = await StoredIdentities(unit).find(IDP, "s-1")
        assert found is not None
        assert (found.id, found.status) == (made.id, "active")
        assert await StoredIdentities(unit).subjects(IDP) == {"s-1": made.id}
        browser = await UnitSignIn(unit).sign_in(made.id, method="oidc", second_factor=True)
        assert browser.cookie is not None
        assert browser.access_token == ""
        assert browser.cookie.value not in repr(browser)
    assert (await house.who(browser.cookie.value, by_cookie=True)).session_id == browser.session_id
    with pytest.raises(Conflict):
        async with arriving(house) as unit:
            await StoredIdentities(unit).provision(
                IDP, "s-2", audience="staff", email="NEW@acme.example", name="Twin"
            )


async def test_an_address_finds_an_account_but_never_an_administrators(house: House) -> None:
    """AUTH-40."""
    tech = await house.person("tech@acme.example", "technician")
    async with arriving(house) as unit:
        identities = StoredIdentities(unit)
        found = await identities.adopt(IDP, "s-1", audience="staff", email="Tech@acme.example")
        assert found is not None
        assert found.id == tech
        assert await identities.adopt(IDP, "s-2", audience="staff", email="no@acme.example") is None
        assert await identities.adopt(IDP, "s-2", audience="portal", email="tech@acme.example") is None
        with pytest.raises(Forbidden, match="administrator"):
            await identities.adopt(IDP, "s-2", audience="staff", email="admin@acme.example")
        with pytest.raises(Conflict):
            await identities.link(IDP, "s-9", tech)
        with pytest.raises(Conflict):
            await identities.link(IDP, "s-1", house.admin)
        await identities.link(IDP, "s-1", tech)
        assert await identities.unlink(IDP, account_id=tech) == 1
        assert await identities.find(IDP, "s-1") is None


async def test_roles_follow_the_groups_and_leave_others_alone(house: House) -> None:
    """AUTH-43: a removed group takes its role away."""
    tech = await house.person("tech@acme.example", "technician", "sales")
    managed = ("technician", "dispatcher", "admin")
    async with arriving(house) as unit:
        identities = StoredIdentities(unit)
        assert await identities.set_roles(tech, ["dispatcher"], managed=managed)
        assert not await identities.set_roles(tech, ["dispatcher"], managed=managed)
        with pytest.raises(Invalid):
            await identities.set_roles(tech, ["nonsense"], managed=managed)
        with pytest.raises(Conflict):
            await identities.set_roles(house.admin, [], managed=managed)
    assert await roles_of(house, tech) == ["dispatcher", "sales"]
    async with house.kernel.unit(house.acme, principal=await house.principal("tech@acme.example")) as unit:
        with pytest.raises(Forbidden):
            await StoredIdentities(unit).require_grantable(["admin"])


async def test_a_disabled_account_or_a_flood_is_refused(house: House) -> None:
    tech = await house.person("tech@acme.example", "technician")
    async with house.kernel.unit(house.acme) as unit:
        await unit.records.update("users", tech, {"status": "disabled"})
    with pytest.raises(Unauthenticated):
        async with arriving(house) as unit:
            await UnitSignIn(unit).sign_in(tech, method="saml")
    for _ in range(30):
        async with arriving(house) as unit:
            await UnitSignIn(unit).refuse("signature", method="saml")
    assert len(await house.audited("login_failed")) == 30
    with pytest.raises(RateLimited):
        async with arriving(house) as unit:
            await UnitSignIn(unit).refuse("signature", method="saml")
    with pytest.raises(RateLimited):
        await house.log_in()


async def test_enforced_single_sign_on_leaves_passwords_to_those_who_break_the_glass(house: House) -> None:
    """AUTH-43, and nobody learns from a wrong password whose log-in is enforced (AUTH-02)."""
    await house.person("tech@acme.example", "technician")
    await house.person("keeper@acme.example", "admin")
    await settle(house, local_passwords="portal", break_glass="keeper@acme.example")
    for email in ("tech@acme.example", "admin@acme.example"):
        with pytest.raises(Forbidden) as refusal:
            await house.log_in(email)
        assert refusal.value.code == "sso_required"
        with pytest.raises(Unauthenticated):
            await house.log_in(email, "wrong password")
    assert (await house.log_in("keeper@acme.example")).access_token
    assert len(await house.audited("break_glass_used")) == 1
    # Nobody is shut out for good: without anybody named who can, every administrator may.
    await settle(house, break_glass="gone@acme.example")
    assert (await house.log_in()).access_token
    with pytest.raises(Forbidden):
        await house.log_in("tech@acme.example")


class Tree:
    """A directory with one person in it; `down` when it can't be asked."""

    def __init__(self) -> None:
        self.down = False
        self.asked: list[str] = []

    async def check_of(self, audience: Audience, email: str) -> PasswordCheck | None:
        async def check(password: str) -> str | None:
            self.asked.append(password)
            if self.down:
                raise Unavailable("The directory doesn't answer.")
            return "guid-1" if password == "from the tree" else None

        return check if email.endswith("@acme.example") else None

    def within(self, ctx: Context) -> PasswordAuthority:
        tree = self

        class Within:
            check_of = staticmethod(tree.check_of)

            async def admit(self, audience: Audience, email: str, subject: str) -> Account | None:
                found = await StoredIdentities(ctx).find("ldap:1", subject)
                return found or await StoredIdentities(ctx).provision(
                    "ldap:1", subject, audience=audience, email=email, name="Leaf", roles=["technician"]
                )

        return Within()


async def test_a_directory_checks_passwords_in_our_place(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUTH-42: an empty password never reaches it."""
    tree = Tree()
    authority = provide(PasswordAuthority, tree.within)
    monkeypatch.setitem(house.kernel.registry.services, PasswordAuthority, ("auth", authority))
    for wrong in ("", "not this", PASSWORD):
        with pytest.raises(Unauthenticated):
            await house.log_in("leaf@acme.example", wrong)
    assert tree.asked == ["not this", PASSWORD]
    first, again = [await house.log_in("leaf@acme.example", "from the tree") for _ in range(2)]
    assert first.account_id == again.account_id
    assert (await house.who(first.access_token)).role_keys == ("technician",)
    async with house.kernel.unit(house.acme) as unit:
        await unit.service(Directory).disable_account(first.account_id)
    with pytest.raises(Unauthenticated):
        await house.log_in("leaf@acme.example", "from the tree")
    tree.down = True
    await settle(house, break_glass="admin@acme.example")
    assert (await house.log_in()).access_token
