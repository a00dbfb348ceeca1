"""Bus text for files that other programs read: neither a formula, nor markup, nor an escape sequence."""

from __future__ import annotations

import re

from cosmo_doppler.tui.safe import safe

_FORMULA = frozenset("=+-@\t\r")
_MARKUP = re.compile(r"([\\`*\[\]<>#!|~$&]|(?<!\w)_|_(?!\w))")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")

LONGEST = 2_000
"""Characters of one text."""


def for_csv(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers."""
    text = safe(text, LONGEST)
    return f"'{text}" if text[:1] in _FORMULA and not _NUMBER.fullmatch(text) else text


def for_markdown(text: str) -> str:
    """Text as it is, in a paragraph or a table: no emphasis, no link, no HTML, no line break."""
    return _MARKUP.sub(r"\\\1", safe(text, LONGEST))


def table(columns: list[str], rows: list[list[str]], right: frozenset[str] = frozenset()) -> str:
    """A markdown table. Cells are escaped here; columns in `right` are aligned at the right."""
    lines = [
        "| " + " | ".join(columns) + " |",
        "|" + "|".join("---:" if column in right else "---" for column in columns) + "|",
        *("| " + " | ".join(for_markdown(cell) for cell in row) + " |" for row in rows),
    ]
    return "\n".join(lines)
