"""One-time codes and recovery codes (AUTH-10)."""

import datetime

from hypothesis import given
from hypothesis import strategies as st
from pyotp.totp import TOTP

from psa_kernel.builtin.auth import recovery_codes
from psa_kernel.builtin.auth.totp import STEP, accepted_step, new_secret

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def at(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def test_the_vectors_of_the_rfc_are_accepted_once():
    """RFC 6238 appendix B, its eight digits cut to the last six."""
    for seconds, code in (
        (59, "287082"),
        (1111111109, "081804"),
        (1234567890, "005924"),
        (20000000000, "353130"),
    ):
        step = accepted_step(SECRET, code, at(seconds), 0)
        assert step == seconds // STEP
        assert accepted_step(SECRET, code, at(seconds), step) is None


@given(now=st.integers(10**9, 4 * 10**9), off=st.integers(-4, 4))
def test_a_code_is_good_one_step_early_or_late_and_no_longer(now: int, off: int):
    code = TOTP(SECRET).at((now // STEP + off) * STEP)
    step = accepted_step(SECRET, code, at(now), 0)
    # Codes of neighbouring steps may be equal by chance.
    near = {TOTP(SECRET).at((now // STEP + near) * STEP) for near in (-1, 0, 1)}
    assert (step is not None) == (code in near)


@given(st.text(max_size=12))
def test_what_is_no_code_is_refused(text: str):
    if len(text) != 6 or not (text.isascii() and text.isdigit()):
        assert accepted_step(SECRET, text, at(59), 0) is None


def test_secrets_and_recovery_codes_are_never_the_same_twice():
    assert len({new_secret() for _ in range(50)}) == 50
    codes = [code for _ in range(5) for code in recovery_codes.new_codes()]
    assert len(set(codes)) == len({recovery_codes.digest(code) for code in codes}) == 50
