"""Looking for text in whole frames, mostly without decoding them."""

from __future__ import annotations

import json
from collections.abc import Callable

from cosmo_doppler.query.rows import Row

_ESCAPES = (b"\\u", b"\\/")
"""Escapes behind which any character may hide; the others stand for characters that have to be escaped."""


def text_of(row: Row) -> str:
    """Everything of a signal that can be searched: its frame, with letters in the place of their escapes."""
    return _text(row.frame)


def _text(frame: bytes) -> str:
    if not hides(frame):
        return frame.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(frame), ensure_ascii=False)
    except (ValueError, RecursionError):
        return frame.decode("utf-8", "replace")


def hides(frame: bytes) -> bool:
    """Whether the frame may contain text that its bytes do not show."""
    return any(escape in frame for escape in _ESCAPES)


def finder(text: str) -> Callable[[Row], bool]:
    """Whether a text is anywhere in a signal, whatever its case."""
    needle = text.casefold()
    raw = needle.encode() if needle.isascii() else None

    def found(row: Row) -> bool:
        frame = row.frame
        if frame.isascii() and not hides(frame):
            return raw is not None and raw in frame.lower()
        return needle in _text(frame).casefold()

    return found


def raw_needle(text: str) -> bytes:
    """What the lower-case frame of every signal with this text contains, unless it is not ASCII or hides something.

    Empty when there is no such thing.
    """
    needle = text.casefold()
    return needle.encode() if needle.isascii() else b""
