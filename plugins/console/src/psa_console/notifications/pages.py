"""The bell's list, the page of all notifications, and marking them."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from psa_console.notifications.inbox import TOPIC, latest, mark, mark_all
from psa_sdk import Context
from psa_sdk.errors import NotFound
from psa_sdk.ui import Done, Go
from psa_web.api import here

_AT_BELL: Final = 8
_ON_PAGE: Final = 50


class Until(msgspec.Struct):
    """The form that marks all: the instant of the newest one shown."""

    until: datetime.datetime


class Older(msgspec.Struct):
    """The address of an older page."""

    before: datetime.datetime | None = None


async def bell(ctx: Context) -> Mapping[str, Any]:
    """Load the latest ones for the bell's menu."""
    return _shown(await latest(ctx, _AT_BELL))


async def page(ctx: Context, query: Older) -> Mapping[str, Any]:
    """Load one's own notifications."""
    notices = await latest(ctx, _ON_PAGE + 1, before=query.before)
    more = notices[_ON_PAGE - 1]["created_at"].isoformat() if len(notices) > _ON_PAGE else ""
    return {**_shown(notices[:_ON_PAGE]), "more": more}


def _shown(notices: Sequence[Any]) -> dict[str, Any]:
    """Return a list with the instant up to which it marks as read: its own newest, not when its page was made."""
    news = any(one["read_at"] is None for one in notices)
    return {"notices": notices, "until": notices[0]["created_at"].isoformat() if news else ""}


async def follow(ctx: Context, id: UUID) -> Go:
    """Open what a notification is about, which also marks it as read."""
    row = await mark(ctx, id)
    if row is None:
        raise NotFound(f"There is no notification {id}.")
    resource = here().site.installation.resources.get(row["subject_kind"])
    return Go(url=f"{resource.url}/{row['subject_id']}" if resource is not None else "/notifications")


async def unmark(ctx: Context, id: UUID) -> Done:
    """Keep a notification for later."""
    await mark(ctx, id, read=False)
    return Done(refresh=(TOPIC,))


async def read_all(ctx: Context, form: Until) -> Done:
    """Mark all as read that the person has seen."""
    await mark_all(ctx, form.until)
    return Done(refresh=(TOPIC,))
