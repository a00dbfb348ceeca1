"""What coordination tells of: one event for each Signal that a mirror would send.

An event is committed with the change it tells of, so none is missing and none is told of something that did not
happen. `Event.body` is the payload of its Signal, or the part of it that varies: the `value` of a MEMORY_APPEND, the
`snapshot` of a CONTEXT_SYNC. The tables below say which, by kind.
"""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import Struct, field

from cosmo_sdk.ids import new_event_id

APPENDED = frozenset(
    {
        "pool.joined", "pool.left", "pool.refused", "pool.expelled", "pool.deleted",
        "task.submitted", "task.claimed", "task.started", "task.heartbeat", "task.completed", "task.failed",
        "task.cancelled", "task.released",
        "negotiation.opened", "negotiation.proposed", "negotiation.accepted_by", "negotiation.rejected",
        "negotiation.closed",
        "vote.cast",
        "auction.bid_rejected", "auction.withdrawn", "auction.extended",
        "delegation.granted", "delegation.revoked", "delegation.expired", "delegation.denied",
    }
)  # fmt: skip
"""Kinds whose body is the `value` of a MEMORY_APPEND with the key `coord/<noun>/<subject>`."""

SNAPSHOTS = frozenset({"pool.created", "vote.opened"})
"""Kinds whose body is the `snapshot` of a CONTEXT_SYNC."""

SIGNALS = {
    "negotiation.agreed": "CONSENSUS",
    "negotiation.ended": "CONSENSUS",
    "vote.closed": "CONSENSUS",
    "auction.opened": "TASK_OFFER",
    "auction.bid": "BID",
    "auction.sold": "TASK_AWARDED",
    "auction.lost": "TASK_DECLINED",
    "auction.unsold": "TASK_DECLINED",
    "auction.cancelled": "TASK_DECLINED",
}
"""Kinds whose body is the whole payload, and the type of their Signal."""

ADDRESSED = frozenset({"auction.bid", "auction.sold", "auction.lost"})
"""Kinds whose Signal names its actor as `coord:<actor>`, whom no Axon is called."""

EVENT_KINDS = APPENDED | SNAPSHOTS | SIGNALS.keys()
"""All there are."""


class Event(Struct, frozen=True):
    """Something that happened to one object.

    Attributes:
        ts_ms: when, on the store's clock, epoch milliseconds.
        kind: what, one of `EVENT_KINDS`.
        subject: the id of the object.
        actor: whose doing it was; for a declined bid, whose bid.
        trace_id: the trace of the object.
        parent: the event it follows from; None for the first of a trace.
        body: the facts; see `cosmo_sdk.coordination.events`.
        id: of the event, and of the Signal that tells of it.
    """

    ts_ms: int
    kind: str
    subject: str
    actor: str | None = None
    trace_id: str | None = None
    parent: str | None = None
    body: dict[str, Any] = {}
    id: str = field(default_factory=new_event_id)


class Traced(Protocol):
    """An object whose events share a trace."""

    id: str
    trace_id: str | None
    root_event_id: str | None


def first_event(
    of: Traced, kind: str, now_ms: int, actor: str | None, body: dict[str, Any], cause: str | None
) -> Event:
    """The event that tells of a new object. The object's later ones follow from it.

    Args:
        of: the object; learns the id.
        kind: what happened.
        now_ms: when.
        actor: whose doing it was.
        body: the facts.
        cause: the event it follows from itself, such as a TASK.
    """
    event = Event(now_ms, kind, of.id, actor, of.trace_id, cause, body)
    of.root_event_id = event.id
    return event


def next_event(
    of: Traced,
    kind: str,
    now_ms: int,
    actor: str | None,
    body: dict[str, Any],
    *,
    follows: str | None = None,
) -> Event:
    """An event in the life of an object.

    Args:
        of: the object.
        kind: what happened.
        now_ms: when.
        actor: whose doing it was.
        body: the facts.
        follows: the event it answers, such as a bid; the first of the object unless given.
    """
    return Event(now_ms, kind, of.id, actor, of.trace_id, follows or of.root_event_id, body)


def signal_fields(event: Event) -> tuple[str, str | None, dict[str, Any]]:
    """The Signal that tells of an event.

    Returns:
        Its type, `directed.id` or None, and its payload.
    """
    noun, _, _ = event.kind.partition(".")
    directed = f"coord:{event.actor}" if event.kind in ADDRESSED else None
    if event.kind in SNAPSHOTS:
        return "CONTEXT_SYNC", directed, {"snapshot": event.body, "version": "1"}
    if event.kind in APPENDED:
        return "MEMORY_APPEND", directed, {"key": f"coord/{noun}/{event.subject}", "value": event.body}
    return SIGNALS[event.kind], directed, event.body
