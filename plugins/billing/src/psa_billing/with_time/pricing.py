"""What an approved entry costs: covered minutes at nothing, the rest by segment. Pure (CON-12, CON-13, TIME-04)."""

from collections.abc import Sequence
from decimal import Decimal

from psa_billing.api_sources import BillableLine, Cover
from psa_time.api import BillableTime, Segment

HOUR = Decimal(60)
PLACES = Decimal("0.0001")


def parts_of(segments: Sequence[Segment], covered: int) -> tuple[int, list[Segment]]:
    """Take covered minutes off the start; returns how many there were and the segments that are left.

    Example:
        >>> day, night = Segment(30, Decimal(1)), Segment(90, Decimal("1.5"))
        >>> parts_of([day, night], 60)
        (60, [Segment(minutes=60, multiplier=Decimal('1.5'))])
    """
    left, rest = covered, list[Segment]()
    for segment in segments:
        taken = min(left, segment.minutes)
        left -= taken
        if segment.minutes > taken:
            rest.append(Segment(segment.minutes - taken, segment.multiplier))
    return covered - left, rest


def lines_of(
    entry: BillableTime, cover: Cover | None, work_type: str, *, title: str = ""
) -> list[BillableLine]:
    """Return the lines of an entry; none where it has no rate and isn't covered whole."""
    covered, rest = parts_of(entry.segments, cover.covered_minutes if cover else 0)
    lines: list[BillableLine] = []
    if covered:
        label = cover.label if cover and cover.label else work_type
        lines.append(_line(entry, covered, Decimal(0), label, cover, title))
    rate = cover.overage_rate if cover and cover.overage_rate is not None else entry.hourly_rate
    if entry.is_no_charge:
        rate = Decimal(0)
    if rest and rate is None:
        return []
    for segment in rest:
        premium = segment.multiplier if not cover or cover.multiplied else Decimal(1)
        lines.append(_line(entry, segment.minutes, (rate or Decimal(0)) * premium, work_type, cover, title))
    return lines


def _line(
    entry: BillableTime, minutes: int, price: Decimal, work_type: str, cover: Cover | None, title: str
) -> BillableLine:
    return BillableLine(
        key=str(entry.id),
        description=entry.notes,
        currency=entry.currency,
        date=entry.date,
        unit_price=price,
        quantity=(minutes / HOUR).quantize(PLACES),
        unit="hour",
        amount=minutes * price / HOUR,
        line_type="time_entry",
        contract_id=cover.contract_id if cover else entry.contract_id,
        ticket_id=entry.ticket_id,
        project_id=entry.project_id,
        work_type=work_type,
        group_title=title,
        mergeable=True,
    )
