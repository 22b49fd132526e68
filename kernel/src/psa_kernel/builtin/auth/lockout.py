"""Wrong passwords are counted in the database, per e-mail address and per network address, and cost waiting time.

The count is settled after a password is checked, under the row's lock: however many tries run at once, no more
of them than the limit learn whether they were right (AUTH-03).
"""

import datetime
import hashlib
import math
from collections.abc import Sequence

import msgspec

from psa_kernel.builtin.auth.accounts import normalise_email
from psa_kernel.builtin.auth.settings import AuthSettings
from psa_sdk.access import Audience
from psa_sdk.context import Context
from psa_sdk.errors import RateLimited
from psa_sdk.identity import Account
from psa_sdk.tables import new_id

WINDOW = datetime.timedelta(minutes=15)
_FIRST_PAUSE = datetime.timedelta(minutes=1)
_LONGEST_PAUSE = datetime.timedelta(minutes=15)
_FORGIVEN_AFTER = datetime.timedelta(days=1)


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """The failures of one subject; `locks` in a row double the pause."""

    failures: int
    since: datetime.datetime
    locks: int = 0
    locked_until: datetime.datetime | None = None

    def pause(self, now: datetime.datetime) -> datetime.timedelta | None:
        """Return how long it stays locked, or None."""
        return self.locked_until - now if self.locked_until and self.locked_until > now else None


class Subject(msgspec.Struct, frozen=True):
    """What failures are counted for, and how many lock it."""

    key: str
    limit: int


def account_subject(audience: Audience, email_normalised: str, limit: int) -> Subject:
    """Count for an address whether or not an account has it: locking must not tell."""
    digest = hashlib.sha256(email_normalised.encode()).hexdigest()
    return Subject(f"account:{audience}:{digest}", limit)


def address_subject(ip: str, limit: int) -> Subject:
    """Count for a network address."""
    return Subject(f"address:{ip}", limit)


def after_failure(count: Count | None, now: datetime.datetime, limit: int) -> Count:
    """Return the count with one more failure; a locked one stays as it is.

    The pause is one minute, doubling to fifteen, never permanent; a day's quiet forgives earlier locks.
    """
    if count is None:
        count = Count(failures=0, since=now)
    if count.pause(now):
        return count
    started_over = count.locked_until is not None or now - count.since > WINDOW
    locks = 0 if now - (count.locked_until or count.since) > _FORGIVEN_AFTER else count.locks
    failures = 1 if started_over else count.failures + 1
    since = now if started_over else count.since
    if failures < limit:
        return Count(failures=failures, since=since, locks=locks)
    pause = min(_FIRST_PAUSE * 2**locks, _LONGEST_PAUSE)
    return Count(failures=failures, since=since, locks=locks + 1, locked_until=now + pause)


def refusal(pause: datetime.timedelta) -> RateLimited:
    """Return the 429 that says how many seconds to wait."""
    seconds = max(1, math.ceil(pause.total_seconds()))
    return RateLimited(
        f"Too many wrong tries; try again in {seconds} seconds.",
        code="login_locked",
        headers={"Retry-After": str(seconds)},
    )


async def require_unlocked(ctx: Context, subjects: Sequence[Subject], *, hold: bool = False) -> None:
    """Raise `RateLimited` while a subject is locked; `hold` keeps their rows until the unit ends."""
    rows = await ctx.db.fetch(
        "SELECT failures, since, locks, locked_until FROM psa.login_failure WHERE subject = ANY ($1::text[])"
        " ORDER BY subject" + (" FOR UPDATE" if hold else ""),
        [subject.key for subject in subjects],
    )
    pauses = [pause for row in rows if (pause := Count(**row).pause(ctx.now))]
    if pauses:
        raise refusal(max(pauses))


async def is_locked(ctx: Context, subject: Subject) -> bool:
    """Tell whether a subject is locked at this moment."""
    return await ctx.db.fetch_value(
        "SELECT EXISTS (SELECT FROM psa.login_failure WHERE subject = $1 AND locked_until > $2)",
        subject.key,
        ctx.now,
    )


async def count_failure(ctx: Context, subjects: Sequence[Subject]) -> datetime.timedelta | None:
    """Count a failure of each subject; returns the pause if one was locked already, so that its try told nothing.

    Commit afterwards, whatever the request's fate.
    """
    locked: list[datetime.timedelta] = []
    # In one order everywhere, so that two requests never wait for each other.
    for subject in sorted(subjects, key=lambda subject: subject.key):
        await ctx.db.execute(
            "INSERT INTO psa.login_failure (id, subject, since) VALUES ($1, $2, $3)"
            " ON CONFLICT (tenant_id, subject) DO NOTHING",
            new_id(),
            subject.key,
            ctx.now,
        )
        row = await ctx.db.fetch_one(
            "SELECT failures, since, locks, locked_until FROM psa.login_failure WHERE subject = $1 FOR UPDATE",
            subject.key,
        )
        assert row is not None
        before = Count(**row)
        if pause := before.pause(ctx.now):
            locked.append(pause)
            continue
        count = after_failure(before, ctx.now, subject.limit)
        await ctx.db.execute(
            "UPDATE psa.login_failure SET failures = $2, since = $3, locks = $4, locked_until = $5, updated_at = $6"
            " WHERE subject = $1",
            subject.key,
            count.failures,
            count.since,
            count.locks,
            count.locked_until,
            ctx.now,
        )
    return max(locked, default=None)


async def forget_failures(ctx: Context, subject: Subject) -> None:
    """Start a subject's count over: after a success, or when an administrator unlocks it."""
    await ctx.db.execute("DELETE FROM psa.login_failure WHERE subject = $1", subject.key)


async def lock_of(ctx: Context, account: Account) -> Subject:
    """Return what an account's failures are counted under."""
    rules = await ctx.settings(AuthSettings)
    return account_subject(account.audience, normalise_email(account.email), rules.lockout_failures)


async def unlock(ctx: Context, account: Account) -> None:
    """Let an account try again at once after too many wrong passwords."""
    await forget_failures(ctx, await lock_of(ctx, account))
    await ctx.audit("unlocked", "users", account.id)
