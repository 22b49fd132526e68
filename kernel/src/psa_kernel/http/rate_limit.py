"""Rate limits: token buckets per tenant, principal and anonymous address, shared through Redis."""

import asyncio
import math
import time
from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from psa_kernel.config import Config
from psa_sdk.errors import RateLimited

log = structlog.get_logger("psa.rate_limit")

_RETRY_REDIS = 1.0
_PATIENCE = 0.5
"""Seconds that a request waits for Redis before it is counted here."""
_REMEMBERED = 50_000

# KEYS: buckets. ARGV: per bucket its tokens per second, its capacity and how many to take at most. Takes of
# each, or of none when one has no whole token. Returns per bucket the tokens before, times 1000, and those taken.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local tokens, refused, answer = {}, false, {}
for i, key in ipairs(KEYS) do
  local rate, capacity = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
  local bucket = redis.call('HMGET', key, 't', 'a')
  local kept = tonumber(bucket[1]) or capacity
  tokens[i] = math.min(capacity, kept + (now - (tonumber(bucket[2]) or now)) * rate)
  refused = refused or tokens[i] < 1
end
for i, key in ipairs(KEYS) do
  local rate, capacity = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
  local taken = refused and 0 or math.min(tonumber(ARGV[3 * i]), math.floor(tokens[i]))
  redis.call('HSET', key, 't', tostring(tokens[i] - taken), 'a', tostring(now))
  redis.call('PEXPIRE', key, math.ceil(capacity / rate * 1000) + 1000)
  answer[2 * i - 1] = math.floor(tokens[i] * 1000)
  answer[2 * i] = taken
