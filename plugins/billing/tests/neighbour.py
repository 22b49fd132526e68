"""A plugin that has something to bill: subscriptions, monthly from a first day. It keeps them in memory."""

import calendar
import datetime
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from psa_billing.api import BillableLine, BillingScope, Collected, SourceOffer
from psa_sdk import Context, Manifest, hookimpl
from psa_sdk.errors import Conflict
from psa_sdk.tables import new_id

subscriptions: dict[UUID, tuple[UUID, datetime.date, Decimal, str]] = {}
billed: dict[str, UUID] = {}
failing: set[UUID] = set()
crashing: set[UUID] = set()


def reset() -> None:
    subscriptions.clear()
    billed.clear()
    failing.clear()
    crashing.clear()


def subscribe(company: UUID, first: datetime.date, price: str, currency: str = "USD") -> None:
    subscriptions[new_id()] = (company, first, Decimal(price), currency)


class Subscriptions:
    """Bills every month that has ended."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx

    async def companies(self, through: datetime.date) -> Collection[UUID]:
        return {company for company, first, _, _ in subscriptions.values() if first <= through}

    async def collect(self, scope: BillingScope) -> Collected:
        if scope.company_id in failing:
            raise Conflict("The subscription broke.")
        if scope.company_id in crashing:
            raise RuntimeError("a bug of the source")
        return Collected(
            lines=[
                BillableLine(
                    key=f"{id}:{start}",
                    description="Subscription",
                    currency=currency,
                    date=end,
                    unit_price=price,
                    unit="month",
                    period_start=start,
                    period_end=end,
                    recognition="over_period",
                )
                for id, (company, first, price, currency) in subscriptions.items()
                if company == scope.company_id
                for start, end in months(first, scope.through)
            ]
        )

    async def claim(self, lines: Mapping[str, UUID], invoice_id: UUID) -> None:
        billed.update(dict.fromkeys(lines, invoice_id))

    async def release(self, invoice_id: UUID, keys: Sequence[str] | None = None) -> None:
        for key in list(billed) if keys is None else keys:
            billed.pop(key, None)


def months(first: datetime.date, through: datetime.date):
    start = first
    while True:
        end = start.replace(day=calendar.monthrange(start.year, start.month)[1])
        if end > through:
            return
        yield start, end
        start = end + datetime.timedelta(days=1)


@hookimpl
def psa_billing_sources() -> Sequence[SourceOffer]:
    return (SourceOffer(name="subscriptions", title="Subscriptions", open=Subscriptions),)


@hookimpl
def psa_manifest() -> Manifest:
    return Manifest(name="subscriptions", title="Subscriptions", requires=("billing",))
