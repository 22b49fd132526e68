"""CAL-06, CAL-08: overlap, days and lanes against slow references."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from psa_calendar.screens.blocks import QUARTERS, columns
from psa_calendar.shapes import CalendarEntry
from psa_calendar.spans import DAY, Span, days_span, lanes, overlaps

START = datetime(2026, 10, 24, tzinfo=UTC)
ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kolkata")]
)


def span(first: int, minutes: int) -> Span:
    start = START + timedelta(minutes=first)
    return Span(start, start + timedelta(minutes=minutes))


SPANS = st.builds(span, st.integers(0, 3000), st.integers(1, 900))


@given(SPANS, SPANS)
def test_spans_overlap_when_they_share_a_minute(one, other):
    """CAL-06: half-open; the reference looks at every minute."""

    def minutes(of: Span) -> set[datetime]:
        count = (of.end - of.start) // timedelta(minutes=1)
        return {of.start + timedelta(minutes=minute) for minute in range(count)}

    assert overlaps(one, other) == overlaps(other, one) == bool(minutes(one) & minutes(other))


@given(st.lists(SPANS, max_size=12))
def test_what_overlaps_never_shares_a_lane_and_no_lane_is_for_nothing(spans):
    found = lanes(spans)
    for index, (lane, width) in enumerate(found):
        assert 0 <= lane < width
        for other in range(index):
            if overlaps(spans[index], spans[other]):
                assert found[other][0] != lane
                assert found[other][1] == width
        fullest = max(sum(one.start <= at.start < one.end for one in spans) for at in spans)
        assert width <= fullest


@given(st.dates(date(1970, 1, 2), date(2037, 12, 30)), st.integers(0, 40), ZONES)
def test_days_hold_exactly_the_instants_of_their_dates(first, more, zone):
    """CAL-08, also where clocks change or a date is left out."""
    whole = days_span(first, first + DAY * more, zone)
    for moment, inside in (
        (whole.start, True),
        (whole.start - timedelta(microseconds=1), False),
        (whole.end - timedelta(microseconds=1), True),
        (whole.end, False),
    ):
        on = first <= moment.astimezone(zone).date() <= first + DAY * more
        assert on == inside or whole.start == whole.end


@given(st.lists(SPANS, max_size=8), ZONES)
def test_each_part_of_an_appointment_lies_on_its_day(spans, zone):
    entries = [
        CalendarEntry(
            appointment=str(number),
            title="",
            start_time=one.start,
            end_time=one.end,
            all_day=False,
            start_date=None,
            end_date=None,
            status="scheduled",
            appointment_type="other",
            location="",
            users=[],
        )
        for number, one in enumerate(spans)
    ]
    dates = [date(2026, 10, 22) + DAY * offset for offset in range(8)]
    for day in columns(entries, dates, zone):
        shown = {block.entry.appointment for block in day.blocks}
        meant = {
            entry.appointment
            for entry in entries
            if overlaps(Span(entry.start_time, entry.end_time), days_span(day.date, day.date, zone))
        }
        assert shown == meant
        assert all(0 <= block.first < block.last <= QUARTERS for block in day.blocks)
