"""Whatever colour an organisation chooses, text stays readable (WCAG 2.2, 1.4.3)."""

import pytest

from psa_web.colours import ENOUGH, contrast, linear, ratios


def test_every_hue_has_enough_contrast_in_both_themes():
    assert {hue: low for hue in range(360) if (low := min(ratios(hue).values())) < ENOUGH} == {}


def test_a_stronger_colour_would_not():
    assert min(ratios(180, chroma=0.3).values()) < ENOUGH


def test_contrast_is_that_of_the_standard():
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert contrast(linear(0.5, 0.1, 20), linear(0.5, 0.1, 20)) == pytest.approx(1)
