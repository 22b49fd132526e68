"""What plugins may use of the web runtime, beyond declaring pages: tables, forms and facts of any resource."""

from psa_web.brand import IMAGES, logo, theme
from psa_web.colours import ratios
from psa_web.fields import Field, Option, entered, field_of, shown
from psa_web.formatting import ago, day, humanise, state_tone, tone_of, when
from psa_web.here import Here, here
from psa_web.records.lists import Asked, list_data
from psa_web.records.views import View, view_of
from psa_web.slots import Filled, fill, gathered

__all__ = [
    "IMAGES",
    "Asked",
    "Field",
    "Filled",
    "Here",
    "Option",
    "View",
    "ago",
    "day",
    "entered",
    "field_of",
    "fill",
    "gathered",
    "here",
    "humanise",
    "list_data",
    "logo",
    "ratios",
    "shown",
    "state_tone",
    "theme",
    "tone_of",
    "view_of",
    "when",
]
