"""What msgspec finds is said in words: none of its own notation reaches who fills a form in."""

import datetime
import enum
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest

from psa_sdk.mismatches import Mismatch, mismatch


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


class Line(msgspec.Struct):
    hours: int


def found(value: Any, kind: Any) -> Mismatch:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert(value, kind)
    return mismatch(raised.value, kind)


@pytest.mark.parametrize(
    ("value", "kind", "detail"),
    [
        ("x" * 4, Annotated[str, msgspec.Meta(max_length=3)], "It must have at most 3 characters."),
        ([1, 2, 3], Annotated[list[int], msgspec.Meta(max_length=2)], "It must have at most 2 entries."),
        ("x", Annotated[str, msgspec.Meta(min_length=2)], "It must have at least 2 characters."),
        ("", Annotated[str, msgspec.Meta(min_length=1)], "It must not be empty."),
        ([1], tuple[int, int], "It must have exactly 2 entries."),
        (0, Annotated[int, msgspec.Meta(ge=1)], "It must be at least 1."),
        (2.5, Annotated[float, msgspec.Meta(le=2)], "It must be at most 2."),
        ("eur", Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")], "It must match ^[A-Z]{3}$."),
        ("huge", Size, "It must be one of small, large."),
        ("c", Annotated[Literal["a", "b"] | None, msgspec.Meta()], "It must be one of a, b."),
        ("soon", datetime.date, "It must be a date such as 2026-03-31."),
        ("soon", UUID, "It must be an id (a UUID)."),
        ("much", Decimal, "It must be a number such as 12.50."),
        (1.5, int, "It must be a whole number."),
        ("x", int | None, "It must be a whole number."),
        ({}, str | int, "It must be a whole number or text."),
        (None, list[int], "It must be a list."),
    ],
)
def test_it_says_what_is_expected(value: Any, kind: Any, detail: str):
    assert found(value, kind) == (detail, "")


def test_it_points_below_the_value():
    assert found([{"hours": 1}, {"hours": "two"}], list[Line]).pointer == "/1/hours"


def test_the_choices_of_something_inside_are_not_taken_for_its_own():
    assert found(["huge"], list[Size]) == ("Invalid enum value 'huge'.", "/0")


def test_what_a_type_says_itself_is_kept():
    class Even(msgspec.Struct):
        number: int

        def __post_init__(self) -> None:
            if self.number % 2:
                raise ValueError("Give an even number.")

    assert found({"number": 3}, Even) == ("Give an even number.", "")
