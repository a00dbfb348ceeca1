"""What is held on its way, and what was done by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from cosmo_bus.recording import RecordedLine, read_recording
from cosmo_doppler.query import compile_filter
from cosmo_doppler.session import Session, Timeline, load_all, open_replay
from cosmo_doppler.stepping.book import Break, Held, HeldBook
from cosmo_doppler.stepping.scope import scope_of

SIZES = ("80x24", "120x40", "200x60")
STEPPED = Path(__file__).parent / "data" / "stepped.ndjson"
"""Two rounds of the demo in which somebody held the bids, changed one and dropped one."""

Compare = Callable[..., None]

HELD_S = 7.0
"""How long the oldest signal has been held."""


def held_book(bids: list[RecordedLine], now: float) -> HeldBook:
    """A break that is on, with bids of two traces, and one that opened by itself."""
    book = HeldBook()
    for number, text in enumerate(("type:BID", "type:TASK_AWARDED who:otto"), 1):
        wanted = compile_filter(text)
        book.breaks[number] = Break(number, "62ad", wanted, scope_of(wanted.node, "dev"), 30.0)
    on, off = book.breaks.values()
    on.on = True
    off.ended = "opened by itself: held too long"
    for number, line in enumerate(bids):
        held = Held(f"h{number}", on, line.subject or "", line.frame, now - HELD_S + number)
        held.meant = True
        book.take_in(held)
    return book


@pytest.fixture
def stepped(standing: Callable[..., Session]) -> Session:
    """The demo while two rounds of bids are held."""
    everything = list(read_recording(STEPPED))
    offers = [place for place, line in enumerate(everything) if b'"type":"TASK_OFFER"' in line.frame]
    until = offers[3] + 1
    now = (everything[until - 1].at or 0.0) + HELD_S + 0.2
    session = standing("live")
    for line in everything[:until]:
        session.store.append(line.at or 0.0, line.subject or "", line.frame)
    session.wall = lambda: now
    session.timeline = Timeline(session.store, live=True, wall=lambda: now)
    bids = [line for line in everything[until:] if b'"type":"BID"' in line.frame]
    session.stepper = SimpleNamespace(book=held_book(bids[:4], now), token="62ad")
    while not session.timeline.at_end:
        session.pump()
    return session


@pytest.mark.parametrize("size", SIZES)
def test_held(stepped: Session, looks_the_same: Compare, size: str) -> None:
    says = ("HELD 4 by type:BID", "X lets all go", "frozen")
    looks_the_same(stepped, size, view="held", says=says)


@pytest.mark.parametrize("size", SIZES)
def test_by_hand(looks_the_same: Compare, size: str) -> None:
    session = open_replay(STEPPED, paused=True)
    load_all(session)
    edited = "edited by doppler: cost 0.00073" if size == "200x60" else "edited: cost 0.00073"
    looks_the_same(session, size, view="hands", says=(edited,))


def test_an_auction_that_somebody_touched(looks_the_same: Compare) -> None:
    session = open_replay(STEPPED, paused=True)
    load_all(session)
    looks_the_same(session, "120x40", view="auctions", select="YTHCDYZN", says=("by hand", "left alone"))


def test_changing_a_held_bid(stepped: Session, looks_the_same: Compare) -> None:
    looks_the_same(stepped, "120x40", view="held", press=("B",), says=("The bus judges all of it",))
