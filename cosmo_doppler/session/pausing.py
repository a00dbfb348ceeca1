"""Breaks that pause the playhead: right after the first signal that an expression means. They change nothing on a bus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from cosmo_doppler.query import Known, Sieve, compile_filter
from cosmo_doppler.query.rows import StoreRow
from cosmo_doppler.store import Store

_AT_ONCE = 256
"""Signals looked at together."""


class PauseBreak:
    """One expression."""

    def __init__(self, number: int, text: str, store: Store) -> None:
        self.number = number
        self.filter = compile_filter(text)
        self.text = self.filter.text
        self.on = True
        self.hits = 0
        """How often it paused the playhead."""
        self._sieve = Sieve(self.filter, store)

    def first(self, first: int, last: int) -> int | None:
        """The first of these signals that it means; only for expressions about single signals."""
        found = self._sieve.pick(first, last)
        return found[0] if found else None


class Caught(NamedTuple):
    """Why the playhead stands still."""

    text: str
    seq: int


class PauseBreaks:
    """All of them.

    Args:
        store: where the signals are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._breaks: dict[int, PauseBreak] = {}
        self._numbers = 0
        self._caught: Caught | None = None
        self.tell: Callable[[PauseBreak, str], None] = _nobody
        """Called with a break and `set` or `gone` when it begins and when it ends to pause anything."""

    def __iter__(self) -> Iterator[PauseBreak]:
        return iter(list(self._breaks.values()))

    def __len__(self) -> int:
        return len(self._breaks)

    @property
    def watching(self) -> list[PauseBreak]:
        """Those that are on."""
        return [each for each in self._breaks.values() if each.on]

    def add(self, text: str) -> PauseBreak:
        """Pause at what an expression means from now on.

        Raises:
            QueryError: it cannot be meant.
        """
        self._numbers += 1
        added = PauseBreak(self._numbers, text, self._store)
        self._breaks[added.number] = added
        self.tell(added, "set")
        return added

    def switch(self, number: int) -> None:
        """On, or off."""
        if (found := self._breaks.get(number)) is not None:
            found.on = not found.on
            self.tell(found, "set" if found.on else "gone")

    def remove(self, number: int) -> None:
        """Forget one."""
        found = self._breaks.pop(number, None)
        if found is not None and found.on:
            self.tell(found, "gone")

    def clear(self) -> None:
        """Forget all."""
        for number in list(self._breaks):
            self.remove(number)

    def reach(self, position: int, goal: int) -> int:
        """How far one may fold before `caught` has to be asked."""
        watching = self.watching
        if any(each.filter.folded for each in watching):
            # What it means depends on everything before: one at a time.
            return position + 1
        goal = min(goal, position + _AT_ONCE)
        hits = [hit for each in watching if (hit := each.first(position, goal)) is not None]
        return min(hits, default=goal - 1) + 1

    def caught(self, seq: int, known: Known) -> bool:
        """Whether the signal that was just folded is meant by one of them."""
        row = StoreRow(self._store, known)
        row.move(seq)
        for each in self.watching:
            if each.filter.matches(row):
                each.hits += 1
                self._caught = Caught(each.text, seq)
                return True
        return False

    def take_caught(self) -> Caught | None:
        """What paused the playhead since somebody last asked."""
        caught, self._caught = self._caught, None
        return caught


def _nobody(changed: PauseBreak, event: str) -> None:
    """Where nothing is recorded nobody is told."""
