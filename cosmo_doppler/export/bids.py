"""Every bid of some auctions as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from cosmo_doppler.export.escaping import for_csv
from cosmo_doppler.model.auctions import Auction, SeenBid

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
)
"""One row for each bid; an auction without a bid has one row with the bid's columns empty. `after_ms` counts from
the arrival of the offer, `opened_at` is UTC."""


def bids_csv(auctions: Iterable[Auction]) -> str:
    """The table, with a line of headings."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(BID_COLUMNS)
    for auction in auctions:
        head = _auction_cells(auction)
        for seen in auction.all_bids:
            writer.writerow(map(for_csv, [*head, *_bid_cells(auction, seen)]))
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
