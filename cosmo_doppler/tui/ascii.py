"""The screen in ASCII, for terminals and fonts without box drawing, and for eyes that prefer it.

A filter over finished lines rather than a second set of signs: whatever a widget draws, ours or Textual's, comes
out with one character for each cell it took before, so nothing moves.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_SIGNS = {
    # Bars: what fills at least half a cell counts as full.
    "█": "=",
    "▉": "=",
    "▊": "=",
    "▋": "=",
    "▌": "=",
    "▍": "-",
    "▏": "|",
    "▒": "%",
    "░": ":",
    "▓": "#",
    "┈": ".",
    "╌": ".",
    "•": "|",
    # The mark of the cursor, and of the place in a list.
    "▎": ">",
    "▐": "|",
    # Sparklines.
    "▁": ".",
    "▂": ".",
    "▃": ":",
    "▄": ":",
    "▅": "+",
    "▆": "+",
    "▇": "#",
    "▪": "|",
    "·": ".",
    # States. Words stand beside them; these only have to differ.
    "▸": ">",
    "▾": "v",
    "✓": "+",
    "✗": "x",
    "■": "#",
    "●": "*",
    "◆": "*",
    "◐": "?",
    "○": "o",
    "–": "-",
    "—": "-",
    "→": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "↳": "`",
    "↗": "^",
    "⌁": "~",
    "↺": "@",
    "‹": "<",
    "›": ">",
    "▶": ">",
    "❙": "|",
    "…": "~",
    "×": "x",
    "≈": "~",
    "≤": "<",
    "≥": ">",
    "±": "~",
    "␡": "?",
}
_HALF_AND_MORE = frozenset("▉▊▋▌█")


@lru_cache(maxsize=4096)
def plain_glyph(glyph: str) -> str:
    """One glyph as ASCII characters, as many as it takes cells."""
    if glyph.isascii():
        return glyph
    if (sign := _SIGNS.get(glyph)) is not None:
        return sign
    code = ord(glyph)
    if 0x2500 <= code < 0x2580:
        return _box(glyph)
    if 0x2400 <= code < 0x2420:
        return "?"  # a control picture
    cells = cell_len(glyph)
    base = unicodedata.normalize("NFKD", glyph)[0]
    return base if cells == 1 and base.isascii() and base.isprintable() else "?" * cells


def _box(glyph: str) -> str:
    """Box drawing: what runs one way only is a line, the rest a corner."""
    name = unicodedata.name(glyph, "")
    across = "HORIZONTAL" in name or "LEFT" in name or "RIGHT" in name
    along = "VERTICAL" in name or "UP" in name or "DOWN" in name
    if across and along:
        # A branch of a tree: the trunk goes on, or ends here.
        return "|" if name.endswith("VERTICAL AND RIGHT") else "`" if name.endswith("UP AND RIGHT") else "+"
    return "-" if across else "|"


def plain_text(text: str) -> str:
    """Text as ASCII of the same width."""
    return text if text.isascii() else "".join(map(plain_glyph, text))


class AsciiFilter(LineFilter):
    """Replaces every glyph beyond ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line in ASCII.

        Args:
            segments: a finished line.
            background: what is behind it; has no bearing here.
        """
        return [segment if segment.text.isascii() else _plain(segment) for segment in segments]


def _plain(segment: Segment) -> Segment:
    text, style, control = segment
    if style is not None and style.reverse and text and text[0] in _HALF_AND_MORE | {"▍", "▎", "▏"}:
        # The start of a bar is drawn as what is missing of it, in reverse: `=` where less than half is missing.
        return Segment("-" if text[0] in _HALF_AND_MORE else "=", style + Style(reverse=False), control)
    return Segment(plain_text(text), style, control)
