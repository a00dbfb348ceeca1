"""Containers that grow large, and say what is done to them, so that nobody has to copy them to be able to take it back."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Table(dict[K, V]):
    """A dict of any size."""

    __slots__ = ("mark",)

    def __init__(self) -> None:
        super().__init__()
        self.mark: TableMark | None = None
        """What is told of changes that more than add an entry."""

    def __setitem__(self, key: K, value: V) -> None:
        if self.mark is not None and key in self:
            self.mark.replaces(self, key)
        super().__setitem__(key, value)

    def __delitem__(self, key: K) -> None:
        if self.mark is not None and key in self:
            self.mark.loses(self, key)
        super().__delitem__(key)

    def pop(self, key: K, *default: Any) -> Any:
        """As of any dict."""
        if self.mark is not None and key in self:
            self.mark.loses(self, key)
        return super().pop(key, *default)

    def popitem(self) -> tuple[K, V]:
        """As of any dict."""
        if self.mark is not None:
            self.mark.scrambles(self)
        return super().popitem()

    def clear(self) -> None:
        """As of any dict."""
        if self.mark is not None:
            self.mark.scrambles(self)
        super().clear()

    def update(self, *entries: Any, **named: Any) -> None:
        """As of any dict."""
        if self.mark is not None:
            self.mark.scrambles(self)
        super().update(*entries, **named)


class TableMark:
    """What a table was when this was made, told by what happened to it since.

    Args:
        table: tells this mark, and no other, from now on.
    """

    __slots__ = ("_front", "_length", "_replaced", "_whole")

    def __init__(self, table: Table[Any, Any]) -> None:
        self._length = len(table)
        self._front: list[tuple[Any, Any]] = []
        """What was taken from the front, in order: tables forget their oldest entry."""
        self._replaced: dict[Any, Any] = {}
        self._whole: dict[Any, Any] | None = None
        """A copy, once something happened that cannot be told in another way."""
        table.mark = self

    def replaces(self, table: Table[Any, Any], key: Any) -> None:
        """Another value is about to stand under a known key."""
        if self._whole is None:
            self._replaced.setdefault(key, table[key])

    def loses(self, table: Table[Any, Any], key: Any) -> None:
        """An entry is about to go."""
        if self._whole is not None:
            return
        if key == next(iter(table)):
            self._front.append((key, table[key]))
        else:
            self.scrambles(table)

    def scrambles(self, table: Table[Any, Any]) -> None:
        """Anything may happen now."""
        if self._whole is None:
            # Copied as it is, which takes a hundredth of going through it.
            self._whole = dict.copy(table)

    def undo(self, table: Table[Any, Any]) -> None:
        """Make it what it was."""
        table.mark = None
        if self._whole is not None:
            entries = self._entries(self._whole)
            table.clear()
            table.update(entries)
            return
        kept = max(0, self._length - len(self._front))
        while len(table) > kept:
            table.popitem()
        if self._front:
            rest = dict(table)
            table.clear()
            table.update(self._front[: self._length])
            table.update(rest)
        for key, value in self._replaced.items():
            if key in table:
                table[key] = value

    def _entries(self, later: dict[Any, Any]) -> list[tuple[Any, Any]]:
        """What the table held, by what it held later and what was told in between."""
        was = self._replaced
        entries = [*self._front, *islice(later.items(), max(0, self._length - len(self._front)))]
        return [(key, was.get(key, value)) for key, value in entries[: self._length]]


class Log(list[V]):
    """A list of any size that is only ever appended to. For anything else make another one."""

    __slots__ = ()

    def without(self, gone: Collection[V]) -> Log[V]:
        """Another one that lacks some entries. Those near the front are found soonest."""
        kept: list[V] = []
        left = len(gone)
        for place, entry in enumerate(self):
            if not left:
                return Log([*kept, *self[place:]])
            if entry in gone:
                left -= 1
            else:
                kept.append(entry)
        return Log(kept)
