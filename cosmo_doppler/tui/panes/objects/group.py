"""All objects of a kind in figures, what of everything ends next, and how far its stores are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len

from cosmo_doppler.model.coordination.grants import SeenGrant
from cosmo_doppler.model.coordination.negotiations import SeenNegotiation
from cosmo_doppler.model.coordination.notice import KINDS, Kind
from cosmo_doppler.model.coordination.sales import SeenSale
from cosmo_doppler.model.coordination.tasks import TASK_STATES, SeenTask
from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.model.coordination.votes import SeenVote
from cosmo_doppler.tui import bars, words
from cosmo_doppler.tui.panes.objects.paper import BAR, Line, Paper, called
from cosmo_doppler.tui.safe import fit, safe

_LOOKED_AT = 100
"""Objects of each state whose end is looked at."""

_SHOWN = 12

_WHAT = 34

_MOVING = ("running", "assigned", "open", "proposed", "countered", "active")
"""States in which something may end by itself."""


class _End(NamedTuple):
    at: float
    what: str
    whose: str
    seq: int


def lines(kind: Kind, paper: Paper) -> Iterator[Line]:
    """How many there are, what ends next, and where it all comes from."""
    yield from _counts(kind, paper)
    yield from _endings(paper)
    yield from _stores(paper)


def _counts(kind: Kind, paper: Paper) -> Iterator[Line]:
    ink, shelf = paper.ink, paper.scene.board.coordination.shelf(kind)
    states = TASK_STATES if kind == "task" else tuple(shelf.states())
    most = max((shelf.count(state) for state in states), default=0)
    width = min(BAR, max(4, paper.width - 24))
    for state in states:
        count = shelf.count(state)
        bar = bars.countdown(count / most if most else 0.0, width) or ("▏" if count else "")
        if count or kind == "task":
            figures = [(f"{safe(state, 20):<12}", ink.plain), (f"{words.count(count):>8}  ", ink.bold)]
            yield Line([*figures, (bar, ink.dim)])
    if shelf.forgotten:
        yield Line([(f"{words.count(shelf.forgotten)} older forgotten", ink.dim)])


def _endings(paper: Paper) -> Iterator[Line]:
    ink = paper.ink
    endings = sorted(_ending_of(paper))
    if endings:
        yield from paper.heading("what ends next, of everything")
    for end in endings[:_SHOWN]:
        left = end.at - paper.now
        number, unit = words.age(abs(left))
        name = fit(end.what, _WHAT)
        yield Line(
            [
                (f"{number:>4}" if left > 0 else "over", ink.plain if left > 0 else ink.bold),
                (f" {unit:<4}" if left > 0 else "     ", ink.dim),
                (f"{name}{' ' * (_WHAT - cell_len(name))}  ", ink.plain),
                (end.whose, ink.dim),
            ],
            end.seq,
        )


def _ending_of(paper: Paper) -> Iterator[_End]:
    """What ends by itself, of the latest of each kind."""
    book = paper.scene.board.coordination
    for kind in KINDS:
        for state in _MOVING:
            for thing in book.shelf(kind).latest(state, _LOOKED_AT):
                end = _end_of(thing, paper)
                if end is not None:
                    yield end


def _end_of(thing: Thing, paper: Paper) -> _End | None:
    ends_ms: int | None = None
    what, whose = f"{thing.kind} {called(thing)}", ""
    if isinstance(thing, SeenTask) and thing.held:
        about = safe(thing.objective, 60) or safe(called(thing), 60)
        ends_ms, what, whose = thing.lease_ms, f"lease: {about}", safe(thing.holder, 40)
    elif isinstance(thing, SeenVote):
        ends_ms, whose = thing.closes_ms, f"{thing.present} voted"
    elif isinstance(thing, SeenNegotiation):
        ends_ms = thing.deadline_ms
    elif isinstance(thing, SeenGrant) and paper.scene.board.coordination.stands(thing, paper.now) == "active":
        ends_ms, what = thing.expires_ms, f"{safe(thing.delegator, 40)} → {safe(thing.delegatee, 40)}"
    elif isinstance(thing, SeenSale):
        auction = paper.scene.board.auctions.get(thing.offers[-1]) if thing.offers else None
        ends_ms = auction.terms.closes_ms if auction is not None and auction.terms is not None else None
        what = f"auction: {safe(thing.lot, 60) or safe(called(thing), 60)}"
    return None if ends_ms is None else _End(ends_ms / 1000, what, whose, thing.seq)


def _stores(paper: Paper) -> Iterator[Line]:
    ink, book = paper.ink, paper.scene.board.coordination
    if book.stores:
        yield from paper.heading("stores that a mirror tells of")
    for store in book.stores.values():
        missing = f"  {words.many(store.missing, 'event')} missing" if store.missing else ""
        ago = words.joined(words.age(paper.now - store.at))
        yield Line(
            [
                (f"{safe(store.id[-8:], 20):<10}", ink.plain),
                (f"up to event {words.count(store.rev)}", ink.plain),
                (f", {ago} ago", ink.dim),
                (missing, ink.failure),
            ]
        )
