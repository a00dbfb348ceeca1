"""Every bid of some auctions as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from cosmo_doppler.export.escaping import for_csv
from cosmo_doppler.model.auctions import Auction, SeenBid
from cosmo_doppler.model.interventions import Intervention, Interventions

BID_COLUMNS = (
    "trace_id",
    "offer_id",
    "opened_at",
    "need",
    "window_ms",
    "auction",
    "bid_id",
    "bidder",
    "after_ms",
    "cost",
    "eta_ms",
    "confidence",
    "state",
    "reason",
    "auto",
    "edited",
    "held_ms",
)
"""One row for each bid; an auction without a bid has one row with the bid's columns empty. `after_ms` counts from
the arrival of the offer, `opened_at` is UTC. `edited` is what somebody changed in a bid on its way, `held_ms` how long
it was held for that or before it was dropped."""


def bids_csv(auctions: Iterable[Auction], by_hand: Interventions) -> str:
    """The table, with a line of headings.

    Args:
        auctions: those to list.
        by_hand: what was done to their bids.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(BID_COLUMNS)
    for auction in auctions:
        head = _auction_cells(auction)
        for seen in auction.all_bids:
            writer.writerow(
                map(for_csv, [*head, *_bid_cells(auction, seen), *_hand_cells(by_hand.of(seen.bid.id))])
            )
        if not auction.all_bids:
            writer.writerow(map(for_csv, [*head, *[""] * (len(BID_COLUMNS) - len(head))]))
    return out.getvalue()


def _auction_cells(auction: Auction) -> list[str]:
    opened = datetime.fromtimestamp(auction.opened_at, UTC).isoformat(timespec="milliseconds")
    return [
        auction.trace_id,
        auction.offer_id,
        opened,
        " ".join(auction.capabilities),
        str(auction.deadline_ms or ""),
        auction.state,
    ]


def _bid_cells(auction: Auction, seen: SeenBid) -> list[str]:
    bid = seen.bid
    return [
        bid.id,
        bid.neuron,
        f"{(seen.at - auction.opened_at) * 1000:.3f}",
        "" if bid.cost is None else repr(bid.cost),
        "" if bid.eta_ms is None else str(bid.eta_ms),
        "" if bid.confidence is None else repr(bid.confidence),
        seen.state,
        bid.problem or seen.declined_reason,
        "yes" if bid.auto else "",
    ]


def _hand_cells(done: Intervention | None) -> list[str]:
    """What was done to a bid on its way."""
    if done is None or done.held_s is None:
        return ["", ""]
    changed = (done.changed() or "nothing that shows") if done.kind == "edited" else ""
    return [changed, f"{done.held_s * 1000:.3f}"]
