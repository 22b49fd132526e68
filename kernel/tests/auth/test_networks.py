"""From which networks people are let in: the organisation's list, roles' lists, keys' own (AUD-09)."""

import pytest

from psa_kernel.builtin.auth.authenticate import forget
from psa_kernel.builtin.auth.key_rules import make_key
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.builtin.settings.sections import section_of
from psa_kernel.builtin.settings.writer import change
from psa_sdk.errors import Forbidden, Invalid

from .conftest import House

OFFICE, HOME = "192.0.2.10", "198.51.100.7"


async def settle(house: House, **values: object) -> None:
    async with house.kernel.unit(house.acme) as unit:
        await change(unit, section_of(house.kernel.registry, AuthSettings), values)
    forget(house.kernel, house.acme)


async def refused(house: House, token: str, ip: str) -> bool:
    try:
        await house.who(token, ip)
    except Forbidden as problem:
        return problem.code == "address_refused"
    return False


async def test_staff_come_from_the_organisations_networks_and_from_each_roles(house: House) -> None:
    tech = await house.person("tech@acme.example", "technician", "sales")
    tokens = [
        (await house.log_in(email)).access_token for email in ("admin@acme.example", "tech@acme.example")
    ]
    for wrong in ("192.0.2.0/99", "the office"):
        with pytest.raises(Invalid):
            await settle(house, staff_networks=wrong)
    await settle(house, staff_networks="192.0.2.0/24, 198.51.100.7")
    assert [await refused(house, token, HOME) for token in tokens] == [False, False]
    assert [await refused(house, token, "203.0.113.1") for token in tokens] == [True, True]
    assert await refused(house, tokens[0], "")
    async with house.kernel.unit(house.acme) as unit:
        [role] = await unit.db.fetch("SELECT id FROM psa.role WHERE key = 'sales'")
        with pytest.raises(Invalid):
            await unit.records.update("roles", role["id"], {"allowed_addresses": ["nowhere"]})
        await unit.records.update("roles", role["id"], {"allowed_addresses": ["192.0.2.0/28"]})
    assert [await refused(house, token, HOME) for token in tokens] == [False, True]
    assert [await refused(house, token, OFFICE) for token in tokens] == [False, False]
    # A key that names its own addresses stands for itself; one that doesn't is its owner's.
    async with house.kernel.unit(house.acme) as unit:
        free = await make_key(unit, tech, "RMM", ["*"], allowed_addresses=["203.0.113.0/24"])
        bound = await make_key(unit, tech, "Script", ["*"])
    assert not await refused(house, free.secret, "203.0.113.1")
    assert await refused(house, free.secret, OFFICE)
    assert await refused(house, bound.secret, "203.0.113.1")
