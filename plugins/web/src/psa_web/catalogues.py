"""Languages: one gettext catalogue per plugin and language, merged; read from `.po` at start, nothing to compile."""

import io
from collections.abc import Iterable
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE: Final = "en"


class Catalogues:
    """The translations of all installed plugins by language."""

    def __init__(self, folders: Iterable[Path]) -> None:
        """Read `<folder>/<language>/messages.po` of each folder; later ones don't override earlier ones."""
        self._by_language: dict[str, NullTranslations] = {}
        for folder in folders:
            for path in sorted(folder.glob("*/messages.po")):
                self._add(path.parent.name, path)

    def _add(self, language: str, path: Path) -> None:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        translations = GNUTranslations(compiled)
        known = self._by_language.get(language)
        if known is None:
            self._by_language[language] = translations
        else:
            known.add_fallback(translations)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that pages can be in, English first."""
        return (SOURCE, *sorted(self._by_language.keys() - {SOURCE}))

    def of(self, language: str) -> NullTranslations:
        """Return the translations into a language; English where there are none."""
        return self._by_language.get(language) or NullTranslations()

    def choose(self, *wanted: str) -> str:
        """Return the first language that is there: `de-AT` is served in `de`."""
        for tag in wanted:
            language = tag.replace("_", "-").split("-")[0].lower()
            if language in self.languages:
                return language
        return SOURCE


def accepted(header: str) -> list[str]:
    """Return the languages of an Accept-Language header, best first (RFC 9110 12.5.4).

    Example:
        >>> accepted("en;q=0.5, de-AT")
        ['de-AT', 'en']
    """
    weighted: list[tuple[float, str]] = []
    for part in header.split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((float(weight or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighted, key=lambda pair: -pair[0]) if tag and weight > 0]
