"""From one thing to another that belongs to it. Pure; the session's lock is held by whoever asks."""

from __future__ import annotations

from typing import Literal

from cosmo_doppler.model.traces import Node
from cosmo_doppler.session import Session
from cosmo_doppler.tui.scene import Scene

RoundKind = Literal["auctions", "traces"]

_MOST_LEVELS = 1024
"""How far up one looks for an offer."""


def node_shown(scene: Scene) -> Node | None:
    """The inspected signal as a node of its trace's tree; None for signals that belong to no workflow."""
    seen = scene.observed(scene.seq)
    trace = scene.board.traces.get(seen.header.trace_id) if seen is not None else None
    if seen is None or trace is None:
        return None
    return trace.tree.find(seen.seq, seen.header.id)


def neighbour(scene: Scene, step: int) -> Node | None:
    """The signal that came that many places after the inspected one, on the selected trace."""
    trace, seq = scene.trace, scene.seq
    return trace.tree.beside(seq, step) if trace is not None and seq is not None else None


def trace_of(scene: Scene) -> str | None:
    """The trace of the inspected signal; None for signals that belong to no workflow."""
    if scene.observed(scene.seq) is None:
        return scene.trace_id
    node = node_shown(scene)
    return node.trace_id if node is not None else None


def object_of(scene: Scene) -> str | None:
    """What the object of coordination is known by that the inspected signal tells of."""
    seen = scene.observed(scene.seq)
    thing = scene.board.coordination.of_signal(seen.header) if seen is not None else None
    if thing is None and scene.offer_id is not None and scene.auction is not None:
        offered = scene.observed(scene.auction.seq)
        thing = scene.board.coordination.of_signal(offered.header) if offered is not None else None
    return thing.key if thing is not None else None


def auction_of(scene: Scene) -> str | None:
    """The auction the inspected signal belongs to: the nearest offer above it, or else its trace's latest."""
    sale = scene.object_auction
    if sale is not None and scene.seq is not None and sale.trace_id == trace_of(scene):
        return sale.offer_id
    node = node_shown(scene)
    trace_id = trace_of(scene)
    trace = scene.board.traces.get(trace_id) if trace_id is not None else None
    above = node
    for _ in range(_MOST_LEVELS):
        if above is None:
            break
        if above.id in scene.board.auctions:
            return above.id
        above = above.parent
    known = [offer for offer in trace.auctions if offer in scene.board.auctions] if trace is not None else []
    return known[-1] if known else None


def parent_of(scene: Scene) -> Node | None:
    """What caused the inspected signal, also when that lives in another trace."""
    node = node_shown(scene)
    if node is None:
        return None
    if node.parent is not None:
        return node.parent
    for trace_id in (scene.board.traces[node.trace_id].parent_trace, node.trace_id):
        trace = scene.board.traces.get(trace_id or "")
        found = trace.by_id.get(node.parent_id or "") if trace is not None else None
        if found is not None:
            return found
    return None


def next_round(session: Session, kind: RoundKind) -> tuple[int, str] | None:
    """The first signal after the playhead that opens an auction or a trace: its position, and the offer or trace id."""
    timeline, store = session.timeline, session.store
    for seq in range(timeline.position, len(store)):
        if b'"TASK' not in store.frame(seq):
            continue
        header = store.observed(seq).header
        if kind == "auctions" and header.type == "TASK_OFFER" and header.id not in timeline.board.auctions:
            return seq, header.id
        if kind == "traces" and header.trace_id and header.trace_id not in timeline.board.traces:
            return seq, header.trace_id
    return None


def previous_round(session: Session, kind: RoundKind) -> tuple[int, str] | None:
    """The last signal before the one under the playhead that opened an auction or a trace."""
    board = session.timeline.board
    here = session.timeline.position - 1
    if kind == "auctions":
        for offer in reversed(board.auction_order):
            if board.auctions[offer].seq < here:
                return board.auctions[offer].seq, offer
        return None
    for trace_id in reversed(board.trace_order):
        first = board.traces[trace_id].tree.arrivals[0].seq
        if first < here:
            return first, trace_id
    return None


def request_of(scene: Scene) -> str | None:
    """The open question that is selected, or one of the selected trace; None leaves the choice to the longest waiting."""
    board = scene.board
    node = node_shown(scene)
    if node is not None and node.id in board.requests and board.requests[node.id].state == "open":
        return node.id
    trace = scene.trace
    if trace is None:
        return None
    return next((key for key in board.request_order if key in trace.waiting_on), None)
