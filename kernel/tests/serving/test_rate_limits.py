"""Token buckets per tenant, principal and address, counted together by all processes (API-04, S35)."""

import asyncio

import msgspec
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from psa_kernel.embedded.valkey import EmbeddedValkey
from psa_kernel.http.rate_limit import RateLimiter
from psa_kernel.kernel import Kernel
from psa_sdk.errors import RateLimited

from .conftest import Desk

HELLO, SECRET = "/api/v1/visits/hello", "/api/v1/visits/secret"


@pytest.fixture(scope="module")
def valkey(tmp_path_factory):
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    yield server.ensure()
    server.stop()


@pytest_asyncio.fixture
async def redis(valkey):
    async with Redis.from_url(valkey) as client:
        await client.flushall()
        yield client


def limited(desk: Desk, **options: object):
    """Open the desk's kernel with limits of its own: slow enough that nothing refills while a test runs."""
    return Kernel.open(msgspec.structs.replace(desk.kernel.config, **options), desk.kernel.registry)


async def statuses(client, path: str, count: int) -> list[int]:
    return [(await client.get(path)).status_code for _ in range(count)]


async def test_a_principal_has_a_burst_and_is_told_what_is_left(desk, redis, valkey):
    async with limited(desk, redis_url=valkey, requests_per_minute=25) as kernel:
        own = Desk(kernel)
        client = await own.log_in()
        first = await client.get(SECRET)
        assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == ("5", "4")
        assert await statuses(client, SECRET, 5) == [200, 200, 200, 200, 429]
        refused = await client.get(SECRET)
        assert refused.json()["errors"][0]["code"] == "rate_limited"
        assert 1 <= int(refused.headers["retry-after"]) <= 3
        assert refused.headers["ratelimit-remaining"] == "0"
        other = await own.log_in()
        assert (await other.get(SECRET)).status_code == 429, "a second session is the same principal"


async def test_guesses_at_credentials_count_against_their_address(desk, redis, valkey):
    async with limited(desk, redis_url=valkey, anonymous_requests_per_minute=3) as kernel:
        anonymous = Desk(kernel).anonymous
        guess = {"Authorization": "Bearer psa_test_guess"}
        answers = [(await anonymous.get(SECRET, headers=guess)).status_code for _ in range(5)]
        assert answers == [401, 401, 401, 429, 429]


async def test_processes_count_together(desk, redis, valkey):
    options = {"redis_url": valkey, "anonymous_requests_per_minute": 6}
    async with limited(desk, **options) as one, limited(desk, **options) as two:
        assert await statuses(Desk(one).anonymous, HELLO, 4) == [200] * 4
        assert await statuses(Desk(two).anonymous, HELLO, 4) == [200, 200, 429, 429]


async def test_an_address_is_not_another_and_cannot_pretend_to_be(desk, redis, valkey):
    async with limited(
        desk, redis_url=valkey, anonymous_requests_per_minute=2, trusted_proxies=("10.0.0.0/8",)
    ) as kernel:
        own = Desk(kernel)
        assert await statuses(own.client(peer="192.0.2.1"), HELLO, 3) == [200, 200, 429]
        assert await statuses(own.client(peer="192.0.2.2"), HELLO, 1) == [200]
        spoofing = own.client(peer="192.0.2.1", x_forwarded_for="203.0.113.7")
        assert await statuses(spoofing, HELLO, 1) == [429]
        behind_proxy = own.client(peer="10.0.0.1", x_forwarded_for="203.0.113.7, 192.0.2.1, 10.0.0.2")
        assert await statuses(behind_proxy, HELLO, 1) == [429]


async def test_a_refused_request_takes_no_token_of_other_buckets(redis, valkey, desk):
    config = msgspec.structs.replace(
        desk.kernel.config, requests_per_minute=10, tenant_requests_per_minute=50
    )
    limiter = RateLimiter(config, redis)
    for _ in range(2):
        await limiter.take(limiter.buckets("acme", "ann", ""))
    for _ in range(20):
        with pytest.raises(RateLimited):
            await limiter.take(limiter.buckets("acme", "ann", ""))
    left = await limiter.take(limiter.buckets("acme", "bob", ""))
    assert left is not None
    tenant_tokens = float(await redis.hget("psa:rate:t:acme", "t"))
    assert 6.9 < tenant_tokens < 8


async def test_requests_at_once_take_a_token_each(redis, valkey, desk):
    """Not a portion each: that would empty the bucket for everybody else."""
    config = msgspec.structs.replace(desk.kernel.config, requests_per_minute=300)
    one, other = RateLimiter(config, redis), RateLimiter(config, redis)
    await asyncio.gather(*(one.take(one.buckets("acme", "ann", "")) for _ in range(30)))
    for _ in range(30):
        await other.take(other.buckets("acme", "ann", ""))


async def test_tenants_have_limits_of_their_own(redis, valkey, desk):
    config = msgspec.structs.replace(desk.kernel.config, tenant_requests_per_minute=10)
    limiter = RateLimiter(config, redis)
    for name in ("ann", "bob"):
        await limiter.take(limiter.buckets("acme", name, ""))
    with pytest.raises(RateLimited):
        await limiter.take(limiter.buckets("acme", "eve", ""))
    await limiter.take(limiter.buckets("rival", "ann", ""))


async def test_each_process_lets_its_share_through_while_redis_is_away(desk, valkey, unused_tcp_port):
    config = msgspec.structs.replace(desk.kernel.config, anonymous_requests_per_minute=20, processes=2)
    async with Redis(host="127.0.0.1", port=unused_tcp_port) as nowhere:
        limiter = RateLimiter(config, nowhere)
        for _ in range(10):
            await limiter.take(limiter.buckets("", None, "192.0.2.1"))
        with pytest.raises(RateLimited):
            await limiter.take(limiter.buckets("", None, "192.0.2.1"))


async def test_without_limits_nothing_is_counted(desk):
    assert "ratelimit-limit" not in (await desk.anonymous.get(HELLO)).headers
