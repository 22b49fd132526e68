"""Values are valid for the types they are made for, and ids are in order."""

import datetime
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta

from psa_sdk import Address, Money
from psa_sdk.tables import new_id
from psa_sdk.testing.values import NoValue, struct, value


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


TYPES: list[Any] = [
    str,
    int,
    bool,
    float,
    Decimal,
    datetime.datetime,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    UUID,
    bytes,
    None,
    Any,
    Colour,
    Money,
    Address,
    Literal["a", "b"],
    str | None,
    list[int],
    set[str],
    frozenset[str],
    tuple[int, str],
    tuple[int, ...],
    dict[str, int],
    Annotated[list[int], Meta(min_length=3)],
    Annotated[str, Meta(min_length=12, max_length=14)],
    Annotated[str, Meta(max_length=2)],
    Annotated[str, Meta(pattern="^[A-Z]{2}$")],
    Annotated[str, Meta(pattern="^[a-z]{2}-[A-Z]{2}$")],
    Annotated[str, Meta(pattern=r"^#[0-9a-f]{6}$")],
    Annotated[str, Meta(pattern=r"^https?://\S+$")],
    Annotated[str, Meta(pattern=r"^\d{2}:\d{2}$")],
    Annotated[int, Meta(ge=5, le=7)],
    Annotated[int, Meta(gt=5, lt=7)],
    Annotated[int, Meta(le=-4)],
    Annotated[int, Meta(ge=1, multiple_of=15)],
    Annotated[float, Meta(ge=0.5)],
]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_each_of_many_values_is_valid(kind: Any):
    for n in (0, 1, 2, 59, 1007):
        msgspec.convert(value(kind, "name", n), kind, strict=True, str_keys=True)


@pytest.mark.parametrize(
    "kind", [str, int, bool, Decimal, UUID, datetime.date, Literal["a", "b"], Colour], ids=str
)
def test_values_that_follow_each_other_differ(kind: Any):
    assert value(kind, "name", 1) != value(kind, "name", 2)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("email", "person7@example.com"),
        ("website", "https://example.com/7"),
        ("mobile_phone", "+351215550007"),
        ("timezone", "Australia/Perth"),
    ],
)
def test_names_tell_what_a_text_is(name: str, shown: str):
    assert value(str, name, 7) == shown


def test_a_pattern_that_nothing_fits_is_said():
    with pytest.raises(NoValue, match="give one in samples"):
        value(Annotated[str, Meta(pattern="^never this{99}$")], "name", 1)


def test_a_struct_has_what_is_required_and_all_of_it_when_whole():
    class Visit(msgspec.Struct):
        title: str
        hours: int = 1

    assert struct(Visit, 3) == {"title": "Title 3"}
    assert struct(Visit, 3, whole=True) == {"title": "Title 3", "hours": 4}


def test_ids_are_in_the_order_in_which_they_were_made() -> None:
    """RFC 9562 6.2, method 3: within a millisecond too."""
    made = [new_id() for _ in range(5_000)]
    assert {(id.version, id.variant) for id in made} == {(7, uuid.RFC_4122)}
    assert made == sorted(made)
    assert len(set(made)) == len(made)
