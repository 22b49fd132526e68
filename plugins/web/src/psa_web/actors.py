"""Who did something, as the audit log has it and as people know it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psa_web.site import Site


def actors(site: Site, language: str) -> Callable[[str, str], str]:
    """Return what names whoever did something, by kind and label: work in the background is its plugin's."""
    packages = {
        plugin.module.__name__.rpartition(".")[0]: plugin for plugin in site.installation.plugins.values()
    }

    def actor(kind: str, label: str) -> str:
        package = label if kind == "job" else ""
        while package:
            package = package.rpartition(".")[0]
            if found := packages.get(package):
                return site.catalogues.of(language, found.name).gettext(found.manifest.title)
        return label

    return actor
