"""The screen without any colour, for `NO_COLOR`: what colours said is said by weight.

Textual's own filter turns colours into greys, which are colours to a terminal all the same. Here nothing is left of
them but what one must see to find one's way: the ground of a selection becomes reverse, that of a selection elsewhere
an underline, and what is fainter than text is dim. A filter over finished lines, as `ascii` is one, so whatever a widget draws
comes out so.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.color import Color
from textual.filter import LineFilter

from cosmo_doppler.tui.theme import Palette

_STANDS_OUT = 1.6
"""Contrast to the theme's background from which any other ground counts as one that marks something."""

_READABLE = 4.5
"""Contrast to the theme's background below which letters are faint."""

_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_CIRCLE = re.compile(r"\s*<circle [^>]*/>")


def wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether whoever started us wants no colours: `NO_COLOR` is set, and not to nothing."""
    return bool(environ.get("NO_COLOR"))


class Colourless(LineFilter):
    """Takes every colour out of a line.

    Args:
        palette: what the colours meant.
    """

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line without colours.

        Args:
            segments: a finished line.
            background: what is behind it; has no bearing here, the palette says more.
        """
        palette = self._palette
        return [
            Segment(text, None if style is None else without_colour(style, palette), control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=8)
def without(palette: Palette) -> Colourless:
    """The filter for a palette, always the same one: finished lines are kept by it."""
    return Colourless(palette)


@lru_cache(maxsize=8192)
def without_colour(style: Style, palette: Palette) -> Style:
    """A style by its weights alone.

    Args:
        style: of something drawn with the palette; a style without colours stays as it is.
        palette: what its colours are of.
    """
    if style.color is None and style.bgcolor is None:
        return style
    ground = "" if style.bgcolor is None else Color.from_rich_color(style.bgcolor).hex.lower()
    bare = style.without_color
    if _marks(ground, palette):
        # A bar whose start is painted in reverse is turned back: its row is.
        return bare + Style(reverse=not style.reverse)
    if ground == palette.selection_blurred:
        bare += Style(underline=True)
    letters = None if style.color is None else Color.from_rich_color(style.color)
    return bare + Style(dim=True) if letters is not None and _contrast(letters, palette) < _READABLE else bare


def _marks(ground: str, palette: Palette) -> bool:
    if ground == palette.selection:
        return True
    quiet = ("", palette.background, palette.raised, palette.selection_blurred)
    return ground not in quiet and _contrast(Color.parse(ground), palette) >= _STANDS_OUT


def _contrast(colour: Color, palette: Palette) -> float:
    """How far a colour stands out from the theme's background, 1 to 21."""
    low, high = sorted((_luminance(colour), _luminance(Color.parse(palette.background))))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class _Firm:
    """A picture in which nothing is dim: an SVG has only shades of its colour for that."""

    def __init__(self, picture: RenderableType) -> None:
        self._picture = picture

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for text, style, control in console.render(self._picture, options):
            yield Segment(
                text, style + Style(dim=False) if style is not None and style.dim else style, control
            )


def svg_of(picture: RenderableType, size: tuple[int, int], title: str, *, dark: bool) -> str:
    """A finished screen as SVG in one ink on one ground.

    Args:
        picture: what was drawn, without colours.
        size: columns and rows.
        title: above it.
        dark: white on black rather than black on white.
    """
    console = Console(
        width=size[0],
        height=size[1],
        file=io.StringIO(),
        force_terminal=True,
        record=True,
        legacy_windows=False,
    )
    console.print(_Firm(picture))
    ground, ink = (_BLACK, _WHITE) if dark else (_WHITE, _BLACK)
    drawn = console.export_svg(title=title, theme=TerminalTheme(ground, ink, [ink] * 8))
    return _CIRCLE.sub("", drawn)
