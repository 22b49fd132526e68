"""Hooks can be watched: every call on request, slow ones always."""

import time

import pytest
from structlog.testing import capture_logs

from psa_kernel.boot import load
from psa_kernel.config import Config
from psa_kernel.testing.plugins import module
from psa_sdk import Manifest


def watched(**options: object):
    def psa_health():
        return {"clock": "ok"}

    return load(
        Config(**options), [module(Manifest(name="clocks", title="C"), psa_health=psa_health)], only=()
    )


def test_every_call_is_told_when_the_operator_asks():
    registry = watched(trace_hooks=True)
    with capture_logs() as lines:
        registry.hooks.hook.psa_health()
    (line,) = [line for line in lines if line["event"] == "hook"]
    assert (line["hook"], "clocks" in line["plugins"], "clock" in line["outcome"]) == (
        "psa_health",
        True,
        True,
    )


def test_quick_calls_are_not_mentioned_otherwise():
    registry = watched()
    with capture_logs() as lines:
        registry.hooks.hook.psa_health()
    assert lines == []


def test_a_hook_that_does_io_is_mentioned():
    def psa_tenant_hint(host, path, headers):
        time.sleep(0.06)

    registry = load(
        Config(), [module(Manifest(name="slow", title="S"), psa_tenant_hint=psa_tenant_hint)], only=()
    )
    with capture_logs() as lines:
        registry.hooks.hook.psa_tenant_hint(host="", path="", headers={})
    assert [line["hook"] for line in lines if line["event"] == "slow hook"] == ["psa_tenant_hint"]


def test_a_hook_that_fails_is_traced_and_still_fails():
    def psa_nav(principal):
        raise ZeroDivisionError("no nav")

    registry = load(
        Config(trace_hooks=True), [module(Manifest(name="bad", title="B"), psa_nav=psa_nav)], only=()
    )
    with capture_logs() as lines, pytest.raises(ZeroDivisionError):
        registry.hooks.hook.psa_nav(principal=None)
    assert "no nav" in lines[-1]["outcome"]
