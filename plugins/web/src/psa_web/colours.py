"""The organisation's colour: contrast of accents in both themes (WCAG 2.2, 1.4.3)."""

import math
from typing import Final

Linear = tuple[float, float, float]

CHROMA: Final = 0.17
"""Of accents, as in the design's tokens."""
ENOUGH: Final = 4.5
_ON_ACCENT: Final = (0.99, 0.0, 0.0)
_LIGHT: Final = (1.0, 0.0, 0.0)
_DARK: Final = (0.192, 0.008, 268.0)


def linear(lightness: float, chroma: float, hue: float) -> Linear:
    """Return an oklch colour as linear sRGB, clipped as browsers do (CSS Color 4, 10).

    Example:
        >>> [round(part, 3) for part in linear(1, 0, 0)]
        [1.0, 1.0, 1.0]
    """
    a = chroma * math.cos(math.radians(hue))
    b = chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    red, green, blue = (min(1.0, max(0.0, part)) for part in (red, green, blue))
    return red, green, blue


def contrast(one: Linear, other: Linear) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2).

    Example:
        >>> round(contrast((0, 0, 0), (1, 1, 1)))
        21
    """
    first, second = (0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in (one, other))
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def ratios(hue: float, chroma: float = CHROMA) -> dict[str, float]:
    """Return the contrast of accents: buttons' text and links, in the light and the dark theme."""
    on_accent = linear(*_ON_ACCENT)
    return {
        "button_light": contrast(on_accent, linear(0.48, chroma, hue)),
        "button_dark": contrast(on_accent, linear(0.5, chroma, hue)),
        "link_light": min(
            contrast(linear(0.48, chroma, hue), linear(*_LIGHT)),
            contrast(linear(0.48, chroma, hue), linear(0.962, 0.018, hue)),
        ),
        "link_dark": min(
            contrast(linear(0.76, chroma * 0.7, hue), linear(*_DARK)),
            contrast(linear(0.76, chroma * 0.7, hue), linear(0.268, 0.05, hue)),
        ),
    }
