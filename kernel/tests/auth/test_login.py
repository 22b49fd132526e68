"""Logging in: AUTH-01, AUTH-02, AUTH-03, AUTH-04."""

import asyncio
import statistics
import time

import argon2
import pytest

from psa_kernel.builtin.auth.lockout import Count, after_failure
from psa_kernel.builtin.auth.login import Attempt, log_in
from psa_sdk.errors import Forbidden, Problem, RateLimited, Unauthenticated

from .conftest import ELSEWHERE, HERE, OTHER_PASSWORD, PASSWORD, House


async def refusal(house: House, **options: object) -> Problem:
    with pytest.raises(Problem) as caught:
        await house.log_in(**options)
    return caught.value


async def test_the_right_password_opens_a_session_that_the_token_proves(house: House) -> None:
    issued = await house.log_in("Admin@ACME.example ")
    who = await house.who(issued.access_token)
    assert (who.id, who.kind, who.audience, who.tenant_id) == (house.admin, "user", "staff", house.acme)
    assert who.session_id == issued.session_id
    assert who.allows("auth.users.update")
    [entry] = await house.audited("login")
    assert (entry["actor_id"], entry["ip"], entry["tenant_id"]) == (house.admin, "192.0.2.10", house.acme)


async def test_only_digests_of_tokens_and_no_password_are_stored(house: House) -> None:
    issued = await house.log_in()
    for table in ("session", "session_token", "password", "account", "audit_entry", "outbox"):
        text = str([tuple(row) for row in await house.sql(f"SELECT * FROM psa.{table}")])
        assert issued.access_token.split("_")[1] not in text
        assert issued.refresh_token.split("_")[1] not in text
        assert PASSWORD not in text
        assert table == "password" or "argon2" not in text


@pytest.mark.usefixtures("costly_passwords")
async def test_hashes_are_argon2id_with_their_parameters(house: House) -> None:
    """AUTH-01, S1."""
    await house.log_in()  # renews the cheap hash of tests
    [row] = await house.sql("SELECT hash FROM psa.password WHERE account = $1", house.admin)
    parameters = argon2.extract_parameters(row["hash"])
    assert parameters.type is argon2.low_level.Type.ID
    assert parameters.time_cost >= 2
    assert parameters.memory_cost >= 19456


@pytest.mark.usefixtures("costly_passwords")
async def test_an_older_hash_is_renewed_by_a_log_in(house: House) -> None:
    """AUTH-01."""
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    await house.sql("UPDATE psa.password SET hash = $2 WHERE account = $1", house.admin, weak)
    await house.log_in()
    [row] = await house.sql("SELECT hash FROM psa.password WHERE account = $1", house.admin)
    assert argon2.extract_parameters(row["hash"]).memory_cost == 19456
    await house.log_in()


async def test_every_failed_log_in_gets_the_same_answer(house: House) -> None:
    """AUTH-02."""
    await house.person("gone@acme.example", "technician")
    await house.sql("UPDATE psa.account SET status = 'disabled' WHERE email = 'gone@acme.example'")
    await house.person("new@acme.example", "technician", password="")
    attempts = [
        {"email": "nobody@acme.example"},
        {"password": OTHER_PASSWORD},
        {"email": "gone@acme.example"},
        {"email": "new@acme.example"},
        {"tenant": house.rival},
        {"audience": "portal"},
        {"password": "x" * 5000},
    ]
    problems = [await refusal(house, **attempt) for attempt in attempts]
    with pytest.raises(Problem) as caught:
        attempt = Attempt(email="admin@acme.example", password=PASSWORD, audience="staff")
        await log_in(house.kernel, None, attempt, HERE)
    problems.append(caught.value)
    assert {(type(p), p.code, p.faults, tuple(p.headers)) for p in problems} == {
        (Unauthenticated, "login_refused", problems[0].faults, ())
    }
    reasons = {row["detail"] for row in await house.audited("login_failed")}
    assert len(reasons) >= 4


@pytest.mark.usefixtures("costly_passwords")
async def test_a_failed_log_in_takes_as_long_for_an_unknown_address(house: House) -> None:
    """AUTH-02: medians of interleaved tries differ by less than a fifth."""
    await house.log_in()  # renews the cheap hash of tests
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for number in range(50):
        for known in (True, False):
            house.later(minutes=20)
            email = "admin@acme.example" if known else f"nobody{number}@acme.example"
            started = time.perf_counter()
            await refusal(house, email=email, password="wrong password here")
            seconds[known].append(time.perf_counter() - started)
    known, unknown = (statistics.median(seconds[side]) for side in (True, False))
    assert abs(known - unknown) < 0.2 * max(known, unknown)


