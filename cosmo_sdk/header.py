"""What an observer reads of any frame: the envelope's header, payload and meta left as raw JSON.

A debugger must show exactly the frames that agents drop, so nothing here raises: whatever is wrong with a frame
is a sentence in `Header.problem`.
"""

from __future__ import annotations

from datetime import datetime
from sys import intern
from typing import Any

import msgspec

from cosmo_sdk.dialects import RESPELLED, modernise, read_odd_json, read_timestamp
from cosmo_sdk.envelope import Directed
from cosmo_sdk.signal_types import SignalType

_EMPTY = msgspec.Raw(b"{}")
_BRACE = ord("{")
_NOTHING = len(b"{}")
"""Bytes of a meta that says nothing, which is that of most signals."""

_NAMED = {name: name for name in SignalType.__members__}
_KNOWN_TYPES = frozenset(_NAMED)
_RESPELLED = {str(each): each for each in RESPELLED}


class Header(msgspec.Struct, kw_only=True, gc=False):
    """One frame, as far as it could be read. Absent text fields are empty strings."""

    v: str = ""
    id: str = ""
    trace_id: str = ""
    parent_id: str | None = None
    type: str = ""
    """The type as sent; any text, also one this version does not know."""
    directed: Directed | None = None
    neuron: str | None = None
    """Top-level `neuron` of the oldest dialect; read `who` instead."""
    ts: str | float | None = None
    """The sender's timestamp as sent."""
    payload: msgspec.Raw = _EMPTY
    meta: msgspec.Raw = _EMPTY
    problem: str = msgspec.field(default="", name="cosmo.problem")
    """Why this frame is no valid Signal; empty when it is one."""
    who: str = msgspec.field(default="", name="cosmo.who")
    """The participant named: addressee or producer, in any dialect. Empty when none is. Set by `directed` and `neuron`."""

    def __post_init__(self) -> None:
        # What many frames have in common is one text, whoever keeps it. A frame cannot speak for its reader, either.
        directed = self.directed
        self.who = intern((directed.id if directed is not None else None) or self.neuron or "")
        self.type = _NAMED.get(self.type, self.type)

    @property
    def spells_nothing(self) -> bool:
        """Whether it writes out an empty meta, as every released SDK does and ours does not. False proves nothing."""
        return self.meta is not _EMPTY and len(self.meta) == _NOTHING

    def read_payload(self) -> dict[str, Any]:
        """The payload in today's spelling; empty when it is not an object."""
        payload = _decode_object(self.payload)
        respelled = _RESPELLED.get(self.type)
        if respelled is not None and payload:
            modernise(respelled, payload)
        return payload

    def read_meta(self) -> dict[str, Any]:
        """The meta object; empty when it is not one."""
        return _decode_object(self.meta) if len(self.meta) > _NOTHING else {}

    def mentions(self, key: bytes) -> bool:
        """Whether a text occurs in the meta as it was sent: what does not need not be looked for in `read_meta`."""
        return len(self.meta) > _NOTHING and key in bytes(self.meta)


_decoder = msgspec.json.Decoder(Header)
_any = msgspec.json.Decoder()


def _decode_object(raw: msgspec.Raw) -> dict[str, Any]:
    try:
        value = _any.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        try:
            value = read_odd_json(bytes(raw))
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def read_header(frame: bytes) -> Header:
    """Read any frame. Never raises; see `Header.problem`."""
    try:
        header = _decoder.decode(frame)
    except msgspec.ValidationError as error:
        return _salvage(frame, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _salvage(frame, f"not JSON: {error}")
    # Set in any case: a frame cannot speak for its reader.
    header.problem = "" if _sound(header) else _problem(header)
    return header


def read_headers(lines: bytes) -> list[Header] | None:
    """Read many frames at once, one on each line; keys that are no envelope's are passed over.

    Returns:
        None when any of them cannot be read like nearly every Signal: then read them one by one.
    """
    try:
        headers = _decoder.decode_lines(lines)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    for header in headers:
        header.problem = "" if _sound(header) else _problem(header)
    return headers


def _sound(header: Header) -> bool:
    """Whether all is as nearly every Signal has it, asked in one glance. False says nothing yet."""
    parent, ts = header.parent_id, header.ts
    if not (
        header.type in _KNOWN_TYPES
        and header.id[:4] == "evt_"
        and header.trace_id[:4] == "trc_"
        and (parent is None or parent[:4] == "evt_")
        and header.v == "1"
        and memoryview(header.payload)[0] == _BRACE
        and memoryview(header.meta)[0] == _BRACE
        and type(ts) is str
    ):
        return False
    try:
        datetime.fromisoformat(ts)
    except ValueError:
        return False
    return True


def _problem(header: Header) -> str:
    if not header.type:
        return "no type"
    if header.type not in _KNOWN_TYPES:
        return f"unknown type {header.type[:40]!r}"
    if header.id[:4] != "evt_":
        return f"id {header.id[:40]!r} does not start with 'evt_'" if header.id else "no id"
    if header.trace_id[:4] != "trc_":
        return (
            f"trace_id {header.trace_id[:40]!r} does not start with 'trc_'"
            if header.trace_id
            else "no trace_id"
        )
    if header.parent_id is not None and header.parent_id[:4] != "evt_":
        return f"parent_id {header.parent_id[:40]!r} does not start with 'evt_'"
    if header.v.partition(".")[0] != "1":
        return f"protocol version {header.v[:20]!r} is not 1.x" if header.v else "no protocol version"
    if header.ts is None:
        return "no timestamp"
    if read_timestamp(header.ts) is None:
        return f"ts {str(header.ts)[:40]!r} is no timestamp"
    if memoryview(header.payload)[0] != _BRACE:
        return "payload is not an object"
    if memoryview(header.meta)[0] != _BRACE:
        return "meta is not an object"
    return ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _salvage_directed(value: Any) -> Directed | None:
    if not isinstance(value, dict):
        return None
    return Directed(id=_text(value.get("id")) or None, type=_text(value.get("type")) or None)


def _salvage(frame: bytes, problem: str) -> Header:
    """Keep every field of an object that has a usable type, also of one that is JSON but for a NaN."""
    try:
        fields = read_odd_json(frame)
    except (ValueError, RecursionError):
        return Header(problem=problem)
    if not isinstance(fields, dict):
        return Header(problem=f"a Signal is a JSON object, not {type(fields).__name__}")
    parent, ts = fields.get("parent_id"), fields.get("ts")
    return Header(
        v=_text(fields.get("v")),
        id=_text(fields.get("id")),
        trace_id=_text(fields.get("trace_id")),
        parent_id=parent if isinstance(parent, str) else None,
        type=_text(fields.get("type")),
        directed=_salvage_directed(fields.get("directed")),
        neuron=_text(fields.get("neuron")) or None,
        ts=ts if isinstance(ts, str | int | float) and not isinstance(ts, bool) else None,
        payload=msgspec.Raw(msgspec.json.encode(fields.get("payload"))),
        meta=msgspec.Raw(msgspec.json.encode(fields.get("meta"))),
        problem=problem,
    )
