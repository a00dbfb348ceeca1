"""Long text in lines of a width."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells


def wrapped(text: str, width: int) -> list[str]:
    """Text in lines of at most `width` cells, broken between words where there are any.

    Args:
        text: safe for a terminal.
        width: cells, at least 2.
    """
    if len(text) * 2 <= width or cell_len(text) <= width:
        return [text]
    lines: list[str] = []
    line, cells = "", 0
    for word in text.split(" "):
        length = cell_len(word)
        if line and cells + 1 + length <= width:
            line, cells = f"{line} {word}", cells + 1 + length
            continue
        if line:
            lines.append(line)
        if length <= width:
            line, cells = word, length
            continue
        *whole, line = chop_cells(word, width) or [""]
        lines += whole
        cells = cell_len(line)
    lines.append(line)
    return lines
