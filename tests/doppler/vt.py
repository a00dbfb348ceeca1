"""What a terminal shows after what a program wrote: enough of one for what Textual writes."""

from __future__ import annotations

import codecs
import re

from rich.cells import cell_len

_SEQUENCE = re.compile(
    r"""
    \x1b\[(?P<numbers>[0-9;]*)H        # where to draw
  | \x1b\[2J                           # draw on an empty screen
  | \x1b\[[0-?]*[ -/]*[@-~]            # colours, modes, questions
  | \x1b[\]P_^X](?:[^\x07\x1b]|\x1b(?!\\))*(?:\x07|\x1b\\)   # titles and other strings
  | \x1b[()][0-9A-Za-z] | \x1b[=>78cMDE]
    """,
    re.VERBOSE,
)
_LONGEST = 4096
"""Characters of a sequence that may still be incomplete."""


class Picture:
    """A screen of cells.

    Args:
        columns: its width.
        rows: its height.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self._cells = [[" "] * columns for _ in range(rows)]
        self._row = self._column = 0
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def text(self) -> str:
        """Every line, without the blanks at its end."""
        return "\n".join("".join(row).rstrip() for row in self._cells)

    def take(self, written: bytes) -> None:
        """Draw what was written."""
        text = self._rest + self._decoder.decode(written)
        at, self._rest = 0, ""
        while at < len(text):
            if text[at] != "\x1b":
                self._put(text[at])
                at += 1
                continue
            found = _SEQUENCE.match(text, at)
            if found is None and len(text) - at < _LONGEST:
                self._rest = text[at:]
                return
            if found is not None:
                self._obey(found)
            at = found.end() if found is not None else at + 1

    def _obey(self, found: re.Match[str]) -> None:
        if found["numbers"] is not None:
            row, _, column = found["numbers"].partition(";")
            self._row, self._column = int(row or 1) - 1, int(column or 1) - 1
        elif found[0] == "\x1b[2J":
            for row_cells in self._cells:
                row_cells[:] = [" "] * len(row_cells)

    def _put(self, glyph: str) -> None:
        if glyph == "\r":
            self._column = 0
        elif glyph == "\n":
            self._row += 1
        elif glyph >= " " and 0 <= self._row < len(self._cells):
            row = self._cells[self._row]
            for number in range(cell_len(glyph)):
                if 0 <= self._column < len(row):
                    row[self._column] = "" if number else glyph
                self._column += 1