async def test_five_failures_lock_the_account_for_the_right_password_too(house: House) -> None:
    """AUTH-03."""
    for _ in range(5):
        assert (await refusal(house, password="wrong")).status == 401
    for password in ("wrong", PASSWORD):
        problem = await refusal(house, password=password)
        assert isinstance(problem, RateLimited)
        assert problem.headers["Retry-After"] == "60"
    assert (await refusal(house, request=ELSEWHERE)).status == 429
    house.later(seconds=61)
    await house.log_in()


async def test_a_success_starts_the_count_over(house: House) -> None:
    """AUTH-03."""
    for _ in range(3):
        for _ in range(4):
            assert (await refusal(house, password="wrong")).status == 401
        await house.log_in()


async def test_an_unknown_address_locks_like_a_known_one(house: House) -> None:
    """AUTH-02, AUTH-03: locking tells nothing."""
    statuses = [(await refusal(house, email="nobody@acme.example")).status for _ in range(6)]
    assert statuses == [401] * 5 + [429]


async def test_twenty_tries_at_once_learn_no_more_than_five_answers(house: House) -> None:
    """AUTH-03: the count is settled under a lock, so parallel guesses don't get through."""
    problems = await asyncio.gather(*(refusal(house, password=f"wrong {n}") for n in range(20)))
    statuses = sorted(problem.status for problem in problems)
    assert statuses == [401] * 5 + [429] * 15
    assert (await refusal(house)).status == 429
    [row] = await house.sql("SELECT failures FROM psa.login_failure WHERE subject LIKE 'account:%'")
    assert row["failures"] == 5


async def test_ten_right_passwords_at_once_all_get_in(house: House) -> None:
    issued = await asyncio.gather(*(house.log_in() for _ in range(10)))
    assert len({one.session_id for one in issued}) == 10


async def test_thirty_failures_lock_an_address(house: House) -> None:
    """AUTH-03."""
    statuses = [(await refusal(house, email=f"n{n}@acme.example")).status for n in range(31)]
    assert statuses == [401] * 30 + [429]
    assert (await refusal(house)).status == 429
    await house.log_in(request=ELSEWHERE)


async def test_pauses_double_to_a_quarter_of_an_hour_and_are_forgiven_after_a_day(house: House) -> None:
    """S4: never permanent."""
    pauses = []
    for _ in range(6):
        for _ in range(5):
            assert (await refusal(house, password="wrong")).status == 401
        pause = int((await refusal(house, password="wrong")).headers["Retry-After"])
        pauses.append(pause)
        house.later(seconds=pause + 1)
    assert pauses == [60, 120, 240, 480, 900, 900]
    house.later(days=2)
    count = after_failure(
        Count(failures=5, since=house.clock.now(), locks=6, locked_until=None), house.clock.now(), 99
    )
    assert count.locks == 6
    for _ in range(5):
        await refusal(house, password="wrong")
    assert (await refusal(house)).headers["Retry-After"] == "60"


async def test_each_log_in_is_a_new_session(house: House) -> None:
    """AUTH-04."""
    first, second = await house.log_in(), await house.log_in()
    assert first.session_id != second.session_id
    assert first.access_token != second.access_token


async def test_nobody_logs_into_a_suspended_organisation(house: House) -> None:
    await house.sql("UPDATE psa.tenant SET status = 'suspended' WHERE id = $1", house.acme)
    house.kernel.directory.forget(house.acme)
    problem = await refusal(house)
    assert isinstance(problem, Forbidden)
    assert problem.code == "tenant_suspended"


async def test_portal_and_staff_accounts_of_one_address_are_strangers(house: House) -> None:
    """AUTH-51, PMS-820."""
    async with house.kernel.unit(house.acme) as unit:
        company, contact = house.acme, house.rival
        await unit.records.create(
            "users",
            {
                "audience": "portal",
                "name": "Ann",
                "email": "admin@acme.example",
                "company": company,
                "contact": contact,
            },
        )
    assert (await refusal(house, audience="portal")).code == "login_refused"
    await house.log_in()
