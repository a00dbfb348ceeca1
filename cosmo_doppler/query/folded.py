"""Values that no signal says itself: what the board knows of its trace, its auction and whom it names.

Each is None where the board knows nothing, so that no condition about it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cosmo_doppler.model.auctions import Auction, SeenBid
from cosmo_doppler.model.node import Node
from cosmo_doppler.model.traces import Trace
from cosmo_doppler.query.rows import Known, Row

_MOST_NESTED = 64
"""Traces above a trace that are counted."""


def value_of_trace(id: str, known: Known, of_trace: Callable[[Trace, Known], Any]) -> Any:
    """Something about the trace of that id."""
    trace = known.board.traces.get(id) if known.board is not None else None
    return None if trace is None else of_trace(trace, known)


def node_of(row: Row) -> Node | None:
    """The signal in the tree of its trace."""
    board = row.known.board
    trace = board.traces.get(row.trace_id) if board is not None else None
    return None if trace is None else trace.by_id.get(row.header.id)


def auction_of(row: Row) -> Auction | None:
    """The auction it is, it bids in, or it is work of: the nearest offer above it."""
    board, above = row.known.board, node_of(row)
    if board is not None and above is None and row.trace_id in board.traces:
        # What is held at a gate is in no tree yet.
        above = board.traces[row.trace_id].by_id.get(row.header.parent_id or "")
    while board is not None and above is not None:
        found = board.auctions.get(above.id)
        if found is not None:
            return found
        above = above.parent
    return None


def _bid_of(row: Row) -> SeenBid | None:
    if row.type != "BID" or (auction := auction_of(row)) is None:
        return None
    id = row.header.id
    return next((seen for seen in reversed(auction.bids) if seen.bid.id == id), None)


def won(row: Row) -> bool | None:
    """Whether the bid got the work; None for what is no bid."""
    seen = _bid_of(row)
    return None if seen is None else seen.state == "won"


def late(row: Row) -> bool | None:
    """Whether the bid came after its window; None for what is no bid."""
    seen = _bid_of(row)
    return None if seen is None else seen.state == "late"


def tie(auction: Auction) -> bool:
    """Whether two of the bids that were weighed ask the same lowest price."""
    costs = sorted(bid.cost for bid in auction.contenders() if bid.cost is not None)
    return len(costs) > 1 and costs[0] == costs[1]


def margin(auction: Auction) -> float | None:
    """What the cheapest other bid asks more than the winning one; negative when that was not the cheapest."""
    contenders = auction.contenders()
    winner = next((bid.cost for bid in contenders if bid.id == auction.winning_bid_id), None)
    others = [bid.cost for bid in contenders if bid.id != auction.winning_bid_id and bid.cost is not None]
    return min(others) - winner if winner is not None and others else None


def window(auction: Auction) -> float | None:
    """Seconds; None when the offer names no window."""
    return auction.deadline_ms / 1000 if auction.deadline_ms else None


def duration(trace: Trace, known: Known) -> float:
    """Seconds from its first signal to its end, or until now."""
    end = trace.ended_at if trace.ended_at is not None else max(known.now, trace.last_at)
    return end - trace.started_at


def idle(trace: Trace, known: Known) -> float:
    """Seconds since its last signal."""
    return max(0.0, known.now - trace.last_at)


def _auctions(trace: Trace, known: Known) -> list[Auction]:
    board = known.board
    if board is None:
        return []
    return [board.auctions[offer] for offer in trace.auctions if offer in board.auctions]


def bids(trace: Trace, known: Known) -> int:
    """Bids in all its auctions."""
    return sum(len(auction.bids) for auction in _auctions(trace, known))


def cost(trace: Trace, known: Known) -> float:
    """What its winning bids ask together."""
    return sum(
        seen.bid.cost
        for auction in _auctions(trace, known)
        for seen in auction.bids
        if seen.state == "won" and seen.bid.cost is not None
    )


def depth(trace: Trace, known: Known) -> int:
    """Traces it is nested in."""
    above = 0
    board, parent = known.board, trace.parent_trace
    while board is not None and parent is not None and above < _MOST_NESTED:
        above += 1
        outer = board.traces.get(parent)
        parent = None if outer is None else outer.parent_trace
    return above


def pending(row: Row) -> bool:
    """Whether it asks a person something, and nobody has answered."""
    board = row.known.board
    request = board.requests.get(row.header.id) if board is not None else None
    return request is not None and request.state == "open"


def stale(who: str, known: Known) -> bool:
    """Whether somebody who should be heard is not."""
    board = known.board
    participant = board.roster.get(who) if board is not None else None
    return participant is not None and board is not None and participant.liveness(board.now) == "stale"


def orphan(row: Row) -> bool:
    """Whether its parent was never seen."""
    node = node_of(row)
    return node is not None and node.placement == "orphan"


def by_hand(row: Row) -> str | None:
    """What was done to it by hand, or what it tells of that; None for what nobody touched."""
    board = row.known.board
    if board is None or not len(board.by_hand):
        return None
    told = board.by_hand.at(row.seq)
    if told is not None:
        # The bus told twice of what was held: when it began, and what became of it.
        return told.kind if told.seq == row.seq else "held"
    done = board.by_hand.of(row.header.id)
    return None if done is None else done.kind


def was(*kinds: str) -> Callable[[Row], bool]:
    """Whether one of these was done to it."""
    return lambda row: by_hand(row) in kinds
