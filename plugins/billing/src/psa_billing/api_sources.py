"""What can be billed: the Protocol of a source, its lines, and the hook by which plugins offer sources.

A run asks each source for a company's lines, writes the draft and has the source claim them, in one unit of work.
Billing keeps the claims itself, unique by (source, key): nothing gets on two invoices whatever a source does.
"""

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from psa_sdk import Context, hookspec

LineType = Literal["service", "product", "time_entry", "adjustment"]


class BillingScope(msgspec.Struct, frozen=True, kw_only=True):
    """What a run asks for: everything of a company that is due through a date, of one contract if given."""

    company_id: UUID
    through: datetime.date
    invoice_date: datetime.date
    contract_id: UUID | None = None


class BillableLine(msgspec.Struct, frozen=True, kw_only=True):
    """Something to bill.

    `key` is stable and unique within the source (`<entry id>`, `<item id>:2026-06-01`); lines that share one are
    claimed together. `amount` is exact, unrounded and without discounts and tax; it is rounded once, on the invoice
    line. Without it, it is quantity times unit price. Negative amounts are credits. `tax_category` is the key of a
    tax category; empty means the tenant's standard one. `date` is the tax point: the day of the work or delivery,
    the last day of a period. Lines with `separate` share an invoice only with lines of the same `separate`.
    """

    key: str
    description: str
    currency: str
    date: datetime.date
    unit_price: Decimal
    quantity: Decimal = Decimal(1)
    unit: Literal["", "hour", "day", "month", "piece"] = ""
    amount: Decimal | None = None
    line_type: LineType = "service"
    tax_category: str = ""
    period_start: datetime.date | None = None
    period_end: datetime.date | None = None
    """Inclusive."""
    recognition: Literal["at_once", "over_period"] = "at_once"
    contract_id: UUID | None = None
    ticket_id: UUID | None = None
    project_id: UUID | None = None
    work_type: str = ""
    """A name, for grouping and for the invoice."""
    product_id: UUID | None = None
    po_number: str = ""
    separate: str = ""
    group_title: str = ""
    """What the invoice calls the group, where its source knows: a contract's or project's name."""
    mergeable: bool = False
    """Lines of one group, unit price and tax category may become one invoice line."""

    @property
    def exact(self) -> Decimal:
        """The unrounded amount."""
        return self.quantity * self.unit_price if self.amount is None else self.amount


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """What a source has for a company; `blocked` is a reason why nothing of it may be billed now."""

    lines: Sequence[BillableLine] = ()
    warnings: Sequence[str] = ()
    blocked: str = ""


class BillableSource(Protocol):
    """Knows what can be billed. One instance serves one unit of work."""

    async def companies(self, through: datetime.date) -> Collection[UUID]:
        """Return the companies that may have something due; too many are harmless, missing ones are not."""
        ...

    async def collect(self, scope: BillingScope) -> Collected:
        """Return what is due, locked until the unit of work ends; what another run holds is left out.

        Runs of one company take turns, so a source without rows to lock needs no lock. Lines whose key is on an
        invoice are dropped by billing; missed periods are therefore simply all that are due.
        """
        ...

    async def claim(self, lines: Mapping[str, UUID], invoice_id: UUID) -> None:
        """Note that keys are on an invoice, each with its line's id; raises `Conflict` unless all were free."""
        ...

    async def release(self, invoice_id: UUID, keys: Sequence[str] | None = None) -> None:
        """Give keys of an invoice back, all unless some are named: its draft is deleted, or it is void."""
        ...


class SourceOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A source as a plugin offers it; `name` is part of every claim and never changes. Lower `order` comes first."""

    name: str
    title: str
    open: Callable[[Context], BillableSource]
    order: int = 50


@hookspec
def psa_billing_sources() -> Sequence[SourceOffer]:  # pyright: ignore[reportReturnType]
    """Return what a plugin has to bill."""


class Cover(msgspec.Struct, frozen=True, kw_only=True):
    """What a contract pays for of one time entry.

    `covered_minutes` of the entry's billable minutes, from its start on, are shown at 0.00. The rest is overage:
    at `overage_rate` if given, else at the entry's own; multiplied after hours unless `multiplied` is false.
    """

    contract_id: UUID
    covered_minutes: int
    label: str = ""
    """What the invoice calls it: `Included hours`, a contract's name."""
    overage_rate: Decimal | None = None
    multiplied: bool = True


class WorkCover(Protocol):
    """Knows which approved work is paid for by a contract already. Provided by whoever keeps contracts."""

    async def covers(self, entry_ids: Collection[UUID]) -> Mapping[UUID, Cover]:
        """Return the covers of entries, locked until the unit of work ends; entries without one are absent."""
        ...


class DraftRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that a plugin asks for: a top-up, a deposit. Keys are claimed for `source` as in a run."""

    company_id: UUID
    source: str
    lines: Sequence[BillableLine]
    invoice_date: datetime.date
    contract_id: UUID | None = None


class InvoiceDesk(Protocol):
    """Writes drafts for other plugins. Callers check permissions themselves."""

    async def draft(self, request: DraftRequest) -> UUID | None:
        """Write a draft and return its id; None where all keys are on invoices already."""
        ...

    async def claimed(self, source: str, keys: Collection[str]) -> Mapping[str, UUID]:
        """Return which keys are on which invoice."""
        ...


class TicketTitles(Protocol):
    """Knows what invoices call tickets. Provided by the bridge to the service desk."""

    async def titles(self, ticket_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Return number and title by id."""
        ...
