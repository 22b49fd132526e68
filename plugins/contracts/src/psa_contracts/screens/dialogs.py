"""Activating, renewing, cancelling, signing: dialogs for the API's own actions."""

import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import msgspec

from psa_sdk import Context
from psa_sdk.documents import Documents
from psa_sdk.errors import Invalid
from psa_sdk.ui import Go


class Renew(msgspec.Struct, kw_only=True):
    """For how many months, and how much dearer in percent."""

    months: str = ""
    uplift_percent: str = ""


class Cancel(msgspec.Struct, kw_only=True):
    """Why, and the last day where both sides agreed on one."""

    reason: str = ""
    ends_on: str = ""


class Sign(msgspec.Struct, kw_only=True):
    """When."""

    signed_date: str = ""


async def activate(ctx: Context, id: UUID) -> Go:
    """Put a draft in force."""
    return await _done(ctx, id, "activate", {}, "Contract activated")


async def renew(ctx: Context, id: UUID, form: Renew) -> Go:
    """Add a term."""
    body: dict[str, Any] = {}
    if form.months.strip():
        if not form.months.strip().isdigit():
            raise Invalid("Say how many months, as a number.", pointer="/months")
        body["months"] = int(form.months)
    if form.uplift_percent.strip():
        try:
            body["uplift_percent"] = str(Decimal(form.uplift_percent.strip().replace(",", ".")))
        except InvalidOperation:
            raise Invalid("Say the percentage as a number.", pointer="/uplift_percent") from None
    return await _done(ctx, id, "renew", body, "Contract renewed")


async def cancel(ctx: Context, id: UUID, form: Cancel) -> Go:
    """Take notice."""
    body: dict[str, Any] = {"reason": form.reason.strip()}
    if form.ends_on:
        body["ends_on"] = _date(form.ends_on, "/ends_on")
    return await _done(ctx, id, "cancel", body, "Notice noted")


async def sign(ctx: Context, id: UUID, form: Sign) -> Go:
    """Note the signature of the present version."""
    body = {"signed_date": _date(form.signed_date, "/signed_date")}
    return await _done(ctx, id, "sign", body, "Signature noted")


def _date(written: str, pointer: str) -> str:
    try:
        return datetime.date.fromisoformat(written).isoformat()
    except ValueError:
        raise Invalid("Say a date.", pointer=pointer) from None


async def _done(ctx: Context, id: UUID, verb: str, body: dict[str, Any], toast: str) -> Go:
    await ctx.service(Documents).call("POST", f"/contracts/{id}/{verb}", body=body)
    return Go(url=f"/contracts/{id}", toast=toast)
