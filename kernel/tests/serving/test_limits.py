"""Bodies that are too deep, too large or too late; addresses behind proxies."""

import asyncio

import pytest

from psa_kernel.http import limits
from psa_kernel.http.errors import TimedOut
from psa_kernel.http.proxies import TrustedProxies
from psa_sdk.errors import BadRequest, TooLarge


async def never():
    await asyncio.Event().wait()


def parts(*chunks: bytes):
    """Return a `receive` that gives a body in parts."""
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": n < len(chunks)}
        for n, chunk in enumerate(chunks, 1)
    ]

    async def receive():
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    return receive


async def test_a_body_in_parts_is_put_together():
    assert await limits.read_body(parts(b"a", b"", b"bc"), 10) == b"abc"


async def test_a_body_that_never_arrives_is_given_up(monkeypatch):
    monkeypatch.setattr(limits, "BODY_SECONDS", 0.02)
    with pytest.raises(TimedOut):
        await limits.read_body(never, 10)
    with pytest.raises(TimedOut):
        await limits.bounded(never, 10)()


async def test_a_client_that_leaves_is_no_request():
    async def gone():
        return {"type": "http.disconnect"}

    with pytest.raises(BadRequest):
        await limits.read_body(gone, 10)


async def test_streamed_bodies_are_counted():
    receive = limits.bounded(parts(b"12345", b"67890", b"1"), 10)
    await receive()
    await receive()
    with pytest.raises(TooLarge):
        await receive()


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "' + b"[" * 100 + b'"}',
        b'{"a": "\\"' + b"[" * 100 + b'"}',
        b"[" + b"[]," * 100 + b"[]]",
        b"[" * 32 + b"]" * 32,
    ],
)
def test_brackets_in_text_and_side_by_side_are_not_depth(body):
    limits.refuse_deep(body)


@pytest.mark.parametrize(
    "body", [b"[" * 33 + b"]" * 33, b'{"a":' * 33 + b"1" + b"}" * 33, b'["\\\\"' + b",[" * 40]
)
def test_real_depth_is_refused(body):
    with pytest.raises(BadRequest, match="nested"):
        limits.refuse_deep(body)


@pytest.mark.parametrize(
    "body",
    [b"[]" * 40 + b'"' + b'\\"' * 500_000, b"[]" * 40 + b'\\"' * 500_000, b"[]" * 40 + b'"a\\' * 300_000],
)
@pytest.mark.timeout(10)
def test_text_without_an_end_costs_no_more_than_other_text(body):
    limits.refuse_deep(body)


def test_a_length_of_thousands_of_digits_is_too_large():
    with pytest.raises(TooLarge):
        limits.refuse_declared_size(b"9" * 5000, 10)


@pytest.mark.parametrize("length", [b"-1", b"1e3", b"abc"])
def test_a_length_that_is_no_number_is_refused(length):
    with pytest.raises(BadRequest):
        limits.refuse_declared_size(length, 10)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "<script>, 10.0.0.2", "10.0.0.1"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_the_client_is_the_last_hop_that_is_no_proxy_of_ours(peer, forwarded, client):
    """AUD-06"""
    assert TrustedProxies(("10.0.0.0/8", "fd00::/8")).client(peer, forwarded) == client
