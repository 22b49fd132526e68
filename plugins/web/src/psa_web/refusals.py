"""Refusals in the reader's language: the API says them in English, pages translate them where they are shown."""

from psa_sdk.errors import Fault
from psa_web.catalogues import Catalogues
from psa_web.formatting import humanise


def told(catalogues: Catalogues, language: str, said: Fault | str, plugin: str = "") -> str:
    """Return what somebody is refused with, in a language; attributes are called what forms call them."""
    if isinstance(said, str):
        return catalogues.told(language, said, plugin)
    gettext, text = catalogues.of(language).gettext, said.detail
    for name in (*(said.pointer or "").split("/"), (said.meta or {}).get("member", "")):
        if name:
            text = text.replace(f"“{name}”", f"“{gettext(humanise(name))}”")
    return catalogues.told(language, text, plugin)
