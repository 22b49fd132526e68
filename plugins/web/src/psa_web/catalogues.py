"""Languages: one gettext catalogue per plugin and language, one's own first; read from `.po`, nothing to compile."""

import io
from collections.abc import Mapping, Sequence
from copy import copy
from gettext import GNUTranslations, NullTranslations
from itertools import pairwise
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from psa_web.sentences import Sentences

SOURCE: Final = "en"


class Catalogues:
    """The translations of all installed plugins by language."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        """Find `<folder>/<language>/messages.po` of each plugin's folder; later ones don't override earlier ones."""
        self._files: dict[str, dict[str, Path]] = {}
        for plugin, folder in folders.items():
            for path in sorted(folder.glob("*/messages.po")):
                self._files.setdefault(path.parent.name, {})[plugin] = path
        self._parts: dict[str, dict[str, GNUTranslations]] = {}
        self._sentences: dict[str, Sentences] = {}
        self._read: dict[tuple[str, str], NullTranslations] = {}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that pages can be in, English first."""
        return (SOURCE, *sorted(self._files.keys() - {SOURCE}))

    def of(self, language: str, plugin: str = "") -> NullTranslations:
        """Return the translations into a language, read when it is first asked for; English where there are none.

        The same word means different things to different modules: what `plugin`, or the one that it bridges, says
        comes first.
        """
        key = (language, plugin)
        if key not in self._read:
            parts = self._of_plugins(language)
            own = [name for name in (plugin, plugin.partition(".")[0]) if name in parts]
            self._read[key] = _chained([parts[name] for name in dict.fromkeys((*own, *parts))])
        return self._read[key]

    def told(self, language: str, sentence: str, plugin: str = "") -> str:
        """Return a sentence in a language, whatever values it holds; as it is where no catalogue has it."""
        if not sentence or language == SOURCE:
            return sentence
        known = self.of(language, plugin).gettext(sentence)
        if known != sentence:
            return known
        if language not in self._sentences:
            catalogues = [_catalogue(path, language) for path in self._files.get(language, {}).values()]
            singular = [one for catalogue in catalogues for one in catalogue if isinstance(one.id, str)]
            self._sentences[language] = Sentences({str(one.id): str(one.string) for one in singular})
        return self._sentences[language].told(sentence) or sentence

    def _of_plugins(self, language: str) -> Mapping[str, GNUTranslations]:
        if language not in self._parts:
            files = self._files.get(language, {})
            self._parts[language] = {name: _translations(path, language) for name, path in files.items()}
        return self._parts[language]

    def choose(self, *wanted: str) -> str:
        """Return the first language that is there: `de-AT` is served in `de`."""
        for tag in wanted:
            language = tag.replace("_", "-").split("-")[0].lower()
            if language in self.languages:
                return language
        return SOURCE


def _chained(parts: Sequence[GNUTranslations]) -> NullTranslations:
    """Return translations of which each is asked after those before it; the parts stay as they are."""
    found = [copy(part) for part in parts]
    for first, further in pairwise(found):
        first.add_fallback(further)
    return found[0] if found else NullTranslations()


def _catalogue(path: Path, language: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _translations(path: Path, language: str) -> GNUTranslations:
    compiled = io.BytesIO()
    write_mo(compiled, _catalogue(path, language))
    compiled.seek(0)
    return GNUTranslations(compiled)


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
