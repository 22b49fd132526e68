"""Sentences with values in them, and their translations.

Such a sentence is in the catalogues with `{0}`, `{1}` and so on in their places; it is known again by what
stands between them.
"""

import re
from collections.abc import Mapping

_VALUE = re.compile(r"\{(\d)\}")
_LONGEST = 400
"""In characters. What is longer holds somebody's text, in which looking for sentences would take long."""


class Sentences:
    """The sentences of one language's catalogues that have values."""

    def __init__(self, translations: Mapping[str, str]) -> None:
        """Know the sentences again that have values; where several fit, the one that says most is meant."""
        known = sorted(filter(_VALUE.search, translations), key=lambda text: -len(_VALUE.sub("", text)))
        self._known = [(_pattern(text), translations[text]) for text in known]

    def told(self, sentence: str) -> str | None:
        """Return a sentence's translation with its values; None where it isn't known.

        Example:
            >>> Sentences({"There is no {0} on {1}.": "Am {1} gibt es kein {0}."}).told("There is no ticket on Monday.")
            'Am Monday gibt es kein ticket.'
        """
        for pattern, translation in self._known if len(sentence) <= _LONGEST else ():
            if found := pattern.fullmatch(sentence):
                return _VALUE.sub(lambda place: found[f"v{place[1]}"], translation)
        return None


def _pattern(text: str) -> re.Pattern[str]:
    parts = _VALUE.split(text)
    return re.compile(
        "".join(f"(?P<v{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)),
        re.DOTALL,
    )
