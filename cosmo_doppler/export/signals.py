"""Which signals belong to a trace or an auction, and those as lines of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from cosmo_bus.recording import record_line
from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.bus_events import gap_event, loss_event
from cosmo_doppler.store import Store

if TYPE_CHECKING:
    from cosmo_doppler.session.losses import Loss
    from cosmo_doppler.session.session import Gap

_OF_AUCTIONS = frozenset({"TASK_OFFER", "BID", "TASK_AWARDED", "TASK_DECLINED"})


def trace_seqs(board: Board, trace_id: str) -> list[int]:
    """Positions of the signals of a trace, by arrival; of one that is not known, none."""
    trace = board.traces.get(trace_id)
    return sorted(node.seq for node in trace.rows) if trace is not None else []


def auction_seqs(board: Board, auction: Auction) -> list[int]:
    """Positions of an offer, its bids, and what the bidders were told, by arrival."""
    trace = board.traces.get(auction.trace_id)
    offer = trace.by_id.get(auction.offer_id) if trace is not None else None
    if offer is None:
        return [auction.seq, *(seen.seq for seen in auction.bids)]
    bids = {seen.bid.id for seen in auction.bids}
    seqs = {auction.seq, *(seen.seq for seen in auction.bids)}
    # Another auction below this one has an offer of its own, and bids that answer that.
    seqs |= {
        node.seq
        for node in offer.subtree()
        if node.type in _OF_AUCTIONS and (node.parent_id == auction.offer_id or node.parent_id in bids)
    }
    return sorted(seqs)


def recording_lines(
    store: Store, seqs: Iterable[int], gaps: Iterable[Gap] = (), losses: Iterable[Loss] = ()
) -> Iterator[bytes]:
    """The signals as lines of a recording, newline included.

    Args:
        store: where they are.
        seqs: their positions.
        gaps: times without a bus, each told of before the signal that came next.
        losses: frames that did not get here, told of in the same way.
    """
    unseen: dict[int, list[tuple[float, Callable[[str], tuple[str, bytes]]]]] = {}
    for gap in gaps:
        unseen.setdefault(gap.position, []).append((gap.back_at, partial(gap_event, lost_at=gap.lost_at)))
    for loss in losses:
        unseen.setdefault(loss.position, []).append((loss.at, partial(loss_event, frames=loss.frames)))
    for seq in seqs:
        subject = store.subject(seq)
        for at, event in unseen.get(seq, ()):
            yield record_line(at, *event(subject.partition(".")[2].partition(".")[0]))
        yield record_line(store.at(seq), subject, store.frame(seq))
