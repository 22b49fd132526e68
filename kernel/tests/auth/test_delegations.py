"""Tokens by which other programs act for somebody."""

import datetime
from uuid import UUID

import pytest

from psa_kernel.builtin.auth.delegations import StoredDelegations
from psa_sdk.errors import NotFound, Unauthenticated
from psa_sdk.tables import new_id

from .conftest import House


async def issue(house: House, account: UUID, *scopes: str, family: UUID, minutes: int = 15) -> str:
    async with house.kernel.unit(house.acme) as unit:
        return await StoredDelegations(unit).issue(
            account,
            family=family,
            holder="Example app",
            scopes=scopes,
            expires_at=unit.now + datetime.timedelta(minutes=minutes),
        )


async def test_a_token_has_the_scopes_and_the_accounts_present_rights(house: House) -> None:
    """AUTH-31."""
    tech = await house.person("tech@acme.example", "technician")
    token = await issue(house, tech, "auth.users.*", family=(family := new_id()))
    who = await house.who(token)
    assert (who.id, who.kind, who.session_id, who.key_id) == (tech, "api_key", None, family)
    assert who.label.endswith("(Example app)")
    assert who.allows("auth.users.read")
    assert not who.allows("auth.users.create")
    assert not who.allows("auth.groups.read")


async def test_a_family_ends_together_and_at_once(house: House) -> None:
    family, other = new_id(), new_id()
    ended = [await issue(house, house.admin, "*", family=family) for _ in range(2)]
    kept = await issue(house, house.admin, "*", family=other)
    for token in (*ended, kept):
        await house.who(token)
    async with house.kernel.unit(house.acme) as unit:
        assert await StoredDelegations(unit).end([family]) == 2
    for token in ended:
        with pytest.raises(Unauthenticated):
            await house.who(token)
    assert (await house.who(kept)).id == house.admin


async def test_only_good_tokens_are_found(house: House) -> None:
    token = await issue(house, house.admin, "auth.users.read", family=(family := new_id()))
    over = await issue(house, house.admin, "auth.users.read", family=family, minutes=-1)
    async with house.kernel.unit(house.acme) as unit:
        found = await StoredDelegations(unit).find(token)
        assert found is not None
        assert (found.account_id, found.family, found.scopes) == (house.admin, family, ("auth.users.read",))
        assert await StoredDelegations(unit).find(over) is None
        with pytest.raises(NotFound):
            await StoredDelegations(unit).issue(
                new_id(), family=family, holder="x", scopes=["*"], expires_at=unit.now
            )
    with pytest.raises(Unauthenticated):
        await house.who(over)
