"""All objects of a kind in figures: how many are in which state, and of which stores."""

from __future__ import annotations

from collections.abc import Iterator

from cosmo_doppler.model.coordination.notice import Kind
from cosmo_doppler.model.coordination.tasks import TASK_STATES
from cosmo_doppler.tui import bars, words
from cosmo_doppler.tui.panes.objects.paper import BAR, Line, Paper
from cosmo_doppler.tui.safe import safe


def lines(kind: Kind, paper: Paper) -> Iterator[Line]:
    """How many there are, and where they come from."""
    ink, book = paper.ink, paper.scene.board.coordination
    shelf = book.shelf(kind)
    states = [*TASK_STATES] if kind == "task" else shelf.states()
    most = max((shelf.count(state) for state in states), default=0)
    for state in states:
        count = shelf.count(state)
        bar = bars.countdown(count / most if most else 0.0, BAR)
        if count and not bar:
            bar = "▏"
        if count or kind == "task":
            yield Line(
                [
                    (f"{safe(state, 20):<12}", ink.plain),
                    (f"{words.count(count):>8}  ", ink.bold),
                    (bar, ink.dim),
                ]
            )
    if shelf.forgotten:
        yield Line([(f"{words.count(shelf.forgotten)} older forgotten", ink.dim)])
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
