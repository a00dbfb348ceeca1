"""The rows of a growing store that a filter means, found newest first and a little at a time.

Rows looked at are one stretch: from its lower end the search goes back to the beginning, at its upper end rows are
tested as they are folded. A filter that knows more than single signals changes its mind as time goes by, so once
everything was looked at it is looked at again; until that is done the old hits stand.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable

from cosmo_doppler.query.compiler import Filter
from cosmo_doppler.query.rows import Known
from cosmo_doppler.query.sieve import Sieve
from cosmo_doppler.store import Store

SLICE = 256
"""Rows between two looks at the clock: columns of a million rows take a tenth of a second, decoding them ten."""

LEAP = 20_000
"""With more new rows than this at once, the search begins again at the newest."""

AGAIN_S = 1.0
"""Shortest time between two looks at everything, by the clock of what is shown."""


class _Pass:
    """One look at everything: the stretch looked at, and what was found in it."""

    def __init__(self, wanted: Filter, store: Store, position: int, slice_rows: int) -> None:
        self.slice_rows = slice_rows
        self.low = self.high = position
        self.earlier: array[int] = array("I")
        """Hits below where it began, newest first."""
        self.later: array[int] = array("I")
        """Hits from there on, oldest first."""
        self._wanted = wanted
        self._store = store
        self._sieve: Sieve | None = None

    def look(self, known: Known, first: int, last: int) -> list[int]:
        """Rows among these that match."""
        if self._sieve is None or self._wanted.folded:
            self._sieve = Sieve(self._wanted, self._store, known)
        return self._sieve.pick(first, last)

    def forward(self, known: Known, last: int) -> list[int]:
        """Look at rows after the stretch, oldest first."""
        found = self.look(known, self.high, last)
        self.later.extend(found)
        self.high = last
        return found

    def back(self, known: Known) -> list[int]:
        """Look at the next rows before the stretch."""
        first = max(0, self.low - self.slice_rows)
        found = self.look(known, first, self.low)
        self.earlier.extend(reversed(found))
        self.low = first
        return found


class Hits:
    """What a filter means among the first `position` rows of a store.

    Args:
        wanted: the filter.
        store: where the rows are.
        on_found: told of rows as they are found; an empty list means that those told before are void.
        slice_rows: rows looked at between two looks at the clock.
    """

    def __init__(
        self,
        wanted: Filter,
        store: Store,
        on_found: Callable[[list[int]], None] = lambda found: None,
        *,
        slice_rows: int = SLICE,
    ) -> None:
        self.wanted = wanted
        self.version = 0
        """Grows whenever there are other hits."""
        self._store = store
        self._on_found = on_found
        self._slice_rows = slice_rows
        self._shown: _Pass | None = None
        self._next: _Pass | None = None
        self._position = 0
        self._begun_at = 0.0

    # -- what there is

    def __len__(self) -> int:
        """Hits up to the position of the last turn."""
        shown = self._shown
        if shown is None:
            return 0
        return self._before(shown, self._position)

    def __getitem__(self, index: int) -> int:
        """The row of a hit; hits are in order.

        Raises:
            IndexError: there is no such hit.
        """
        shown = self._shown
        if shown is None or not 0 <= index < len(self):
            raise IndexError(index)
        earlier = len(shown.earlier)
        return shown.earlier[earlier - 1 - index] if index < earlier else shown.later[index - earlier]

    def index(self, row: int) -> int:
        """How many hits are before a row; that of the row itself if it is one."""
        return 0 if self._shown is None else min(len(self), self._before(self._shown, row))

    def __contains__(self, row: object) -> bool:
        if not isinstance(row, int):
            return False
        index = self.index(row)
        return index < len(self) and self[index] == row

    @property
    def seen(self) -> int:
        """Rows looked at so far."""
        shown = self._shown
        return 0 if shown is None else max(0, min(shown.high, self._position) - shown.low)

    @property
    def searching(self) -> float | None:
        """How much of the first look is done, 0 to 1; None when all rows were looked at."""
        shown = self._shown
        if shown is None:
            return 0.0 if self._position else None
        left = shown.low + max(0, self._position - shown.high)
        return None if left == 0 else 1 - left / max(1, self._position)

    @staticmethod
    def _before(looked: _Pass, row: int) -> int:
        """Hits of a pass that are before a row."""
        earlier = looked.earlier
        if earlier and row <= earlier[0]:
            return len(earlier) - bisect_left(range(len(earlier)), -row + 1, key=lambda at: -earlier[at])
        return len(earlier) + bisect_left(looked.later, row)

    # -- looking

    def turn(self, position: int, known: Known, out_of_time: Callable[[], bool]) -> bool:
        """Look at new rows, then at more of the old ones.

        Args:
            position: how many rows of the store are shown.
            known: what else is known of them.
            out_of_time: asked between slices; the first one is always looked at.

        Returns:
            Whether there is more to look at.
        """
        self._position = position
        shown = self._shown
        if shown is None or position - shown.high > LEAP:
            self._void()
            shown = self._shown = _Pass(self.wanted, self._store, position, self._slice_rows)
        while shown.high < position:
            self._found(shown.forward(known, min(position, shown.high + self._slice_rows)))
            if out_of_time():
                return True
        while shown.low:
            self._found(shown.back(known))
            if out_of_time():
                return True
        return self.wanted.folded and self._again(known, out_of_time)

    def turn_all(self, position: int, known: Known) -> None:
        """Look at everything now."""
        self.turn(position, known, lambda: False)

    def restart(self) -> None:
        """The past itself may differ: look at everything again."""
        self._void()

    def _again(self, known: Known, out_of_time: Callable[[], bool]) -> bool:
        again = self._next
        if again is None:
            if 0 <= known.now - self._begun_at < AGAIN_S:
                return False
            self._begun_at = known.now
            again = self._next = _Pass(self.wanted, self._store, self._position, self._slice_rows)
        while again.low:
            again.back(known)
            if out_of_time():
                return True
        again.forward(known, max(again.high, self._position))
        self._next = None
        shown = self._shown
        if shown is None or (again.earlier, again.later) != (shown.earlier, shown.later):
            self._show(again)
        return False

    def _show(self, looked: _Pass) -> None:
        self._void()
        self._shown = looked
        self._found([*looked.earlier, *looked.later])

    def _void(self) -> None:
        self._shown = self._next = None
        self.version += 1
        self._on_found([])

    def _found(self, found: list[int]) -> None:
        if found:
            self.version += 1
            self._on_found(found)
