"""Small sessions for tests: signals by short names, folded at times that are written down."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.coordination.negotiations import SeenProposal
from cosmo_doppler.model.coordination.notice import KINDS
from cosmo_doppler.model.coordination.thing import Happening
from cosmo_doppler.model.observed import Observed
from cosmo_sdk.header import read_header


def frame(
    type: str,
    id: str,
    /,
    *,
    parent: str | None = None,
    trace: str = "1",
    who: str | None = None,
    meta: dict[str, Any] | None = None,
    **payload: Any,
) -> bytes:
    """A frame; ids are given without their prefix."""
    fields: dict[str, Any] = {
        "v": "1",
        "id": f"evt_{id}",
        "trace_id": f"trc_{trace}",
        "type": type,
        "ts": "2026-01-01T00:00:00Z",
        "payload": payload,
    }
    if parent is not None:
        fields["parent_id"] = f"evt_{parent}"
    if who is not None:
        fields["directed"] = {"id": who}
    if meta is not None:
        fields["meta"] = meta
    return msgspec.json.encode(fields)


def observed(frames: Iterable[tuple[float, bytes]], first: int = 0) -> list[Observed]:
    """Frames with their times of arrival, as a store would hand them to the model."""
    return [
        Observed(seq, at, "cosmonapse.dev.X", read_header(data))
        for seq, (at, data) in enumerate(frames, first)
    ]


def fold(*frames: tuple[float, bytes], board: Board | None = None, until: float | None = None) -> Board:
    """A board that has seen these, and that has been advanced to `until`."""
    board = Board() if board is None else board
    for seen in observed(frames, board.signals):
        board.apply(seen)
    if until is not None:
        board.advance(until)
    return board


def outline(board: Board, trace: str = "1") -> list[str]:
    """The tree of a trace, one line a signal: two spaces a level, id without prefix, mark of a guessed place."""
    return [
        f"{'  ' * node.depth}{node.id.removeprefix('evt_')}{f' ({node.placement})' if node.placement else ''}"
        for node in board.traces[f"trc_{trace}"].rows
    ]


def bids(board: Board, offer: str) -> list[tuple[str, str]]:
    """Bidders and what became of their bids, by arrival."""
    return [(seen.bid.neuron, seen.state) for seen in board.auctions[f"evt_{offer}"].bids]


def view(board: Board) -> dict[str, Any]:
    """Everything a screen could show of a board, as plain values: equal views look the same."""
    return {
        "now": board.now,
        "counts": (board.signals, board.malformed, board.duplicates, dict(board.types), board.evicted_traces),
        "traces": {key: trace_view(board, key) for key in board.trace_order},
        "auctions": {key: auction_view(board, key) for key in board.auction_order},
        "requests": {
            key: (request.state, request.answered_by, request.answered_at, request.text)
            for key, request in board.requests.items()
        },
        "coordination": coordination_view(board),
        "roster": {
            key: (who.role, who.capabilities, who.last_seen, who.signals, who.liveness(board.now))
            for key, who in board.roster.items()
        },
    }


def coordination_view(board: Board) -> dict[str, Any]:
    """All that is known of every object, and of every store, but for where its signals stand."""
    book = board.coordination
    told: dict[str, Any] = {
        key: {name: _plain(getattr(thing, name)) for kind in type(thing).__mro__ for name in _slots(kind)}
        for noun in KINDS
        for key, thing in book.shelf(noun).by_key.items()
    }
    told["stores"] = [(store.id, store.rev, store.missing, store.gaps) for store in book.stores.values()]
    return told


def _slots(kind: type) -> tuple[str, ...]:
    return tuple(name for name in kind.__dict__.get("__slots__", ()) if name != "seq")


def _plain(value: Any) -> Any:
    if isinstance(value, SeenProposal):
        return tuple(getattr(value, name) for name in value.__slots__ if name != "seq")
    if isinstance(value, Happening):
        return value._replace(seq=0)
    return [_plain(each) for each in value] if isinstance(value, list | tuple | deque) else value


def trace_view(board: Board, key: str) -> tuple[Any, ...]:
    trace = board.traces[key]
    return (
        [
            (node.id, node.depth, node.placement, node.type, node.who, node.at)
            for node in trace.rows
            if node.placement != "duplicate"
        ],
        (trace.status, trace.title, trace.started_at, trace.last_at, trace.ended_at, trace.errors),
        (dict(trace.working), set(trace.waiting_on), trace.parent_trace, list(trace.child_traces)),
    )


def auction_view(board: Board, key: str) -> tuple[Any, ...]:
    auction = board.auctions[key]
    return (
        (auction.state, auction.winner, auction.winning_bid_id, auction.awarded_at, auction.explained_by()),
        [(seen.bid.id, seen.state, seen.declined_reason) for seen in auction.bids],
    )
