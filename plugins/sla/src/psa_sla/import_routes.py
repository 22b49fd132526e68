"""Holidays from a file."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request
from litestar.datastructures import UploadFile

from psa_sdk import Context, Record, post
from psa_sdk.errors import Invalid
from psa_sla.holiday_files import Unreadable, holidays_in
from psa_sla.shapes import Holiday

MOST = 2000


@post(
    "/holiday-calendars/{id:uuid}/import",
    permission="sla.holiday_calendars.update",
    returns="holiday-calendars",
    body_types=("multipart/form-data", "text/calendar"),
    max_body=1 << 21,
)
async def import_holidays(ctx: Context, request: Request[Any, Any, Any], id: UUID) -> Record:
    """Add the days of an iCalendar file (.ics) to a holiday calendar; days it has already stay as they are."""
    calendar = await ctx.records.get("holiday-calendars", id, lock=True)
    content = await _content(request)
    try:
        found = holidays_in(content, ctx.today)
    except Unreadable as error:
        raise Invalid(str(error), code="unreadable_calendar", pointer="") from error
    present = msgspec.convert(calendar["holidays"], list[Holiday])
    known = {(one.date, one.name) for one in present}
    merged = [*present, *(one for one in found if (one.date, one.name) not in known)]
    if len(merged) > MOST:
        raise Invalid(
            f"That makes {len(merged)} days; a calendar holds {MOST}. Choose a smaller file.",
            code="too_many_days",
            pointer="",
        )
    await ctx.records.update("holiday-calendars", id, {"holidays": msgspec.to_builtins(merged)})
    return Record("holiday-calendars", id)


async def _content(request: Request[Any, Any, Any]) -> bytes:
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return await request.body()
    form = await request.form()
    files = [part for _, part in form.multi_items() if isinstance(part, UploadFile)]
    if not files:
        raise Invalid("Send the file as a part of multipart/form-data.", code="no_file", pointer="")
    content = await files[0].read()
    for part in files:
        await part.close()
    return content


ALL = (import_holidays,)
