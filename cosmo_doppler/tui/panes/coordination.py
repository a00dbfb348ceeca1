"""Everything that is coordinated, by kind: pools, tasks by state, negotiations, votes, auctions, delegations."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import ClassVar, NamedTuple

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.coordination.grants import SeenGrant
from cosmo_doppler.model.coordination.notice import KINDS, Kind
from cosmo_doppler.model.coordination.tasks import TASK_STATES
from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.coordination_rows import COLUMNS, cells_of
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, place
from cosmo_doppler.tui.widgets.source import Source, find_near

MOST_OPEN = 200
"""Objects of one state that are shown of those that go on."""

MOST_OVER = 12
"""Objects of one state that are shown of those that have ended."""

UNFOLDED = 2_000
"""How many are shown of a kind that was unfolded."""

_DEEPEST = 8

GROUP = "group "
"""What the key of a heading begins with."""

HEADINGS: dict[Kind, str] = {
    "pool": "Pools",
    "task": "Tasks",
    "negotiation": "Negotiations",
    "vote": "Votes",
    "auction": "Auctions",
    "delegation": "Delegations",
}
STATES: dict[Kind, tuple[str, ...]] = {
    "pool": ("open", "deleted"),
    "task": TASK_STATES,
    "negotiation": ("countered", "proposed", "accepted", "rejected", "closed"),
    "vote": ("open", "closed"),
    "auction": ("open", "sold", "unsold", "cancelled"),
    "delegation": ("active", "revoked", "expired"),
}
"""States of each kind, what goes on first."""


class Row(NamedTuple):
    """One row: a heading, an object, or how many more there are."""

    key: str
    kind: Kind
    thing: Thing | None = None
    depth: int = 0
    more: int = 0
    state: str = ""


class CoordinationRows(Source):
    """Objects of coordination under a heading for each kind. What goes on comes first, then the latest that ended."""

    hints: ClassVar[tuple[str, ...]] = (
        "open",
        "end_object",
        "jump_trace",
        "pause",
        "unfold",
        "fold",
        "zoom",
        "command_palette",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._folded: frozenset[Kind] = frozenset()
        self._unfolded: frozenset[Kind] = frozenset()
        self._wanted: str | None = None
        """A row somebody goes to that is not among the first of its state."""
        self._made_of: Hashable = None
        self._rows: list[Row] = []
        self._keys: list[str] = []

    # -- which rows there are

    def _take(self) -> None:
        made_of = self._material()
        if made_of != self._made_of:
            self._made_of = made_of
            self._rows = list(self._all())
            self._keys = [row.key for row in self._rows]

    def _material(self) -> Hashable:
        """What the rows are made of."""
        book = self._scene.board.coordination
        return id(book), book.revision, self._folded, self._unfolded, self._wanted

    def _all(self) -> Iterator[Row]:
        book = self._scene.board.coordination
        for kind in KINDS:
            if len(book.shelf(kind)):
                yield from self._of_kind(kind)

    def _of_kind(self, kind: Kind) -> Iterator[Row]:
        yield Row(f"{GROUP}{kind}", kind)
        if kind in self._folded:
            return
        shelf = self._scene.board.coordination.shelf(kind)
        for state in STATES[kind]:
            count, shown = shelf.count(state), 0
            for thing in shelf.latest(state, self._most(kind, state)):
                shown += 1
                yield from self._of_thing(kind, thing)
            wanted = shelf.get(self._wanted) if self._wanted else None
            if (
                count > shown
                and wanted is not None
                and wanted.state == state
                and not self._among(wanted, shown)
            ):
                shown += 1
                yield Row(wanted.key, kind, wanted)
            if count > shown:
                yield Row(f"more {kind} {state}", kind, more=count - shown, state=state)

    def _most(self, kind: Kind, state: str) -> int:
        """How many objects in a state are shown."""
        if kind in self._unfolded:
            return UNFOLDED
        return MOST_OVER if state in _over(kind) else MOST_OPEN

    def _among(self, wanted: Thing, shown: int) -> bool:
        shelf = self._scene.board.coordination.shelf(wanted.kind)
        return any(each is wanted for each in shelf.latest(wanted.state, shown))

    def _of_thing(self, kind: Kind, thing: Thing) -> Iterator[Row]:
        if not isinstance(thing, SeenGrant):
            yield Row(thing.key, kind, thing)
        elif self._scene.board.coordination.parent(thing) is None:
            yield from self._branch(thing, 0)

    def _branch(self, grant: SeenGrant, depth: int) -> Iterator[Row]:
        yield Row(grant.key, "delegation", grant, depth)
        if depth < _DEEPEST:
            for child in self._scene.board.coordination.children(grant):
                yield from self._branch(child, depth + 1)

    # -- as a source

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return [("Coordination", ink.bold)]

    def note(self, ink: Ink) -> Cell:
        """What of it moves."""
        return [(text, ink.dim) for text in [going_on(self._scene)] if text]

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles."""
        return [COLUMNS.header(width, ink)] if self.count() else []

    def empty(self, ink: Ink) -> list[Cell]:
        """What makes something appear."""
        return [
            [("Nothing is coordinated here", ink.dim)],
            [("what happens in a store shows once it is mirrored:", ink.dim)],
            [
                ("BusMirror(dendrite)", ink.plain),
                (" or ", ink.dim),
                ("cosmo coord mirror --store FILE", ink.plain),
            ],
        ]

    def count(self) -> int:
        """Headings, objects, and lines that say how many more there are."""
        self._take()
        return len(self._rows)

    def key(self, index: int) -> str:
        """What the object is known by."""
        return self._keys[index]

    def index(self, key: Hashable, near: int) -> int | None:
        """Where an object stands."""
        self._take()
        return find_near(self._keys, key, near)

    def seek(self, key: Hashable) -> None:
        """Somebody goes to an object: have it among the rows."""
        if isinstance(key, str) and (thing := self._scene.board.coordination.find(key)) is not None:
            self._wanted = key
            self._folded -= {thing.kind}

    def touched(self, changes: Changes) -> bool:
        """The stamp tells."""
        return changes.reset

    def stamp(self) -> Hashable:
        """What is known, and the seconds that countdowns count in."""
        book = self._scene.board.coordination
        return id(book), book.revision, int(self._scene.now) if len(book) else 0

    def marked(self, key: Hashable) -> bool:
        """While another pane shows it."""
        return key == self._scene.object_key

    def sequence(self, key: Hashable) -> int | None:
        """The first signal about it."""
        thing = self._scene.board.coordination.find(key) if isinstance(key, str) else None
        return thing.seq if thing is not None else None

    def copied(self, key: Hashable) -> str:
        """Its id."""
        thing = self._scene.board.coordination.find(key) if isinstance(key, str) else None
        return thing.id if thing is not None else ""

    def fold(self, key: Hashable) -> Hashable | None:
        """Hide the objects of a kind, or all but the first."""
        row = self._row_of(key)
        if row is None or (row.kind in self._folded and row.kind not in self._unfolded):
            return None
        if row.kind in self._unfolded:
            self._unfolded -= {row.kind}
        else:
            self._folded |= {row.kind}
        return f"{GROUP}{row.kind}"

    def unfold(self, key: Hashable) -> bool:
        """Show the objects of a kind, or more of them."""
        row = self._row_of(key)
        if row is None or row.thing is not None:
            return False
        if row.kind in self._folded:
            self._folded -= {row.kind}
        elif row.more and row.kind not in self._unfolded:
            self._unfolded |= {row.kind}
        else:
            return False
        return True

    def _row_of(self, key: Hashable) -> Row | None:
        place = self.index(key, 0)
        return None if place is None else self._rows[place]

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """A heading with its counts, an object, or how many more there are."""
        row = self._rows[index]
        if row.thing is not None:
            return COLUMNS.row(width, cells_of(row.thing, self._scene, ink, row.depth))
        if row.more:
            more = f"{'':11}and {words.count(row.more)} more {row.state}"
            return place([(more, ink.dim)], width)
        return place(self._heading(row.kind, ink), width)

    def _heading(self, kind: Kind, ink: Ink) -> Cell:
        sign = "▸ " if kind in self._folded else "▾ "
        return [(sign, ink.dim), (HEADINGS[kind], ink.bold), (f"  {'  '.join(self._counts(kind))}", ink.dim)]

    def _counts(self, kind: Kind) -> list[str]:
        shelf = self._scene.board.coordination.shelf(kind)
        return [f"{words.count(shelf.count(state))} {state}" for state in STATES[kind] if shelf.count(state)]


def going_on(scene: Scene) -> str:
    """How many objects are not over, in a few words."""
    book = scene.board.coordination
    moving = sum(len(book.shelf(kind)) - book.shelf(kind).count(*_over(kind)) for kind in KINDS)
    return f"{words.count(moving)} of {words.count(len(book))} go on" if len(book) else ""


def _over(kind: Kind) -> tuple[str, ...]:
    return _OVER[kind]


_OVER: dict[Kind, tuple[str, ...]] = {
    "pool": ("deleted",),
    "task": ("failed", "completed", "cancelled"),
    "negotiation": ("accepted", "rejected", "closed"),
    "vote": ("closed",),
    "auction": ("sold", "unsold", "cancelled"),
    "delegation": ("revoked", "expired"),
}
