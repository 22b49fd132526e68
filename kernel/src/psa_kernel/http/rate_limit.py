"""Rate limits: token buckets per tenant, principal and anonymous address, shared through Redis."""

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
_LOCAL_BUCKETS = 50_000

# KEYS: buckets. ARGV: per bucket its tokens per second and its capacity. Takes one token of each, or of none
# when one is empty. Returns per bucket the tokens left (negative: how much is lacking), times 1000.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local left, refused = {}, false
for i, key in ipairs(KEYS) do
  local rate, capacity = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local bucket = redis.call('HMGET', key, 't', 'a')
  local tokens = tonumber(bucket[1]) or capacity
  tokens = math.min(capacity, tokens + (now - (tonumber(bucket[2]) or now)) * rate) - 1
  left[i] = tokens
  refused = refused or tokens < 0
end
for i, key in ipairs(KEYS) do
  local rate, capacity = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local tokens = refused and math.min(capacity, left[i] + 1) or left[i]
  redis.call('HSET', key, 't', tostring(tokens), 'a', tostring(now))
  redis.call('PEXPIRE', key, math.ceil(capacity / rate * 1000) + 1000)
  left[i] = math.floor(left[i] * 1000)
end
return left
"""


class Bucket(msgspec.Struct, frozen=True):
    """A limit: whose, tokens per second, and how many may be taken at once."""

    key: str
    rate: float
    capacity: int


class Verdict(msgspec.Struct, frozen=True):
    """The tightest bucket of a request after it: tokens left (negative when refused), seconds until it is full."""

    limit: int
    left: float
    reset: int
    retry_after: int

    def headers(self) -> dict[str, str]:
        """Return the RateLimit fields."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, math.floor(self.left))),
            "RateLimit-Reset": str(self.reset),
        }


class RateLimiter:
    """Counts requests; while Redis is down each process lets through its share."""

    def __init__(self, config: Config, redis: Redis | None) -> None:
        """Read the limits per minute; 0 lifts one."""
        self._redis = redis
        self._take = redis.register_script(_TAKE) if redis is not None else None
        self._retry_at = 0.0
        self._share = 1 / max(1, config.processes)
        self._local: dict[str, tuple[float, float]] = {}
        self._tenant = config.tenant_requests_per_minute
        self._principal = config.requests_per_minute
        self._anonymous = config.anonymous_requests_per_minute

    def buckets(self, tenant: str, principal: str | None, address: str) -> list[Bucket]:
        """Return the buckets of a request: the tenant's, and the principal's or the address's."""
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
        left = await self._left(buckets)
        index = min(range(len(buckets)), key=lambda i: left[i] / buckets[i].capacity)
        bucket, tokens = buckets[index], left[index]
        verdict = Verdict(
            limit=bucket.capacity,
            left=tokens,
            reset=math.ceil((bucket.capacity - max(0.0, tokens)) / bucket.rate),
            retry_after=max(1, math.ceil(-tokens / bucket.rate)),
        )
        if tokens < 0:
            raise RateLimited(
                f"Too many requests; try again in {verdict.retry_after} s.",
                headers={**verdict.headers(), "Retry-After": str(verdict.retry_after)},
            )
        return verdict

    async def _left(self, buckets: Sequence[Bucket]) -> list[float]:
        if self._take is not None and time.monotonic() >= self._retry_at:
            arguments: list[Any] = [part for bucket in buckets for part in (bucket.rate, bucket.capacity)]
            try:
                left = await self._take(keys=[bucket.key for bucket in buckets], args=arguments)
                return [tokens / 1000 for tokens in left]
            except (RedisError, OSError) as error:
                self._retry_at = time.monotonic() + _RETRY_REDIS
                log.warning("rate limits are counted per process while redis is away", error=str(error))
        return self._take_locally(buckets)

    def _take_locally(self, buckets: Sequence[Bucket]) -> list[float]:
        now = time.monotonic()
        share = self._share if self._take is not None else 1.0
        left: list[float] = []
        for bucket in buckets:
            capacity = max(1.0, bucket.capacity * share)
            tokens, at = self._local.get(bucket.key, (capacity, now))
            left.append(min(capacity, tokens + (now - at) * bucket.rate * share) - 1)
        refused = min(left) < 0
        if len(self._local) > _LOCAL_BUCKETS:
            self._local.clear()
        for bucket, tokens in zip(buckets, left, strict=True):
            self._local[bucket.key] = (tokens + 1 if refused else tokens, now)
        return left
