"""A browser has one session at a time, and what ends is told: AUTH-04, S6."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from psa_kernel.builtin.auth.beginning import finish
from psa_kernel.builtin.auth.browser_session import UnitBrowser
from psa_kernel.builtin.auth.impersonating import begin_impersonation, finish_impersonation
from psa_kernel.builtin.auth.sessions import Issued
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_kernel.builtin.settings.sections import section_of
from psa_kernel.builtin.settings.writer import change
from psa_kernel.principal import KernelPrincipal
from psa_sdk.errors import Unauthenticated
from psa_sdk.identity import Directory

from .conftest import HERE, House


async def in_browser(house: House, former: UUID | None, email: str = "admin@acme.example") -> Issued:
    """Log in by password in a browser that comes with the cookie of a former session."""
    return await house.log_in(email, request=replace(HERE, session=former), transport="cookie")


async def alive(house: House, issued: Issued) -> bool:
    try:
        await house.who(issued.access_token, by_cookie=True)
    except Unauthenticated:
        return False
    return True


async def line(house: House, issued: Issued) -> UUID:
    """Return what a session is called while it goes on."""
    who = await house.who(issued.access_token, by_cookie=True)
    async with house.kernel.unit(house.acme, principal=who, request=HERE) as unit:
        session = await UnitBrowser(unit).session()
    assert session is not None
    return session.id


async def told(house: House) -> list[dict[str, Any]]:
    rows = await house.sql("SELECT payload FROM psa.outbox WHERE name = 'auth.sessions_ended' ORDER BY id")
    events = [json.loads(row["payload"]) for row in rows]
    return [event for event in events if event["reason"] != "password_set"]


async def test_logging_in_again_ends_the_former_session_and_the_same_persons_goes_on(house: House) -> None:
    await house.person("tech@acme.example", "technician")
    elsewhere = await in_browser(house, None)
    first = await in_browser(house, None)
    second = await in_browser(house, first.session_id)
    assert [await alive(house, one) for one in (elsewhere, first, second)] == [True, False, True]
    third = await in_browser(house, second.session_id)
    assert await line(house, third) == first.session_id
    assert await told(house) == []
    other = await in_browser(house, third.session_id, "tech@acme.example")
    assert [await alive(house, one) for one in (elsewhere, third, other)] == [True, False, True]
    assert await line(house, other) == other.session_id
    [ended] = await told(house)
    assert (ended["account_id"], ended["session_ids"]) == (str(house.admin), [str(first.session_id)])
    # A wrong password, or a program's log-in from the same machine, ends nothing.
    with pytest.raises(Unauthenticated):
        await house.log_in(password="wrong", request=replace(HERE, session=other.session_id))
    await house.log_in(request=replace(HERE, session=other.session_id))
    assert await alive(house, other)


async def test_the_second_step_stands_between_a_session_and_what_goes_on_with_it(house: House) -> None:
    first = await in_browser(house, None)
    async with house.kernel.unit(house.acme) as unit:
        await change(unit, section_of(house.kernel.registry, AuthSettings), {"second_factor": "staff"})
    half = await in_browser(house, first.session_id)
    assert half.confined == "mfa_setup_required"
    assert not await alive(house, first), "its cookie is gone"
    who = await house.who(half.access_token, by_cookie=True)
    async with house.kernel.unit(
        house.acme, principal=who, request=replace(HERE, session=half.session_id)
    ) as unit:
        whole = await finish(unit, who)
    assert [await alive(house, one) for one in (half, whole)] == [False, True]
    assert await line(house, whole) == first.session_id
    assert await told(house) == []
    again = await in_browser(house, whole.session_id)
    # Whoever leaves in the midst of it has left.
    who = await house.who(again.access_token, by_cookie=True)
    async with house.kernel.unit(house.acme, principal=who, request=HERE) as unit:
        await UnitBrowser(unit).log_out()
    [ended] = await told(house)
    assert (ended["session_ids"], ended["reason"]) == ([str(first.session_id)], "logout")


async def impersonating(house: House, own: Issued, id: UUID) -> tuple[KernelPrincipal, Issued]:
    who = await house.who(own.access_token, by_cookie=True)
    async with house.kernel.unit(house.acme, principal=who, request=HERE) as unit:
        _, issued = await begin_impersonation(unit, who, id, "A call for help", transport="cookie")
    return await house.who(issued.access_token, by_cookie=True), issued


async def test_whoever_logs_in_or_out_while_acting_as_another_leaves_no_session_behind(house: House) -> None:
    tech = await house.person("tech@acme.example", "technician")
    own = await in_browser(house, None)
    acting, borrowed = await impersonating(house, own, tech)
    async with house.kernel.unit(house.acme, principal=acting, request=HERE) as unit:
        back = await finish_impersonation(unit, acting)
    assert back is not None
    assert await alive(house, back), "who merely ends it goes on as before"
    _, borrowed = await impersonating(house, back, tech)
    again = await in_browser(house, borrowed.session_id)
    assert [await alive(house, one) for one in (borrowed, back, again)] == [False, False, True]
    assert await line(house, again) == own.session_id
    acting, borrowed = await impersonating(house, again, tech)
    async with house.kernel.unit(house.acme, principal=acting, request=HERE) as unit:
        await UnitBrowser(unit).log_out()
    assert [await alive(house, one) for one in (borrowed, again)] == [False, False]
    # Clients' pages have a cookie of their own: there one's own stays in the other.
    own = await in_browser(house, None)
    await house.sql("DELETE FROM psa.role_assignment WHERE account = $1", tech)
    await house.sql("UPDATE psa.account SET audience = 'portal', company = $2 WHERE id = $1", tech, uuid4())
    acting, borrowed = await impersonating(house, own, tech)
    async with house.kernel.unit(house.acme, principal=acting, request=HERE) as unit:
        await UnitBrowser(unit).log_out()
    assert [await alive(house, one) for one in (borrowed, own)] == [False, True]


async def test_the_end_of_sessions_is_told_with_their_reason(house: House) -> None:
    tech = await house.person("tech@acme.example", "technician")
    first, second = [await in_browser(house, None, "tech@acme.example") for _ in range(2)]
    async with house.kernel.unit(house.acme) as unit:
        directory = unit.service(Directory)
        await directory.end_sessions(tech, reason="ended_by_administrator")
        await directory.disable_account(tech, erase=True)
    by_administrator, *_, disabled = await told(house)
    assert sorted(by_administrator["session_ids"]) == sorted([str(first.session_id), str(second.session_id)])
    assert (by_administrator["reason"], by_administrator["everywhere"]) == ("ended_by_administrator", True)
    # Nobody was logged in any more, and it is told all the same: more than sessions hangs on an account.
    assert (disabled["session_ids"], disabled["reason"], disabled["everywhere"]) == (
        [],
        "account_disabled",
        True,
    )
