"""Pictures of what is coordinated: an afternoon at a mill, as a real mirror told of it (`data/make_coordination.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from cosmo_bus.recording import read_recording
from cosmo_doppler.session import Session, Timeline
from cosmo_doppler.tui.look import Look
from snapshots.data.make_coordination import HERE

SIZES = ("80x24", "120x40", "200x60")
KEYS = {" ": "space", ":": "colon"}
Compare = Callable[..., None]


class Nowhere:
    async def run(self, session: Session) -> None:
        await asyncio.Event().wait()


def mill(later_s: float = 0.0) -> Session:
    """The afternoon so far, on a clock that stands where the recording ends, or so many seconds away from that."""
    session = Session(Nowhere(), kind="live", title="cosmo://127.0.0.1:7070", namespace="mill")
    for line in read_recording(HERE):
        session.store.append(line.at or 0.0, line.subject or "", line.frame)
    now = session.timeline.end_at + later_s
    session.timeline = Timeline(session.store, live=True, wall=lambda: now)
    session.report("live")
    while not session.timeline.at_end:
        session.pump()
    return session


@pytest.mark.parametrize("size", SIZES)
def test_everything(looks_the_same: Compare, size: str) -> None:
    looks_the_same(mill(), size, view="coordination", says=("9 Coordination", "what ends next"))


def test_what_a_filter_leaves(looks_the_same: Compare) -> None:
    press = ("slash", *(KEYS.get(glyph, glyph) for glyph in "coord:vote or who:bob"), "enter")
    looks_the_same(mill(), "120x40", view="coordination", press=press, says=("of 24 objects", "of 24 match"))


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("movers", "those who can lift"),
        ("t2", "oil the great wheel"),
        ("close at five", "3 of 5, reached"),
        ("new foreman", "nobody is told how it stands"),
        ("a-boat", "the next bid must be at least 140"),
        ("a-flour", "the clock asks"),
        ("a-cart", "the price is that of cat"),
    ],
    ids=["pool", "task", "vote", "secret-vote", "english", "dutch", "second-price"],
)
def test_one_object(looks_the_same: Compare, named: str, says: str) -> None:
    looks_the_same(mill(), "120x40", view="coordination", select=named, says=(says,))


@pytest.mark.parametrize("kind", ["negotiation", "delegation"])
def test_one_object_without_a_name(looks_the_same: Compare, kind: str) -> None:
    session = mill()
    first, *_ = session.timeline.board.coordination.shelf(kind).by_key  # type: ignore[arg-type]
    says = {"negotiation": "10 → 14", "delegation": "no longer shed:*"}[kind]
    looks_the_same(session, "120x40", view="coordination", select=first.split()[-1], says=(says,))


def test_mirrored_auctions_among_the_others(looks_the_same: Compare) -> None:
    session = mill()
    boat = next(key for key, each in session.timeline.board.auctions.items() if each.title == "an old boat")
    looks_the_same(session, "120x40", view="auctions", select=boat, says=("mirrored", "leads"))


def test_ascii(looks_the_same: Compare) -> None:
    look = Look(ascii=True)
    looks_the_same(mill(), "120x40", view="coordination", select="close at five", look=look, says=("67%",))


def test_high_contrast(looks_the_same: Compare) -> None:
    look = Look(theme="contrast")
    looks_the_same(
        mill(), "120x40", view="coordination", select="t2", look=look, says=("oil the great wheel",)
    )
