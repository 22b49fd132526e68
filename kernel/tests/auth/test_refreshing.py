"""Refreshing: one successor for each token, the same again for a moment, theft noticed (AUTH-20)."""

import asyncio

import pytest

from psa_kernel.builtin.auth.refreshing import refresh
from psa_kernel.builtin.auth.tokens import new_token
from psa_sdk.errors import Unauthenticated

from .conftest import ELSEWHERE, HERE, House


async def test_a_refresh_gives_fresh_tokens_of_the_same_session(house: House) -> None:
    first = await house.log_in()
    house.later(minutes=14)
    second = await refresh(house.kernel, "staff", first.refresh_token, HERE)
    assert second.session_id == first.session_id
    assert second.refresh_token != first.refresh_token
    house.later(minutes=2)
    assert await house.is_dead(first.access_token)
    assert (await house.who(second.access_token)).session_id == first.session_id


async def test_an_access_token_lives_a_quarter_of_an_hour(house: House) -> None:
    issued = await house.log_in()
    house.later(minutes=14, seconds=59)
    assert not await house.is_dead(issued.access_token)
    house.later(seconds=1)
    assert await house.is_dead(issued.access_token)


async def test_a_reused_refresh_token_ends_the_session_and_is_audited(house: House) -> None:
    """AUTH-20."""
    first = await house.log_in()
    other_device = await house.log_in()
    second = await refresh(house.kernel, "staff", first.refresh_token, HERE)
    house.later(seconds=11)
    with pytest.raises(Unauthenticated):
        await refresh(house.kernel, "staff", first.refresh_token, HERE)
    assert await house.is_dead(first.access_token)
    assert await house.is_dead(second.access_token)
    with pytest.raises(Unauthenticated):
        await refresh(house.kernel, "staff", second.refresh_token, HERE)
    assert not await house.is_dead(other_device.access_token)
    [entry] = await house.audited("refresh_token_reused")
    assert entry["record_id"] == first.session_id


async def test_the_same_client_may_repeat_a_refresh_for_ten_seconds(house: House) -> None:
    """AUTH-20: the answer was lost on the way."""
    first = await house.log_in()
    second = await refresh(house.kernel, "staff", first.refresh_token, HERE)
    house.later(seconds=10)
    assert await refresh(house.kernel, "staff", first.refresh_token, HERE) == second
    assert not await house.is_dead(second.access_token)


async def test_another_client_may_not(house: House) -> None:
    """AUTH-20."""
    first = await house.log_in()
    second = await refresh(house.kernel, "staff", first.refresh_token, HERE)
    with pytest.raises(Unauthenticated):
        await refresh(house.kernel, "staff", first.refresh_token, ELSEWHERE)
    assert await house.is_dead(second.access_token)


async def test_a_token_two_steps_back_ends_the_session_at_once(house: House) -> None:
    """AUTH-20: who has taken up the successor doesn't repeat honestly."""
    first = await house.log_in()
    second = await refresh(house.kernel, "staff", first.refresh_token, HERE)
    third = await refresh(house.kernel, "staff", second.refresh_token, HERE)
    with pytest.raises(Unauthenticated):
        await refresh(house.kernel, "staff", first.refresh_token, HERE)
    assert await house.is_dead(third.access_token)


async def test_fifty_refreshes_at_once_give_one_successor(house: House) -> None:
    """S7."""
    first = await house.log_in()
    answers = await asyncio.gather(
        *(refresh(house.kernel, "staff", first.refresh_token, HERE) for _ in range(50))
    )
    assert len({(one.access_token, one.refresh_token) for one in answers}) == 1
    rows = await house.sql(
        "SELECT kind FROM psa.session_token WHERE replaced_at IS NULL AND kind = 'refresh'"
    )
    assert len(rows) == 1


async def test_an_access_token_refreshes_nothing_and_a_refresh_token_opens_nothing(house: House) -> None:
    issued = await house.log_in()
    with pytest.raises(Unauthenticated):
        await refresh(house.kernel, "staff", issued.access_token, HERE)
    with pytest.raises(Unauthenticated):
        await refresh(house.kernel, "portal", issued.refresh_token, HERE)
    assert await house.is_dead(issued.refresh_token)
    for garbage in ("", "psat_", "psat_" + "0" * 64, "x" * 10_000, new_token("psat"), "psa_00000000_x"):
        assert await house.is_dead(garbage)


async def test_a_session_ends_after_thirty_days_of_refreshing(house: House) -> None:
    issued = await house.log_in()
    for _ in range(29):
        house.later(days=1)
        issued = await refresh(house.kernel, "staff", issued.refresh_token, HERE)
    house.later(days=1)
    assert await house.is_dead(issued.access_token)
    with pytest.raises(Unauthenticated):
        await refresh(house.kernel, "staff", issued.refresh_token, HERE)
