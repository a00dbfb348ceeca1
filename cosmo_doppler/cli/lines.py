"""One signal, one line: the columns of `tail`, of the bus's own log, and of the plain view."""

from __future__ import annotations

import json

from cosmo_doppler.tui.safe import pad, safe, short_id
from cosmo_doppler.tui.words import time_of_day
from cosmo_sdk.header import Header

TYPE_WIDTH = 20
WHO_WIDTH = 18
PREVIEW = 120
"""Longest payload preview, characters."""


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
    """What `cosmo tail` prints: the columns, and what is wrong with the frame if something is."""
    line = columns(at, header).rstrip()
    return f"{line}  invalid: {safe(header.problem, PREVIEW)}" if header.problem else line


def payload_line(header: Header) -> str:
    """The payload as one indented line of JSON, cut."""
    return "    " + safe(json.dumps(header.read_payload(), ensure_ascii=False), PREVIEW)