end
return answer
"""


class Bucket(msgspec.Struct, frozen=True):
    """A limit: whose, tokens per second, and how many may be taken at once."""

    key: str
    rate: float
    capacity: int

    @property
    def portion(self) -> int:
        """How many tokens a process takes at a time, so that few requests ask Redis: a twentieth at most."""
        return max(1, self.capacity // 20)


class Lease(msgspec.Struct):
    """Tokens of a bucket that this process has taken and not used yet."""

    tokens: int
    left: float
    """What was left in the bucket when they were taken."""
    until: float


class Verdict(msgspec.Struct, frozen=True):
    """The tightest bucket of a request after it."""

    bucket: Bucket
    left: float

    def headers(self) -> dict[str, str]:
        """Return the RateLimit fields; reset is in seconds until the bucket is full again."""
        left = max(0, math.floor(self.left))
        return {
            "RateLimit-Limit": str(self.bucket.capacity),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(math.ceil((self.bucket.capacity - left) / self.bucket.rate)),
        }


class RateLimiter:
    """Counts requests; while Redis is down each process lets through its share."""

    def __init__(self, config: Config, redis: Redis | None) -> None:
        """Read the limits per minute; 0 lifts one."""
        self._take = redis.register_script(_TAKE) if redis is not None else None
        self._retry_at = 0.0
        self._share = 1 / max(1, config.processes) if redis is not None else 1.0
        self._leases: dict[str, Lease] = {}
        self._renewals: dict[str, asyncio.Event] = {}
        self._local: dict[str, tuple[float, float]] = {}
        self._tenant = config.tenant_requests_per_minute
        self._principal = config.requests_per_minute
        self._anonymous = config.anonymous_requests_per_minute

    def buckets(self, tenant: str, principal: str | None, address: str) -> list[Bucket]:
        """Return the buckets of a request: the principal's or the address's, and the tenant's."""
        found: list[Bucket] = []
        if principal is None:
            if self._anonymous:
                found.append(Bucket(f"psa:rate:a:{address}", self._anonymous / 60, self._anonymous))
        elif self._principal:
            key = f"psa:rate:p:{tenant}:{principal}"
            found.append(Bucket(key, self._principal / 60, max(1, self._principal // 5)))
        if self._tenant and tenant:
            found.append(Bucket(f"psa:rate:t:{tenant}", self._tenant / 60, max(1, self._tenant // 5)))
        return found

    async def take(self, buckets: Sequence[Bucket]) -> Verdict | None:
        """Take a token of each bucket; raises `RateLimited` when one is empty. None where nothing is limited."""
        if not buckets:
            return None
        now = time.monotonic()
        while lacking := [bucket for bucket in buckets if not self._leased(bucket, now)]:
            # Requests that come at once take one portion after the other, not one each: the bucket is everybody's.
            renewal = next((self._renewals[one.key] for one in lacking if one.key in self._renewals), None)
            if renewal is not None:
                await renewal.wait()
                continue
            before = await self._renew_alone(lacking, now)
            for bucket, tokens in zip(lacking, before, strict=True):
                if tokens < 1:
                    raise refusal(bucket, tokens)
        tightest: Verdict | None = None
        for bucket in buckets:
            lease = self._leases[bucket.key]
            lease.tokens -= 1
            left = lease.left + lease.tokens
            if tightest is None or left / bucket.capacity < tightest.left / tightest.bucket.capacity:
                tightest = Verdict(bucket, left)
        return tightest

    def _leased(self, bucket: Bucket, now: float) -> bool:
        lease = self._leases.get(bucket.key)
        return lease is not None and lease.tokens > 0 and lease.until > now

    async def _renew_alone(self, buckets: Sequence[Bucket], now: float) -> list[float]:
        renewal = asyncio.Event()
        self._renewals |= {bucket.key: renewal for bucket in buckets}
        try:
            return await self._renew(buckets, now)
        finally:
            for bucket in buckets:
                del self._renewals[bucket.key]
            renewal.set()

    async def _renew(self, buckets: Sequence[Bucket], now: float) -> list[float]:
        """Lease a portion of each bucket, or of none when one is empty; returns the tokens that were there."""
        answer = await self._ask_redis(buckets)
        if answer is None:
            answer = self._ask_here(buckets, now)
        if len(self._leases) > _REMEMBERED:
            self._leases.clear()
        for bucket, (before, taken) in zip(buckets, answer, strict=True):
            # By then the bucket is full again, so tokens that nobody used are no loss to anyone.
            until = now + bucket.capacity / bucket.rate
            self._leases[bucket.key] = Lease(taken, before - taken, until)
        return [before for before, _ in answer]

    async def _ask_redis(self, buckets: Sequence[Bucket]) -> list[tuple[float, int]] | None:
        if self._take is None or time.monotonic() < self._retry_at:
            return None
        if self._retry_at:
            # It was away: one request finds out whether it is back, the others don't wait for that.
            self._retry_at = time.monotonic() + _RETRY_REDIS
        arguments: list[Any] = []
        for bucket in buckets:
            arguments += (bucket.rate, bucket.capacity, bucket.portion)
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await self._take(keys=[bucket.key for bucket in buckets], args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            self._retry_at = time.monotonic() + _RETRY_REDIS
            log.warning(
                "rate limits are counted per process while redis is away",
                error=f"{type(error).__name__}: {error}",
            )
            return None
        self._retry_at = 0.0
        return [(answer[2 * i] / 1000, answer[2 * i + 1]) for i in range(len(buckets))]

    def _ask_here(self, buckets: Sequence[Bucket], now: float) -> list[tuple[float, int]]:
        tokens: list[float] = []
        for bucket in buckets:
            capacity = max(1.0, bucket.capacity * self._share)
            kept, at = self._local.get(bucket.key, (capacity, now))
            tokens.append(min(capacity, kept + (now - at) * bucket.rate * self._share))
        taken = 0 if min(tokens) < 1 else 1
        if len(self._local) > _REMEMBERED:
            self._local.clear()
        for bucket, present in zip(buckets, tokens, strict=True):
            self._local[bucket.key] = (present - taken, now)
        return [(present, taken) for present in tokens]


def refusal(bucket: Bucket, tokens: float) -> RateLimited:
    """Return the answer to a request that finds a bucket empty."""
    wait = max(1, math.ceil((1 - tokens) / bucket.rate))
    return RateLimited(
        f"Too many requests; try again in {wait} s.",
        headers={**Verdict(bucket, tokens).headers(), "Retry-After": str(wait)},
    )
