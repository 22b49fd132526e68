"""The home page: a greeting, and the tiles that plugins put there."""

from collections.abc import Mapping
from typing import Any

from psa_sdk import Context
from psa_sdk.ui import Widget
from psa_web.api import fill, here

BANNER = "portal.banner"
START = "portal.start"


async def load(ctx: Context) -> Mapping[str, Any]:
    """Load the tiles that the person may see, each on its own: wide ones on the left, small ones on the right."""
    place = here()
    filled = [await fill(place, widget, None) for widget in place.site.shown("widgets", Widget, place)]
    shown = [one for one in filled if one is not None]
    small = [one for one in shown if isinstance(one.panel, Widget) and one.panel.size == "1x1"]
    return {
        "first_name": ctx.principal.label.split()[0] if ctx.principal.label else "",
        "wide": [one for one in shown if one not in small],
        "small": small,
    }
