"""The fields of an expression: what each is called, where its value is, and what it costs to look.

The one table: the compiler, the completions and the messages about unknown names all read it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from cosmo_doppler.query.rows import Row
from cosmo_doppler.query.values import Kind, as_number
from cosmo_sdk.dialects import read_timestamp

COLUMN, HEADER, DECODED, SEARCHED = range(4)
"""What it costs to look: a column, the header, the decoded payload, a search in its text."""

PATHS = ("payload.", "meta.")
"""What fields that go into a signal begin with: `payload.input.text`."""


class Field(NamedTuple):
    """One field. `read` returns None when the signal has no such thing."""

    kind: Kind
    cost: int
    read: Callable[[Row], Any]
    help: str


def text_of(row: Row) -> str:
    """Everything of a signal that can be searched: type, participant, payload and meta as JSON."""
    try:
        body = json.dumps([row.payload, row.meta], ensure_ascii=False)
    except (ValueError, RecursionError):  # numbers of thousands of digits, nesting of hundreds of levels
        body = bytes(row.header.payload).decode("utf-8", "replace")
    return f"{row.type} {row.who} {body}"


def at_path(value: Any, path: list[str]) -> Any:
    """What is at the end of a path of keys, or of numbers into lists; None when nothing is."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isascii() and step.isdigit() and len(step) < 9:
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
    return value


def _capabilities(row: Row) -> Any:
    named = row.header.directed.capabilities if row.header.directed is not None else None
    return named or row.payload.get("capabilities")


def _lag(row: Row) -> float | None:
    sent = read_timestamp(row.header.ts)
    return None if sent is None else row.at - sent.timestamp()


def _estimate(row: Row) -> float | None:
    milliseconds = as_number(row.payload.get("eta_ms"))
    return None if milliseconds is None else milliseconds / 1000


def _namespace(row: Row) -> str:
    _, _, rest = row.subject.partition(".")
    return rest.partition(".")[0]


FIELDS: dict[str, Field] = {
    "type": Field("type", COLUMN, lambda row: row.type, "its type, in any case"),
    "who": Field("text", COLUMN, lambda row: row.who, "the participant it names"),
    "trace": Field("id", COLUMN, lambda row: row.trace_id, "its trace; the end of the id is enough"),
    "subject": Field("text", COLUMN, lambda row: row.subject, "what it was published on"),
    "ns": Field("text", COLUMN, _namespace, "its namespace"),
    "time": Field("time", COLUMN, lambda row: row.at % 86_400, "when it came: 12:04:31, UTC"),
    "size": Field("bytes", COLUMN, lambda row: row.size, "bytes of the frame"),
    "id": Field("id", HEADER, lambda row: row.header.id, "its id; the end is enough"),
    "parent": Field("id", HEADER, lambda row: row.header.parent_id, "the id of what it answers"),
    "problem": Field("text", HEADER, lambda row: row.header.problem or None, "why it is no valid signal"),
    "lag": Field("seconds", HEADER, _lag, "from its sender's timestamp to its arrival"),
    "cap": Field("text", DECODED, _capabilities, "a capability it names"),
    "role": Field("text", DECODED, lambda row: row.payload.get("role"), "role of who registers"),
    "cost": Field("number", DECODED, lambda row: row.payload.get("cost"), "what a bid asks"),
    "eta": Field("seconds", DECODED, _estimate, "how long a bid says it takes"),
    "conf": Field(
        "number", DECODED, lambda row: row.payload.get("confidence"), "confidence of a bid, 0 to 1"
    ),
    "auto": Field("truth", DECODED, lambda row: row.meta.get("auto_bid") is True, "a bid nobody decided on"),
    "text": Field("text", SEARCHED, text_of, "type, participant, payload and meta"),
}

FLAGS: dict[str, Field] = {
    "has:error": Field("truth", COLUMN, lambda row: row.type == "ERROR", "it is an ERROR"),
    "has:parent": Field("truth", HEADER, lambda row: bool(row.header.parent_id), "it answers another"),
    "is:malformed": Field("truth", HEADER, lambda row: bool(row.header.problem), "it is no valid signal"),
}

FOLDED = frozenset(
    {
        *("won", "late", "tie", "bids", "margin", "strategy", "window", "age", "seq"),
        *("trace.dur", "trace.errors", "trace.bids", "trace.open", "trace.cost", "trace.depth", "trace.idle"),
        *("has:bookmark", "is:pending", "is:stale", "is:orphan"),
    }
)
"""Names that are about more than one signal; a filter of single signals cannot know them."""


def find_field(name: str) -> Field | None:
    """The field of that name, also one that is a path; None when there is none."""
    path = name.split(".")
    if name.startswith("payload."):
        return Field("any", DECODED, lambda row: at_path(row.payload, path[1:]), "inside the payload")
    if name.startswith("meta."):
        return Field("any", DECODED, lambda row: at_path(row.meta, path[1:]), "inside the meta")
    return FIELDS.get(name)
