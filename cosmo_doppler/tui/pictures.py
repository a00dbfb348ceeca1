"""Pictures of the screen, after they were drawn as SVG."""

from __future__ import annotations

import html
import re

from rich.cells import cell_len

_TEXT = re.compile(r'textLength="([0-9.]+)"([^>]*)>([^<]*)</text>')


def measured(svg: str) -> str:
    """The same picture with every text as wide as the cells it takes.

    Rich counts letters, so a viewer that heeds the length squeezes what is two cells wide into one, and spreads what
    is combined.
    """
    return _TEXT.sub(_measured, svg)


def _measured(text: re.Match[str]) -> str:
    if text[3].isascii():
        return text[0]
    shown = html.unescape(text[3])
    letters, cells = len(shown), cell_len(shown)
    if letters == cells:
        return text[0]
    return f'textLength="{float(text[1]) / letters * cells:g}"{text[2]}>{text[3]}</text>'
