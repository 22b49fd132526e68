"""The same POST sent twice has its effect once (X-06)."""

import asyncio
import datetime
from types import SimpleNamespace

import pytest
from litestar import Request, Response

from psa_kernel.clock import FixedClock
from psa_kernel.jsonapi import idempotency
from psa_kernel.principal import ANONYMOUS
from psa_sdk.errors import BadRequest, Conflict

from .conftest import workshop
from .test_writes import staff


def request(body: bytes = b"{}", key: str = "key-1", path: str = "/api/v1/companies") -> Request:
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"idempotency-key", key.encode())],
        "state": {},
        "app": SimpleNamespace(),
        "route_handler": SimpleNamespace(
            request_max_body_size=None, resolve_request_max_body_size=lambda: None
        ),
    }
    return Request(scope, receive)


async def post(kernel, principal, sent: Request, name: str = "Northwind", before_commit=None) -> Response:
    """A request as the unit-of-work layer runs it."""
    async with kernel.unit(kernel.acme, principal=principal) as unit:
        stored = await idempotency.replay(unit, sent)
        if stored is not None:
            return stored
        key = await unit.records.create("companies", {"name": name})
        answer = Response(
            str(key).encode(), status_code=201, headers={"Location": f"/{key}", "Set-Cookie": "s=1"}
        )
        if before_commit:
            await before_commit()
        await idempotency.store(unit, sent, answer)
        return answer


async def companies(kernel) -> int:
    async with kernel.unit(kernel.acme) as unit:
        return await unit.records.count("companies")


async def test_a_repeated_request_gets_the_stored_answer_and_no_second_effect(kernel):
    me = staff()
    first = await post(kernel, me, request())
    again = await post(kernel, me, request())
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "set-cookie" not in again.headers
    assert await companies(kernel) == 1


async def test_another_body_under_the_same_key_is_a_conflict(kernel):
    me = staff()
    await post(kernel, me, request())
    with pytest.raises(Conflict) as caught:
        await post(kernel, me, request(b'{"a":1}'))
    assert caught.value.code == "idempotency_key_reused"
    assert await companies(kernel) == 1


async def test_keys_belong_to_a_principal_and_a_path(kernel):
    me = staff()
    await post(kernel, me, request())
    await post(kernel, staff(), request(b'{"a":1}'))
    await post(kernel, me, request(b'{"a":1}', path="/api/v1/people"))
    assert await companies(kernel) == 3


async def test_a_duplicate_that_runs_at_the_same_time_waits_and_never_doubles(kernel):
    me = staff()
    answers = await asyncio.gather(*(post(kernel, me, request()) for _ in range(5)))
    assert len({answer.content for answer in answers}) == 1
    assert await companies(kernel) == 1


async def test_a_duplicate_of_a_request_that_takes_long_is_told_to_come_back(kernel):
    me, waiting, finish = staff(), asyncio.Event(), asyncio.Event()

    async def hold():
        waiting.set()
        await finish.wait()

    slow = asyncio.create_task(post(kernel, me, request(), before_commit=hold))
    await waiting.wait()
    with pytest.raises(Conflict) as caught:
        await post(kernel, me, request())
    assert (caught.value.code, caught.value.headers) == ("idempotency_key_in_use", {"Retry-After": "1"})
    finish.set()
    await slow
    assert await companies(kernel) == 1


async def test_a_failed_request_leaves_its_key_free(kernel):
    me = staff()

    async def fail():
        raise BadRequest("No.")

    with pytest.raises(BadRequest):
        await post(kernel, me, request(), before_commit=fail)
    assert "Idempotent-Replayed" not in (await post(kernel, me, request())).headers
    assert await companies(kernel) == 1


async def test_keys_are_kept_for_a_day_and_then_forgotten(new_kernel, tmp_path):
    clock = FixedClock(datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC))
    kernel = await workshop(new_kernel, tmp_path, clock=clock)
    me = staff()
    await post(kernel, me, request())
    clock.advance(datetime.timedelta(hours=23, minutes=59))
    assert "Idempotent-Replayed" in (await post(kernel, me, request())).headers
    clock.advance(datetime.timedelta(minutes=1))
    assert "Idempotent-Replayed" not in (await post(kernel, me, request(b"other"))).headers
    clock.advance(datetime.timedelta(days=2))
    actor = next(
        item for _, item in kernel.registry.actors.values() if item.name.endswith("forget_expired_keys")
    )
    async with kernel.unit(kernel.acme) as unit:
        await actor.run(unit)
        assert await unit.connection.fetchval("SELECT count(*) FROM psa.idempotency_key") == 0


async def test_nobody_in_particular_has_no_keys_and_bad_ones_are_refused(kernel):
    async with kernel.unit(kernel.acme, principal=ANONYMOUS) as unit:
        assert await idempotency.replay(unit, request()) is None
        assert await unit.connection.fetchval("SELECT count(*) FROM psa.idempotency_key") == 0
    for bad in ("", "x" * 256):
        with pytest.raises(BadRequest):
            await post(kernel, staff(), request(key=bad))


async def test_a_key_of_a_request_that_went_outside_is_in_use_until_it_is_answered_or_given_up(
    new_kernel, tmp_path
):
    now = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
    clock = FixedClock(now)
    kernel = await workshop(new_kernel, tmp_path, clock=clock)
    me = staff()
    async with kernel.unit(kernel.acme, principal=me) as unit:
        sent = request()
        assert await idempotency.replay(unit, sent) is None
        async with unit.outside():
            with pytest.raises(Conflict) as busy:
                await post(kernel, me, request())
        assert busy.value.code == "idempotency_key_in_use"
        await idempotency.store(unit, sent, Response(b"kept", status_code=201))
    assert (await post(kernel, me, request())).content == b"kept"
    with pytest.raises(ZeroDivisionError):
        async with kernel.unit(kernel.acme, principal=me) as unit:
            await idempotency.replay(unit, request(key="key-2"))
            async with unit.outside():
                raise ZeroDivisionError
    clock.advance(datetime.timedelta(minutes=1))
    assert (await post(kernel, me, request(key="key-2"))).status_code == 201
