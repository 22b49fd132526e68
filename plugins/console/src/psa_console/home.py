"""The home page: greeting and widgets."""

from collections.abc import Mapping
from typing import Any

from babel.dates import format_date

from psa_sdk import Context
from psa_sdk.ui import Widget
from psa_web.api import fill, here


async def load(ctx: Context) -> Mapping[str, Any]:
    """Load the widgets that the person may see, each on its own."""
    place = here()
    _ = place.gettext
    local = ctx.now.astimezone(place.timezone)
    first = ctx.principal.label.split()[0]
    if local.hour < 12:
        greeting = _("Good morning, %s")
    elif local.hour < 18:
        greeting = _("Good afternoon, %s")
    else:
        greeting = _("Good evening, %s")
    filled = [await fill(place, widget, None) for widget in place.site.shown("widgets", Widget, place)]
    return {
        "greeting": greeting % first,
        "date": format_date(local, "full", locale=place.language),
        "widgets": [one for one in filled if one is not None],
    }
