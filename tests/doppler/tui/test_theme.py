from __future__ import annotations

from dataclasses import fields

import pytest
from textual.color import Color

from cosmo_doppler.tui.theme import CONTRAST, DARK, FAMILY_OF, LIGHT, Palette, family_of
from cosmo_sdk.signal_types import SignalType

READABLE = 4.5
"""Contrast that WCAG AA asks of text."""


def contrast(first: str, second: str) -> float:
    def luminance(code: str) -> float:
        def linear(part: float) -> float:
            return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4

        red, green, blue = (linear(part) for part in Color.parse(code).normalized)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_every_type_has_a_family() -> None:
    assert set(FAMILY_OF) == {str(kind) for kind in SignalType}
    assert family_of("SOMETHING_NEW") == "presence"


@pytest.mark.parametrize("palette", [DARK, LIGHT, CONTRAST], ids=["dark", "light", "contrast"])
def test_everything_one_must_read_can_be_read(palette: Palette) -> None:
    grounds = ("background", "raised", "selection", "selection_blurred")
    inks = [field.name for field in fields(Palette) if field.name not in {*grounds, "faint"}]
    for ink in inks:
        for ground in ("background", "selection_blurred"):
            assert contrast(getattr(palette, ink), getattr(palette, ground)) >= READABLE, (ink, ground)
        assert contrast(getattr(palette, ink), palette.selection) >= 3.5, ink


def test_the_contrast_theme_asks_more_of_every_ink() -> None:
    inks = [field.name for field in fields(Palette) if field.name not in {"background", "raised", "faint"}]
    for ink in (ink for ink in inks if not ink.startswith("selection")):
        for ground in ("background", "raised", "selection_blurred"):
            assert contrast(getattr(CONTRAST, ink), getattr(CONTRAST, ground)) >= 7, (ink, ground)
