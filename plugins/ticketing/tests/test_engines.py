"""The pure rules of the service desk, against what they promise."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psa_comments.api import render
from psa_sdk.errors import Invalid
from psa_sdk.placeholders import as_plain, fill
from psa_ticketing.family import MAX_DEPTH, check_chain
from psa_ticketing.lifecycle import ACTIVE, DONE, ENDED, after_reply, stamps
from psa_ticketing.numbers import parse_number, show_number
from psa_ticketing.tables import CATEGORIES

START = datetime(2026, 3, 1, tzinfo=UTC)
MOVES = st.lists(st.sampled_from([one for one in CATEGORIES if one != "merged"]), max_size=25)


@given(st.integers(1, 10**15 - 1), st.sampled_from(["{}", "#{}", "T{}", "t{}", "[#T{}]", " {} ", "T-{}"]))
def test_a_shown_number_is_read_back_however_it_is_written(number: int, form: str):
    """TIC-01"""
    assert parse_number(show_number(number)) == number
    assert parse_number(form.format(number)) == number
    assert len(show_number(number)) >= 7


@given(st.text(max_size=20).filter(lambda text: not any(character.isdigit() for character in text)))
def test_what_has_no_digit_is_no_number(text: str):
    """TIC-01"""
    assert parse_number(text) is None


@given(MOVES)
def test_stamps_tell_the_present_state_after_any_history(moves: list[str]):
    """TIC-02, TIC-03"""
    ticket = {"resolved_at": None, "first_resolved_at": None, "closed_at": None, "reopen_count": 0}
    before, now, reopened, first = "new", START, 0, None
    for after in moves:
        now += timedelta(minutes=1)
        ticket |= stamps(before, after, ticket, now)
        reopened += before in DONE and after in ACTIVE
        first = first or (now if after in DONE and before != after else None)
        assert (ticket["closed_at"] is not None) == (after in ENDED)
        if after in DONE:
            assert ticket["resolved_at"] is not None
        if before in DONE and after in ACTIVE:
            assert ticket["resolved_at"] is None
        assert ticket["reopen_count"] == reopened
        assert ticket["first_resolved_at"] == first
        before = after


@given(
    st.sampled_from(CATEGORIES),
    st.sampled_from(["staff", "customer", "system"]),
    st.booleans(),
    st.booleans(),
)
def test_only_a_clients_own_public_word_moves_a_ticket(category: str, by: str, public: bool, automated: bool):
    """TIC-05, MAIL-04"""
    moved = after_reply(category, by, public=public, automated=automated)
    expected = by == "customer" and public and not automated and category in {"waiting_customer", "resolved"}
    assert moved == ("open" if expected else None)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=50))
def test_no_sequence_of_allowed_moves_builds_a_cycle_or_a_deep_family(moves):
    """TIC-20"""
    nodes = [uuid4() for _ in range(8)]
    parents: dict[UUID, UUID | None] = dict.fromkeys(nodes)

    def up(one: UUID | None) -> list[UUID]:
        found: list[UUID] = []
        while one is not None:
            assert one not in found, "a cycle"
            found.append(one)
            one = parents[one]
        return found

    def height(one: UUID) -> int:
        return 1 + max((height(child) for child, parent in parents.items() if parent == one), default=0)

    for child, parent in moves:
        try:
            check_chain(nodes[child], up(nodes[parent]), height(nodes[child]))
        except Invalid:
            continue
        parents[nodes[child]] = nodes[parent]
    assert all(len(up(node)) <= MAX_DEPTH for node in nodes)


KNOWN = {"contact.name": "Ada", "me.name": "Theo", "company.name": None}
NAMES = st.sampled_from([*KNOWN, "contact.salary", "x"])


@given(
    st.lists(st.tuples(st.text(alphabet="ab c\n", max_size=5), NAMES, st.text(alphabet="xyz", max_size=3)))
)
def test_known_placeholders_vanish_and_unknown_ones_are_all_named(parts):
    """TIC-62"""
    content = "".join(f"{text}{{{{ {name}|{fallback} }}}}" for text, name, fallback in parts)
    unknown = {name for _, name, _ in parts} - KNOWN.keys()
    if unknown:
        with pytest.raises(Invalid) as caught:
            fill(content, KNOWN)
        assert len(caught.value.faults) == len(unknown)
        return
    assert fill(content, KNOWN) == "".join(
        f"{text}{KNOWN[name] or fallback}" for text, name, fallback in parts
    )


@given(st.text(alphabet="[]()<>*_`\\a :/.!#", max_size=30))
def test_a_value_never_becomes_a_link_or_markup(value: str):
    """TIC-62"""
    html = render(f"Dear x{as_plain(value)}x")
    for tag in ("<a ", "<img", "<em>", "<strong>", "<code>"):
        assert tag not in html
