"""Text that came from a bus, made fit for a terminal.

A payload may hold escape sequences that clear the screen, write the clipboard or make the terminal type back,
and invisible characters that make two names look alike. Everything shown passes through `safe`; nothing shown is
ever parsed as markup.
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"

_CONTROL_PICTURES = 0x2400
_DELETE_PICTURE = "␡"


def safe(text: str, limit: int = 4096) -> str:
    """Text with every character that is no plain glyph made visible.

    C0 controls become their control pictures (`␛` for escape, `␊` for a line break); anything else that is not
    printable (C1 controls, text direction and zero-width characters, lone surrogates, private use) becomes its
    code point in angle brackets, as `<202E>`.

    Args:
        text: untrusted.
        limit: longest text looked at, in characters; longer text is cut first and ends in an ellipsis.
    """
    if len(text) > limit:
        text = text[: max(0, limit - 1)] + ELLIPSIS
    if text.isprintable():
        return text
    return "".join([glyph if glyph.isprintable() else _reveal(glyph) for glyph in text])


def _reveal(glyph: str) -> str:
    code = ord(glyph)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == 0x7F:
        return _DELETE_PICTURE
    return f"<{code:04X}>"


def hidden_characters(text: str) -> int:
    """How many characters `safe` would replace, line breaks and tabs aside."""
    if text.isprintable():
        return 0
    return sum(not glyph.isprintable() and glyph not in "\n\r\t" for glyph in text)


def fit(text: str, width: int) -> str:
    """Cut prose to `width` terminal cells, with an ellipsis at the end when something was lost. Never padded."""
    if cells(text) <= width:
        return text
    if width <= 0:
        return ""
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS


def fit_middle(text: str, width: int) -> str:
    """Cut an id, a path or an address to `width` cells, with an ellipsis in the middle: both ends tell it apart."""
    if cells(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[:width]
    tail_cells = (width - 1) // 2
    head = set_cell_size(text, width - 1 - tail_cells).rstrip()
    tail = ""
    for glyph in reversed(text):
        if cells(glyph + tail) > tail_cells:
            break
        tail = glyph + tail
    return head + ELLIPSIS + tail


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Text cut and filled with spaces to exactly `width` cells; `right` puts the text at the right edge."""
    text = fit(text, width)
    blank = " " * (width - cells(text))
    return blank + text if right else text + blank


def short_id(identifier: str) -> str:
    """The last 8 characters of an id, safe: the first ones are a timestamp and look alike."""
    return safe(identifier[-8:])


def cells(text: str) -> int:
    """How many cells a text takes that went through `safe`."""
    return len(text) if text.isascii() else cell_len(text)
