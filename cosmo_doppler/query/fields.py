"""The fields of an expression: what each is called, where its value is, and what it costs to look.

The one table: the compiler, the completions and the messages about unknown names all read it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from cosmo_doppler.model.coordination.notice import KINDS, About, about_of
from cosmo_doppler.model.interventions import KINDS as INTERVENTIONS
from cosmo_doppler.query import folded
from cosmo_doppler.query.rows import Known, Row
from cosmo_doppler.query.searched import text_of
from cosmo_doppler.query.values import Kind, as_number
from cosmo_sdk.dialects import read_timestamp

COLUMN, HEADER, DECODED, FOLDED, SEARCHED = range(5)
"""What it costs to look: a column, the header, the decoded payload, the board, a search in all its text."""

Column = Literal["type", "who", "trace", "subject"]

PATHS = ("payload.", "meta.")
"""What fields that go into a signal begin with: `payload.input.text`."""


class Field(NamedTuple):
    """One field. `read` returns None when the signal has no such thing."""

    kind: Kind
    cost: int
    read: Callable[[Row], Any]
    help: str
    column: Column | None = None
    """The column that alone decides its value, together with what else is known."""
    of_name: Callable[[str, Known], Any] | None = None
    """Its value for a name in that column."""
    hint: bytes = b""
    """What the frame of every signal that has such a thing contains, unless it is written in escapes."""
    folded: bool = False
    """Whether it is about more than the signal itself, so that it may change as time goes by."""
    values: tuple[str, ...] = ()
    """All it can be, where that is a short list."""


def _of_column(column: Column, kind: Kind, help: str, of_name: Callable[[str, Known], Any]) -> Field:
    readers: dict[Column, Callable[[Row], Any]] = {
        "type": lambda row: of_name(row.type, row.known),
        "who": lambda row: of_name(row.who, row.known),
        "trace": lambda row: of_name(row.trace_id, row.known),
        "subject": lambda row: of_name(row.subject, row.known),
    }
    return Field(kind, COLUMN, readers[column], help, column, of_name)


def _of_trace(kind: Kind, of_trace: Callable[..., Any], help: str, values: tuple[str, ...] = ()) -> Field:
    field = _of_column("trace", kind, help, lambda id, known: folded.value_of_trace(id, known, of_trace))
    return field._replace(folded=True, values=values)


def _of_auction(kind: Kind, of_auction: Callable[..., Any], help: str, values: tuple[str, ...] = ()) -> Field:
    def read(row: Row) -> Any:
        auction = folded.auction_of(row)
        return None if auction is None else of_auction(auction)

    return Field(kind, FOLDED, read, help, folded=True, values=values)


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


def _role(row: Row) -> Any:
    said = row.payload.get("role")
    if said is None and row.header.directed is not None:
        return row.header.directed.type
    return said


def _about(of_about: Callable[[About], Any]) -> Callable[[Row], Any]:
    """A reader of what `meta.coord` says."""

    def read(row: Row) -> Any:
        about = about_of(row.header)
        return None if about is None else of_about(about)

    return read


def _lag(row: Row) -> float | None:
    sent = read_timestamp(row.header.ts)
    return None if sent is None else row.at - sent.timestamp()


def _age(row: Row) -> float:
    return max(0.0, row.known.now - row.at) if row.known.now else 0.0


def _estimate(row: Row) -> float | None:
    milliseconds = as_number(row.payload.get("eta_ms"))
    return None if milliseconds is None else milliseconds / 1000


def _namespace(subject: str, known: Known) -> str:
    return subject.split(".", 2)[1] if "." in subject else ""


def _itself(name: str, known: Known) -> str:
    return name


FIELDS: dict[str, Field] = {
    "type": _of_column("type", "type", "its type, in any case", _itself),
    "who": _of_column("who", "text", "the participant it names", _itself),
    "trace": _of_column("trace", "id", "its trace; the end of the id is enough", _itself),
    "subject": _of_column("subject", "text", "what it was published on", _itself),
    "ns": _of_column("subject", "text", "its namespace", _namespace),
    "seq": Field("number", COLUMN, lambda row: row.seq if row.seq >= 0 else None, "its number, from 0"),
    "time": Field("time", COLUMN, lambda row: row.at % 86_400, "when it came: 12:04:31, UTC"),
    "age": Field("seconds", COLUMN, _age, "how long ago it came", folded=True),
    "size": Field("bytes", HEADER, lambda row: len(row.frame), "bytes of the frame"),
    "id": Field("id", HEADER, lambda row: row.header.id, "its id; the end is enough"),
    "parent": Field("id", HEADER, lambda row: row.header.parent_id, "the id of what it answers"),
    "problem": Field("text", HEADER, lambda row: row.header.problem or None, "why it is no valid signal"),
    "lag": Field("seconds", HEADER, _lag, "from its sender's timestamp to its arrival"),
    "cap": Field("text", DECODED, _capabilities, "a capability it names", hint=b"capa"),
    "role": Field("text", DECODED, _role, "neuron, engram or effector, as it says"),
    "cost": Field("number", DECODED, lambda row: row.payload.get("cost"), "what a bid asks", hint=b"cost"),
    "eta": Field("seconds", DECODED, _estimate, "how long a bid says it takes", hint=b"eta_ms"),
    "conf": Field(
        "number",
        DECODED,
        lambda row: row.payload.get("confidence"),
        "confidence of a bid, 0 to 1",
        hint=b"confidence",
    ),
    "auto": Field(
        "truth",
        DECODED,
        lambda row: row.meta.get("auto_bid") is True,
        "a bid nobody decided on",
        hint=b"auto_bid",
    ),
    "coord": Field(
        "text",
        DECODED,
        _about(lambda about: about.kind),
        "kind of coordination it tells of",
        hint=b"coord",
        values=KINDS,
    ),
    "coord.id": Field(
        "id",
        DECODED,
        _about(lambda about: about.subject),
        "id of the pool, task, vote ... it tells of",
        hint=b"coord",
    ),
    "coord.event": Field(
        "text",
        DECODED,
        _about(lambda about: about.event),
        "what happened to it: claimed, cast, sold",
        hint=b"coord",
    ),
    "won": Field("truth", FOLDED, folded.won, "a bid that got the work", folded=True),
    "late": Field("truth", FOLDED, folded.late, "a bid after its window", folded=True),
    "tie": _of_auction("truth", folded.tie, "the lowest price of its auction was asked twice"),
    "bids": _of_auction("number", lambda auction: len(auction.bids), "bids of its auction"),
    "margin": _of_auction("number", folded.margin, "what the next cheapest bid asks more than the winner"),
    "strategy": _of_auction(
        "text",
        lambda auction: list(auction.explained_by()),
        "a strategy that fits the award of its auction",
        ("first_bid", "lowest_cost", "highest_confidence"),
    ),
    "window": _of_auction("seconds", folded.window, "how long its auction takes bids"),
    "trace.dur": _of_trace("seconds", folded.duration, "how long its trace took, or goes on"),
    "trace.errors": _of_trace("number", lambda trace, known: trace.errors, "ERRORs of its trace"),
    "trace.bids": _of_trace("number", folded.bids, "bids of its trace"),
    "trace.signals": _of_trace("number", lambda trace, known: trace.signals, "signals of its trace"),
    "trace.open": _of_trace(
        "truth", lambda trace, known: trace.status in ("open", "waiting"), "its trace goes on"
    ),
    "trace.cost": _of_trace("number", folded.cost, "what the winning bids of its trace ask together"),
    "trace.depth": _of_trace("number", folded.depth, "how many traces its trace is nested in"),
    "trace.idle": _of_trace("seconds", folded.idle, "how long its trace has said nothing"),
    "trace.status": _of_trace(
        "text",
        lambda trace, known: trace.status,
        "how its trace stands",
        ("open", "waiting", "done", "failed", "stopped"),
    ),
    "hand": Field(
        "text",
        FOLDED,
        folded.by_hand,
        "what was done to it by hand",
        folded=True,
        values=INTERVENTIONS,
    ),
    "text": Field("text", SEARCHED, text_of, "anything in it"),
}

FLAGS: dict[str, Field] = {
    "has:error": _of_column("type", "truth", "it is an ERROR", lambda type, known: type == "ERROR"),
    "has:bookmark": Field(
        "truth", COLUMN, lambda row: row.seq in row.known.bookmarks, "somebody marked it", folded=True
    ),
    "has:parent": Field("truth", HEADER, lambda row: bool(row.header.parent_id), "it answers another"),
    "is:malformed": Field("truth", HEADER, lambda row: bool(row.header.problem), "it is no valid signal"),
    "is:pending": Field("truth", FOLDED, folded.pending, "a question nobody has answered", folded=True),
    "is:stale": _of_column("who", "truth", "who it names is not heard any more", folded.stale)._replace(
        folded=True
    ),
    "is:edited": Field("truth", FOLDED, folded.was("edited"), "somebody changed it on its way", folded=True),
    "is:dropped": Field(
        "truth", FOLDED, folded.was("dropped"), "it tells of what somebody dropped", folded=True
    ),
    "is:held": Field(
        "truth",
        FOLDED,
        folded.was("held", "released", "delayed", "edited", "dropped"),
        "it is held, or was",
        folded=True,
    ),
    "is:orphan": Field("truth", FOLDED, folded.orphan, "it answers what nobody saw", folded=True),
}


def find_field(name: str) -> Field | None:
    """The field of that name, also one that is a path; None when there is none."""
    path = name.split(".")
    if name.startswith("payload."):
        return Field("any", DECODED, lambda row: at_path(row.payload, path[1:]), "inside the payload")
    if name.startswith("meta."):
        return Field("any", DECODED, lambda row: at_path(row.meta, path[1:]), "inside the meta")
    return FIELDS.get(name)


def table_of_fields() -> list[str]:
    """A line for each field: its name, what it is held against, and what it is."""
    written: dict[Kind, str] = {
        "type": "TYPE",
        "text": "TEXT",
        "id": "ID",
        "number": "NUMBER",
        "seconds": "250ms 2s 5m 1h",
        "bytes": "1000 64kb 2mb",
        "time": "12:04:31",
        "truth": "true false",
        "any": "VALUE",
    }
    rows = [
        (name, " ".join(field.values) or written[field.kind], field.help) for name, field in FIELDS.items()
    ]
    rows += [(f"{path}a.b", written["any"], f"inside the {path.rstrip('.')}") for path in PATHS]
    rows += [(name, "", field.help) for name, field in FLAGS.items()]
    return [f"{name:14} {values:24} {meaning}" for name, values, meaning in rows]
