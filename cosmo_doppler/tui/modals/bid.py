"""The form behind `M` on an open auction: bid by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from cosmo_doppler.model.auctions import Auction, AuctionState
from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.entries import Entry
from cosmo_doppler.tui.modals.facts import signal_at
from cosmo_doppler.tui.modals.part import AsSomebody
from cosmo_doppler.tui.modals.parts import Field, prose
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.words import duration, joined
from cosmo_sdk.bidding import Bid, rank, read_bid
from cosmo_sdk.envelope import Signal

REFRESH_S = 0.1
"""Time between two looks at the auction while the form is open, seconds."""


@dataclass(frozen=True)
class BidDraft:
    """What a person bids, and as whom."""

    neuron_id: str
    capabilities: list[str]
    cost: float
    eta_ms: int | None
    confidence: float | None


@dataclass(frozen=True)
class AuctionNow:
    """An auction as the form shows it."""

    state: AuctionState
    title: str
    winner: str
    left_ms: float
    over_ms: float
    """How long ago the window closed; 0 while it is open."""
    still: bool
    """Whether something of it is held at a gate: a producer of ours lets the window stand still then."""
    window_ms: int
    standing: tuple[Bid, ...]
    """The bids that may win, by arrival."""


def auction_now(session: Session, offer_id: str) -> AuctionNow | None:
    """How an auction stands; None when it is not known at this point of time."""
    with session.lock:
        now = session.timeline.now
        auction = session.timeline.board.auctions.get(offer_id)
        if auction is None:
            return None
        return AuctionNow(
            state=auction.state,
            title=auction.title,
            winner=auction.winner,
            left_ms=auction.left_ms(now),
            over_ms=max(0.0, ((auction.held_since or now) - auction.closes_at) * 1000),
            still=auction.held_since is not None,
            window_ms=auction.deadline_ms,
            standing=tuple(auction.contenders()),
        )


def offer_signal(session: Session, offer_id: str) -> tuple[Auction, Signal] | None:
    """An auction and the TASK_OFFER that opened it; None when it is not known, or nothing a bid could answer."""
    with session.lock:
        auction = session.timeline.board.auctions.get(offer_id)
        signal = signal_at(session, auction.seq) if auction is not None else None
        return (auction, signal) if auction is not None and signal is not None else None


class BidForm(AsSomebody[BidDraft]):
    """Bid in an auction.

    Args:
        session: where it is held.
        offer_id: of the auction.
        capabilities: what it asks for, and what the person can do anyway.
        before: the last bid made by hand, to begin with.
    """

    send_label: ClassVar[str] = "Send bid"
    ready: ClassVar[str] = "ctrl+s bids, esc leaves"
    DEFAULT_CSS = """
    BidForm .fact { text-wrap: nowrap; text-overflow: ellipsis; width: 1fr; }
    BidForm .number { width: 14; }
    BidForm .after { width: 1fr; padding-left: 1; color: $foreground-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(
        self, session: Session, offer_id: str, capabilities: Sequence[str], before: BidDraft | None = None
    ) -> None:
        super().__init__(session, "Bid by hand", capabilities)
        self._offer_id = offer_id
        self._before = before
        self._now = auction_now(session, offer_id)

    def compose_body(self) -> ComposeResult:
        """The auction as it stands, who bids, and the terms."""
        for label, fact_id in (("Task", "title"), ("Window", "window"), ("Bids", "bids")):
            yield Field(label, prose(id=fact_id, classes="fact"), close=True)
        yield prose(" ", classes="close gap")
        yield from self.who()
        before = self._before
        cost = f"{before.cost:g}" if before is not None else ""
        eta = f"{before.eta_ms / 1000:g}" if before is not None and before.eta_ms is not None else ""
        sure = f"{before.confidence:g}" if before is not None and before.confidence is not None else ""
        yield from self._figure("Cost", cost, "cost", "US dollars by convention")
        yield from self._figure("Time", eta, "eta", "seconds until you answer, may stay empty")
        yield from self._figure("Sure", sure, "confidence", "confidence, 0 to 1, may stay empty")
        yield Field("Place", prose(id="place", classes="fact"), close=True)

    def _figure(self, label: str, value: str, id: str, unit: str) -> ComposeResult:
        entry = Entry(value, id=id, restrict=r"[0-9.]*")
        entry.add_class("number")
        yield Field(label, entry, unit=unit, close=True)

    def first(self) -> Widget:
        """The price; enter there only goes on."""
        return self.query_one("#cost", Input)

    def on_mount(self) -> None:
        """Count the window down."""
        self.set_interval(REFRESH_S, self.check)

    def refresh_form(self) -> None:
        """Show the auction as it stands, and where this bid would."""
        now = self._now = auction_now(self._session, self._offer_id)
        title, window, bids = ("not known now",) * 3 if now is None else _told(now)
        self.query_one("#title", Static).update(Content(title))
        self.query_one("#window", Static).update(Content(window))
        self.query_one("#bids", Static).update(Content(bids))
        self.query_one("#place", Static).update(Content(self._place(now)))

    def problem(self) -> str:
        """Why no bid can be sent."""
        now = self._now
        if now is None:
            return "This auction is not known at this point of time"
        if now.state == "awarded":
            return f"Awarded to {safe(now.winner, 40) or 'somebody'}: nothing left to bid for"
        if now.state in ("stopped", "unsold"):
            return "This auction is over: nothing left to bid for"
        return self.name_problem() or self._terms()[1]

    def draft(self) -> BidDraft:
        """The bid."""
        draft, problem = self._terms()
        assert draft is not None, problem
        return draft

    def _terms(self) -> tuple[BidDraft | None, str]:
        """What was typed, or why it is no bid."""
        figures: dict[str, float | None] = {}
        for field, what in (("cost", "Cost"), ("eta", "Time"), ("confidence", "Confidence")):
            text = self.query_one(f"#{field}", Input).value.strip()
            try:
                figures[field] = float(text) if text else None
            except ValueError:
                return None, f"{what} is no number"
        cost, eta, confidence = figures["cost"], figures["eta"], figures["confidence"]
        if cost is None:
            return None, "Type a cost"
        if eta is not None and not 0 < eta <= 86_400:
            return None, "Time must be more than 0, and at most a day, in seconds"
        if confidence is not None and not 0 <= confidence <= 1:
            return None, "Confidence goes from 0 to 1"
        eta_ms = None if eta is None else max(1, round(eta * 1000))
        draft = BidDraft(self.name_wanted, self.able, cost, eta_ms, confidence)
        problem = _as_bid(draft).problem
        return (None, f"Such a bid cannot win: {safe(problem, 120)}") if problem else (draft, "")

    def _place(self, now: AuctionNow | None) -> str:
        """Where the bid would stand now by what it says."""
        draft, _ = self._terms()
        if now is None or draft is None:
            return ""
        mine = _as_bid(draft)
        field = [*(bid for bid in now.standing if bid.neuron != mine.neuron), mine]
        cheap, sure = (
            next(place for place, bid in enumerate(rank(field, select), 1) if bid is mine)
            for select in ("lowest_cost", "highest_confidence")
        )
        if len(field) == 1:
            return "the only bid so far"
        return f"{_ordinal(cheap)} of {len(field)} by cost, {_ordinal(sure)} by confidence"


def _as_bid(draft: BidDraft) -> Bid:
    payload = {"cost": draft.cost, "eta_ms": draft.eta_ms, "confidence": draft.confidence}
    given = {key: value for key, value in payload.items() if value is not None}
    return read_bid(id="", neuron=draft.neuron_id, payload=given, meta={})


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _told(now: AuctionNow) -> tuple[str, str, str]:
    """Task, window and bids, one line each."""
    whole = f" of {joined(duration(now.window_ms / 1000))}" if now.window_ms else ""
    if now.over_ms:
        window = f"over for {joined(duration(now.over_ms / 1000))}: a bid now is late, and may not be weighed"
    else:
        still = ", standing still at a gate" if now.still else ""
        window = f"{now.left_ms / 1000:.1f} s left{whole}{still}"
    if not now.standing:
        return safe(now.title, 200), window, "none yet"
    told = str(len(now.standing))
    priced = [bid for bid in now.standing if bid.cost is not None]
    if priced:
        cheapest = min(priced, key=lambda bid: bid.cost or 0.0)
        told += f", cheapest {cheapest.cost:g} by {safe(cheapest.neuron, 30)}"
    certain = [bid for bid in now.standing if bid.confidence is not None]
    if certain:
        surest = max(certain, key=lambda bid: bid.confidence or 0.0)
        told += f", surest {surest.confidence:g} by {safe(surest.neuron, 30)}"
    return safe(now.title, 200), window, told
