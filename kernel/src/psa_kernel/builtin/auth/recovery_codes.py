"""Recovery codes: what lets somebody in whose authenticator is lost, each once."""

import hashlib
import secrets
from typing import Final

COUNT: Final = 10
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are mistaken for each other."""
_GROUPS, _GROUP = 6, 4


def new_codes() -> list[str]:
    """Return ten codes of 118 random bits each, in six groups of four: too many for guesses at their digests."""
    return [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
        for _ in range(COUNT)
    ]


def digest(code: str) -> str:
    """Return what is stored of a code, however it is written.

    Example:
        >>> digest("K7WP 2MZD x9tq fh4n") == digest("k7wp-2mzd-x9tq-fh4n")
        True
    """
    plain = "".join(letter for letter in code.casefold() if letter in _LETTERS)
    return hashlib.sha256(plain.encode()).hexdigest()
