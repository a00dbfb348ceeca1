"""All objects of one kind, and which of them are in which state."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Generic, TypeVar

from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.model.lasting import Table

T = TypeVar("T", bound=Thing)


class Shelf(Generic[T]):
    """Objects of one kind, by key. The ones known for longest go when there are too many.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.by_key: Table[str, T] = Table()
        self._by_state: dict[str, Table[str, T]] = {}
        self.forgotten = 0
        """Objects dropped because there were too many."""

    def __len__(self) -> int:
        return len(self.by_key)

    def get(self, key: str) -> T | None:
        """What is known under a key."""
        return self.by_key.get(key)

    def put(self, thing: T) -> T | None:
        """Take in a new object.

        Returns:
            What had to go for it.
        """
        self.by_key[thing.key] = thing
        self._in(thing.state)[thing.key] = thing
        if len(self.by_key) <= self._most:
            return None
        self.forgotten += 1
        gone: T = self.by_key.pop(next(iter(self.by_key)))
        self._in(gone.state).pop(gone.key, None)
        return gone

    def moved(self, thing: T, before: str) -> None:
        """An object changed its state."""
        self._in(before).pop(thing.key, None)
        self._in(thing.state)[thing.key] = thing

    def count(self, *states: str) -> int:
        """How many are in these states."""
        return sum(len(self._by_state[state]) for state in states if state in self._by_state)

    def states(self) -> list[str]:
        """States that somebody was ever in."""
        return list(self._by_state)

    def latest(self, state: str, most: int) -> Iterator[T]:
        """The latest ones to come into a state, latest first."""
        return islice(reversed(self._in(state).values()), most)

    def _in(self, state: str) -> Table[str, T]:
        if state not in self._by_state:
            self._by_state[state] = Table()
        return self._by_state[state]
