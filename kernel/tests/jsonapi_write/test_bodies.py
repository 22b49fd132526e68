"""Request documents are refused with every failure named, and nothing else gets through."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
import pytest

from psa_kernel.jsonapi.bodies import decode_attributes
from psa_sdk.errors import BadRequest, Invalid
from psa_sdk.values import Address


class Merge(msgspec.Struct, kw_only=True):
    into: UUID
    reason: Annotated[str, msgspec.Meta(max_length=10)] = ""
    amount: Decimal | None = None
    address: Address | None = None
    lines: list[int] = []


TARGET = "01890000-0000-7000-8000-000000000001"


def document(attributes: object) -> bytes:
    return msgspec.json.encode({"data": {"attributes": attributes}})


def pointers(error: Invalid) -> dict[str | None, str]:
    return {fault.pointer: fault.code for fault in error.faults}


def test_attributes_are_decoded_and_the_type_may_be_left_out():
    merge = decode_attributes(document({"into": TARGET, "amount": "49.50"}), Merge)
    assert merge.into == UUID(TARGET)
    assert merge.amount == Decimal("49.50")


def test_number_literals_keep_all_their_digits():
    body = b'{"data":{"attributes":{"into":"%s","amount":12345678901234567.89}}}' % TARGET.encode()
    assert decode_attributes(body, Merge).amount == Decimal("12345678901234567.89")


def test_all_failures_are_reported_at_once_with_their_pointers():
    wrong = {
        "reason": "much too long for this",
        "amount": "many",
        "address": {"country": "usa", "street": 5, "planet": "x"},
        "lines": [1, "two", 3, None],
        "colour": "red",
    }
    with pytest.raises(Invalid) as caught:
        decode_attributes(document(wrong), Merge)
    assert set(pointers(caught.value)) == {
        "/data/attributes",
        "/data/attributes/reason",
        "/data/attributes/amount",
        "/data/attributes/address/country",
        "/data/attributes/address/street",
        "/data/attributes/address/planet",
        "/data/attributes/lines/1",
        "/data/attributes/lines/3",
        "/data/attributes/colour",
    }
    assert pointers(caught.value)["/data/attributes"] == "required"


def test_unknown_attributes_are_refused_even_when_the_rest_is_right():
    with pytest.raises(Invalid) as caught:
        decode_attributes(document({"into": TARGET, "colour": "red"}), Merge)
    assert pointers(caught.value) == {"/data/attributes/colour": "unknown_attribute"}


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1E+999999"])
def test_decimals_that_are_no_numbers_are_refused(text: str):
    with pytest.raises(Invalid) as caught:
        decode_attributes(document({"into": TARGET, "amount": text}), Merge)
    assert pointers(caught.value) == {"/data/attributes/amount": "out_of_range"}


@pytest.mark.parametrize("text", [r"\u0000", r"\ud800"])
def test_characters_that_cannot_be_stored_are_refused_with_a_pointer(text: str):
    body = document({"into": TARGET, "reason": "a@b"}).decode().replace("@", text)
    with pytest.raises(Invalid) as caught:
        decode_attributes(body.encode(), Merge)
    assert pointers(caught.value) == {"/data/attributes/reason": "invalid_character"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"data":[]}',
        b'{"data":null}',
        b'{"date":{}}',
        b'{"data":{"attributes":[]}}',
        b'{"data":{"attributes":{"reason":NaN}}}',
        b'{"data":{"attributes":{"amount":1e999}}}',
        b'{"data":{"attributes":{"reason":"a","reason":"b"}}}',
        b'{"data":{"attributes":{"lines":' + b"[" * 100_000 + b"]" * 100_000 + b"}}}",
        b'{"data":{"attributes":{"amount":' + b"1" * 5000 + b"}}}",
    ],
)
def test_malformed_documents_are_one_clear_error(body: bytes):
    with pytest.raises(BadRequest) as caught:
        decode_attributes(body, Merge)
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].code in {"malformed_json", "malformed_document"}


def test_an_empty_body_is_enough_for_an_action_without_required_attributes():
    class Close(msgspec.Struct):
        reason: str = ""

    assert decode_attributes(b"", Close).reason == ""
    with pytest.raises(Invalid):
        decode_attributes(b"", Merge)
