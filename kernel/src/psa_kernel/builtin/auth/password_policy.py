"""What a new password must be: long, hard to guess, not made of what everybody knows about the account. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from psa_kernel.builtin.auth.passwords import MAX_LENGTH, normalised

_GUESSES = 8
"""A password that falls within 10^8 tries is refused: zxcvbn's lists of leaked passwords, names, words and patterns."""
_OWN_CHARACTERS = 8
_PRODUCT = "psa"


def weaknesses(password: str, *, min_length: int, context: Iterable[str] = ()) -> list[str]:
    """Return everything that speaks against a password, as sentences; empty when it is fine.

    `context` are words that an attacker tries first: the person, the e-mail address, the tenant; the product's name is
    one always. Characters are counted as code points of the NFC form.

    Example:
        >>> weaknesses("password12345678", min_length=15)
        ['The password is among the first that attackers try; use a few unrelated words.']
        >>> weaknesses("violin harbour mosaic", min_length=15)
        []
    """
    password = normalised(password)
    found: list[str] = []
    if len(password) < min_length:
        found.append(f"The password is too short; use at least {min_length} characters.")
    if len(password) > MAX_LENGTH:
        return [f"The password is too long; use at most {MAX_LENGTH} characters."]
    words = _words(context)
    rest = _without(password, words)
    if rest is not None and len(rest) < _OWN_CHARACTERS:
        found.append("The password is made of your name, address or organisation; use unrelated words.")
    if not found and _guesses(password, words) < _GUESSES:
        found.append("The password is among the first that attackers try; use a few unrelated words.")
    return found


def _guesses(password: str, words: set[str]) -> float:
    """Return the decimal logarithm of how many tries an attacker needs."""
    # Its lists take a while to load, and most processes set no password.
    from zxcvbn import zxcvbn  # pyright: ignore[reportUnknownVariableType]

    judged = cast("Mapping[str, Any]", zxcvbn(password[:64], user_inputs=sorted(words)))
    return judged["guesses_log10"]


def _words(context: Iterable[str]) -> set[str]:
    parts = (part for text in context for part in re.split(r"[^\w]+|_", text.casefold()))
    return {_PRODUCT, *(part for part in parts if len(part) >= 4)}


def _without(password: str, words: set[str]) -> str | None:
    """Return what is left without these words and what stands between them; None where there is none of them."""
    folded = rest = password.casefold()
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    if rest == folded:
        return None
    return "".join(character for character in rest if character.isalnum() or not character.isascii())
