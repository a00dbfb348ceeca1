"""The window curve: who would have won, had the window for bids been shorter or longer."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from cosmo_doppler.model.market.rules import Rule, Timed
from cosmo_sdk.bidding import Bid, gives_way

if TYPE_CHECKING:
    from cosmo_doppler.model.auctions import Auction


class Step(NamedTuple):
    """From this window on, until the next step, this bid wins."""

    from_ms: float
    """The shortest window of this winner, from the offer, milliseconds."""
    winner: Bid | None
    """None once nobody can win any more: who could has replaced its bid by one that cannot."""
    value: float | None
    """The figure that decides."""


def window_curve(auction: Auction, by: Rule) -> list[Step]:
    """The winner as a function of the window, over all bids that came, also those that came too late.

    Returns:
        One step for each change, by window; nothing when nobody could have won. Windows shorter than the first step
        end without a winner.
    """
    steps: list[Step] = []
    counts: dict[str, tuple[int, Timed]] = {}
    best: list[tuple[float, int, int, Timed]] = []
    for number, seen in enumerate(auction.bids):
        bid = seen.bid
        if seen.state in ("invalid", "withdrawn"):
            continue
        earlier = counts.get(bid.neuron)
        if earlier is not None and (by.name == "first_bid" or gives_way(bid, earlier[1].bid)):
            continue
        timed = Timed(bid, auction.after_s(seen))
        place = number if earlier is None else earlier[0]
        counts[bid.neuron] = (place, timed)
        key = by.key(timed)
        if not math.isnan(key):
            heappush(best, (key, place, number, timed))
        # What its neuron replaced since does not count any more; the one that does may stand deeper.
        while best and counts[best[0][3].bid.neuron][1] is not best[0][3]:
            heappop(best)
        leader = best[0][3] if best else None
        if (leader.bid if leader else None) is not (steps[-1].winner if steps else None):
            steps.append(
                Step(
                    timed.after_s * 1000,
                    leader.bid if leader else None,
                    by.value(leader) if leader else None,
                )
            )
    return steps


def winner_at(steps: list[Step], window_ms: float) -> Step | None:
    """The step a window falls on; None when it ends before the first bid."""
    found = None
    for step in steps:
        if step.from_ms > window_ms:
            break
        found = step
    return found


def shortest_window(steps: list[Step], window_ms: float) -> float | None:
    """The shortest window with the winner that one of `window_ms` has, and that every window between has too.

    Returns:
        Milliseconds from the offer; None when nobody wins in `window_ms`.
    """
    found = winner_at(steps, window_ms)
    return None if found is None or found.winner is None else found.from_ms
