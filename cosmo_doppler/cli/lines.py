"""One signal, one line: the columns of `tail`, of the bus's own log, and of the plain view."""

from __future__ import annotations

import json

from cosmo_doppler.model.sayings import clause
from cosmo_doppler.tui.safe import pad, safe, short_id
from cosmo_doppler.tui.words import time_of_day
from cosmo_sdk.header import Header

TYPE_WIDTH = 20
WHO_WIDTH = 18
PREVIEW = 120
"""Longest preview of a payload or of what it says, characters."""


def columns(at: float, header: Header) -> str:
    """Time, type, the end of the trace's id, and the participant named (or `-`)."""
    return "  ".join(
        (
            time_of_day(at),
            pad(safe(header.type, 40) or "(no type)", TYPE_WIDTH),
            pad(short_id(header.trace_id) or "-", 8),
            pad(safe(header.who, 60) or "-", WHO_WIDTH),
        )
    )


def tail_line(at: float, header: Header) -> str:
    """What `cosmo tail` prints: the columns, and what the signal says, or what is wrong with the frame."""
    said = f"invalid: {safe(header.problem, PREVIEW)}" if header.problem else safe(clause(header), PREVIEW)
    return f"{columns(at, header)}  {said}"


def payload_line(header: Header) -> str:
    """The payload as one indented line of JSON, cut."""
    return "    " + safe(json.dumps(header.read_payload(), ensure_ascii=False), PREVIEW)


def json_line(frame: bytes, header: Header) -> str:
    """A frame as one line of JSON that no terminal can be harmed by and every reader takes for the same value.

    Whatever is not printable becomes its JSON escape; a frame that is no JSON object becomes `{"raw": ...}`.
    """
    text = frame.decode("utf-8", "replace")
    if header.problem and not _is_object(text):
        return json.dumps({"raw": text})
    if text.isprintable():
        return text
    # Valid JSON has characters like these only inside its strings, except for white space between its parts.
    return "".join([glyph if glyph.isprintable() else _escape(glyph) for glyph in text])


def _escape(glyph: str) -> str:
    return " " if glyph in "\t\r\n" else json.dumps(glyph)[1:-1]


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
