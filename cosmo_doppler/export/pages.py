"""A trace or an auction as a page of markdown, for a ticket or a review."""

from __future__ import annotations

from datetime import UTC, datetime

from cosmo_doppler.export.escaping import for_markdown, table
from cosmo_doppler.export.signals import trace_seqs
from cosmo_doppler.model.auctions import Auction, SeenBid
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.sayings import describe
from cosmo_doppler.store import Store
from cosmo_doppler.tui.safe import short_id
from cosmo_doppler.tui.words import duration, joined, many

MOST_SIGNALS = 2_000
"""Rows of a page; what is left out is said."""

_BID_COLUMNS = ["#", "bidder", "after", "cost", "eta", "confidence", "state"]
_NUMBERS = frozenset({"#", "after", "cost", "eta", "confidence"})


def trace_page(board: Board, store: Store, trace_id: str) -> str:
    """What was asked, how it stands, its auctions, and every signal in order of arrival.

    Args:
        board: what is known.
        store: where the frames are.
        trace_id: in full.

    Raises:
        KeyError: no such trace.
    """
    trace = board.traces[trace_id]
    end = trace.last_at if trace.ended_at is None else trace.ended_at
    facts = [
        f"* **State**: {trace.status}, {joined(duration(end - trace.started_at))}",
        f"* **Began**: {datetime.fromtimestamp(trace.started_at, UTC).isoformat(timespec='milliseconds')}",
        f"* **Trace**: `{_code(trace_id)}`",
        f"* **Signals**: {trace.signals}" + (f", {many(trace.errors, 'error')}" if trace.errors else ""),
    ]
    title = for_markdown(trace.title) if trace.title else short_id(trace_id)
    parts = [f"# Trace {title}", "\n".join(facts)]
    known = [board.auctions[offer_id] for offer_id in trace.auctions if offer_id in board.auctions]
    parts += [auction_page(auction, level=2) for auction in known]
    if done := board.by_hand.of_trace(trace_id):
        told = [f"* {each.type}: {for_markdown(each.told())}" for each in done]
        parts += ["## By hand", "\n".join(told)]
    seqs = trace_seqs(board, trace_id)
    parts.append("## Signals")
    rows = [_signal_row(store, seq, trace.started_at) for seq in seqs[:MOST_SIGNALS]]
    parts.append(table(["after", "type", "who", "says"], rows, frozenset({"after"})))
    if len(seqs) > MOST_SIGNALS:
        parts.append(f"{len(seqs) - MOST_SIGNALS} more signals are not listed.")
    return "\n\n".join(parts) + "\n"


def auction_page(auction: Auction, *, level: int = 1) -> str:
    """What was offered, who bid, and what came of it.

    Args:
        auction: the auction.
        level: of the heading.
    """
    asked = for_markdown(auction.title) if auction.title else ""
    need = for_markdown(" ".join(auction.capabilities)) or "anything"
    window = f"{auction.deadline_ms} ms" if auction.deadline_ms else "none said"
    outcome = f"{auction.state}" + (f" to {for_markdown(auction.winner)}" if auction.winner else "")
    lines = [
        f"* **Need**: {need}" + (f": {asked}" if asked else ""),
        f"* **Window**: {window}",
        f"* **Outcome**: {outcome}",
    ]
    if fitting := auction.explained_by():
        lines.append(f"* **Explained by**: {', '.join(f'`{select}`' for select in fitting)}")
    rows = [_bid_row(number, seen, auction) for number, seen in enumerate(auction.all_bids, 1)]
    bids = table(_BID_COLUMNS, rows, _NUMBERS) if rows else "Nobody bid."
    return "\n\n".join([f"{'#' * level} Auction {short_id(auction.offer_id)}", "\n".join(lines), bids])


def _bid_row(number: int, seen: SeenBid, auction: Auction) -> list[str]:
    bid = seen.bid
    note = bid.problem or seen.declined_reason
    return [
        str(number),
        bid.neuron + (" (auto)" if bid.auto else ""),
        f"{(seen.at - auction.opened_at) * 1000:.1f} ms",
        "" if bid.cost is None else f"{bid.cost:.6g}",
        "" if bid.eta_ms is None else f"{bid.eta_ms} ms",
        "" if bid.confidence is None else f"{bid.confidence:.2f}",
        seen.state + (f": {note}" if note and note != seen.state else ""),
    ]


def _signal_row(store: Store, seq: int, began: float) -> list[str]:
    header = store.header(seq)
    return [f"{(store.at(seq) - began) * 1000:.1f} ms", header.type, header.who, describe(header)]


def _code(text: str) -> str:
    """Text inside backticks, which know no escape."""
    return text.replace("`", "'") if text.isprintable() else short_id(text)
