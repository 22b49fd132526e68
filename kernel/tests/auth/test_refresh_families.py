"""Refresh families under any sequence of refreshes, thefts and waits, against a model (AUTH-20)."""

import datetime

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from psa_kernel.builtin.auth import authenticate
from psa_kernel.builtin.auth.refreshing import refresh
from psa_sdk.errors import Unauthenticated

from .conftest import ELSEWHERE, HERE, House

steps = st.lists(
    st.tuples(
        st.integers(0, 3),  # how many steps back the presented refresh token is
        st.sampled_from([HERE, ELSEWHERE]),
        st.sampled_from([0, 5, 11, 3600]),  # seconds before it
    ),
    min_size=1,
    max_size=7,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(steps)
async def test_a_family_lives_as_its_model_says(house: House, plan: list[tuple[int, object, int]]) -> None:
    house.later(hours=2)
    first = await house.log_in()
    chain = [first]
    replaced: list[tuple[datetime.datetime, object]] = []
    alive = True
    for back, client, wait in plan:
        house.later(seconds=wait)
        index = max(0, len(chain) - 1 - back)
        newest = index == len(chain) - 1
        graceful = (
            index == len(chain) - 2
            and replaced[index][1] is client
            and house.clock.now() - replaced[index][0] <= datetime.timedelta(seconds=10)
        )
        allowed = alive and (newest or graceful)
        try:
            issued = await refresh(house.kernel, "staff", chain[index].refresh_token, client)
        except Unauthenticated:
            assert not allowed
            alive = False
        else:
            assert allowed
            if newest:
                replaced.append((house.clock.now(), client))
                chain.append(issued)
            else:
                assert issued == chain[index + 1]
    authenticate.forget(house.kernel, house.acme)
    house.later(seconds=1)
    for number, issued in enumerate(chain):
        try:
            await house.who(issued.access_token)
        except Unauthenticated:
            assert not alive or house.clock.now() >= issued.expires_at
        else:
            assert alive
            assert house.clock.now() < issued.expires_at, number
