"""Log lines: one a happening, complete, and silent about secrets."""

import json
import logging

import pytest
import structlog

from psa_kernel import logs


@pytest.fixture(autouse=True)
def _restored():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def logged(capsys, form: str = "json") -> list[str]:
    logs.configure(form)
    log = structlog.get_logger("psa.test.fresh")
    with logs.bound(tenant="acme", request_id="r-1"):
        log.info("sent", recipient="ann@example.com", access_token="psa_abc", path="/a\nb")
    logging.getLogger("somebody.else").warning("old style %s", "line")
    try:
        raise_with("hunter2")
    except ValueError:
        log.exception("failed")
    return capsys.readouterr().err.splitlines()


def raise_with(password: str) -> None:
    raise ValueError("something else")


def test_json_lines_are_complete_and_mask_secrets(capsys):
    sent, foreign, failed = [json.loads(line) for line in logged(capsys)]
    assert {
        "tenant": "acme",
        "request_id": "r-1",
        "plugin": "-",
        "access_token": "***",
    }.items() <= sent.items()
    assert (foreign["event"], foreign["level"], foreign["tenant"]) == ("old style line", "warning", "-")
    assert failed["exception"][0]["exc_type"] == "ValueError"


def test_text_lines_cannot_be_forged(capsys):
    lines = logged(capsys, "text")
    assert "tenant=acme" in lines[0]
    assert r"path='/a\nb'" in lines[0]
    assert lines[-1] == "ValueError: something else"


@pytest.mark.parametrize("form", ["json", "text"])
def test_tracebacks_keep_local_variables_to_themselves(capsys, form):
    assert "hunter2" not in "\n".join(line for line in logged(capsys, form) if "raise_with(" not in line)
