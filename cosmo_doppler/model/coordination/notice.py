"""One signal that tells of coordination, read: what happened to which object of which store."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

from cosmo_doppler.model.coordination.reading import NAME, name, one_of, table, whole
from cosmo_doppler.model.observed import Observed
from cosmo_sdk.dialects import read_timestamp
from cosmo_sdk.header import Header

Kind = Literal["pool", "task", "negotiation", "vote", "auction", "delegation"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What there is, in the order in which it is shown."""

TELLING = frozenset(
    {"MEMORY_APPEND", "CONTEXT_SYNC", "CONSENSUS", "TASK_OFFER", "BID", "TASK_AWARDED", "TASK_DECLINED"}
)
"""Types of signals that tell of coordination (COORDINATION 15.3)."""

PREFIX = "coord:"
"""What stands before the name of an agent where a mirror names it as an addressee."""

LEAST_MARK = len(b'{"coord":0}')
"""Bytes that a meta has at least which tells of coordination, or of something done by hand."""

SNAPSHOT = "snapshot"
"""The event of a signal that tells how an object stands, and not what happened to it."""


class About(NamedTuple):
    """What `meta.coord` of a signal says."""

    kind: Kind
    event: str
    """What happened: the part of the event's kind after the dot."""
    subject: str
    """The id of the object."""
    store: str
    """The id of its store; empty for auctions that are held on the bus itself."""
    rev: int | None
    """The place of the event among all of its store; None when it has none."""
    live: bool
    """Agents take part in it on the bus; otherwise its signals are copies for observers."""
    facts: dict[str, Any]
    """Whatever else it says."""

    @property
    def key(self) -> str:
        """What the object is known by on a board."""
        return key_of(self.kind, self.store, self.subject)


class Notice(NamedTuple):
    """A signal about an object."""

    about: About
    at: float
    """Arrival, epoch seconds."""
    seq: int
    """Position of the signal in the store of frames."""
    id: str
    parent_id: str
    trace_id: str
    who: str
    """Whose doing it was; empty when nobody is named."""
    facts: dict[str, Any]
    """The body of the event (`cosmo_sdk.coordination.events`), or the state of the object."""
    sent_at: float
    """When it happened by its store's clock, epoch seconds; its arrival when it does not say."""


def key_of(kind: str, store: str, subject: str) -> str:
    """What an object is known by."""
    return f"{kind} {store} {subject}"


def tells(header: Header) -> bool:
    """Whether a signal may tell of coordination. Costs next to nothing where it does not."""
    return header.type in TELLING and header.mentions(b'"coord"')


def about_of(header: Header) -> About | None:
    """What a signal tells of; None when it tells of no coordination that this version knows."""
    if not tells(header):
        return None
    said = header.read_meta().get("coord")
    if not isinstance(said, dict) or said.get("v") != 1:
        return None
    noun, _, event = name(said.get("kind")).partition(".")
    kind = one_of(noun, KINDS)
    subject = said.get("subject")
    if not kind or not event or not isinstance(subject, str) or not 0 < len(subject) <= NAME:
        return None
    rev = whole(said.get("rev"))
    return About(
        kind,  # type: ignore[arg-type]
        event[:40],
        subject,
        name(said.get("store")),
        rev if rev is not None and rev >= 0 else None,
        said.get("mode") == "live",
        said,
    )


def read_notice(seen: Observed) -> Notice | None:
    """A signal as news about an object; None when it is none."""
    header = seen.header
    about = about_of(header)
    if about is None:
        return None
    payload = seen.payload
    facts = payload
    if header.type == "MEMORY_APPEND":
        facts = table(payload.get("value"))
    elif header.type == "CONTEXT_SYNC":
        facts = table(payload.get("snapshot"))
    actor = header.who.removeprefix(PREFIX)[:NAME] or name(facts.get("agent"))
    if not actor and about.event == "granted":
        actor = name(facts.get("delegator"))
    sent = read_timestamp(header.ts)
    return Notice(
        about,
        seen.at,
        seen.seq,
        header.id,
        header.parent_id or "",
        header.trace_id,
        actor,
        facts,
        seen.at if sent is None else sent.timestamp(),
    )
