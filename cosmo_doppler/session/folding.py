"""The board at a position of the store: folded forward, and taken back."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

from cosmo_doppler.model.board import Board
from cosmo_doppler.session.rewind import Rewind
from cosmo_doppler.store import Store

_SLICE = 64
"""Signals folded between two looks at the clock."""

_KEPT_SLICE = 16
"""The same of those that can be taken back."""

STRETCH = 64
"""Signals after which the board can be gone back to again, at least."""

_SETTLED = 4_000
"""Signals after which what is on the board is taken out of the garbage collector's sight."""

_COLLECT_AFTER = 50_000
"""Objects made after which the collector looks for garbage while signals are folded, which make next to none."""

_STRETCH_PER_KEPT = 1 / 1000
"""The more is kept for a stretch the longer it is: signals for each value kept."""


class Fold:
    """Folds the store's signals into a board.

    Args:
        store: where they are.
    """

    def __init__(self, store: Store) -> None:
        self.board = Board()
        self.position = 0
        """Signals folded."""
        self.give_way: Callable[[], bool] = lambda: False
        """Asked between a few signals: whether to stop for now, because somebody waits."""
        self._store = store
        self._rewind = Rewind(self.board)
        self._settled = 0
        """Signals whose objects the garbage collector does not look at any more."""

    def forward(self, goal: int, stop_at: float, *, kept: bool) -> int:
        """Fold up to `goal` signals, or until the clock of `time.perf_counter` says stop; at least a few.

        Args:
            goal: position to come to.
            stop_at: when to stop.
            kept: so that it can be taken back, which takes many times as long.

        Returns:
            How many were folded.
        """
        first = self.position
        if first < goal and not kept:
            self._rewind.forget()
        usual = gc.get_threshold()
        if usual[0]:
            gc.set_threshold(max(usual[0], _COLLECT_AFTER), *usual[1:])
        try:
            while self.position < goal:
                if kept:
                    self._fold_kept(min(goal, self.position + _KEPT_SLICE))
                else:
                    self._fold(min(goal, self.position + _SLICE))
                if time.perf_counter() >= stop_at or self.give_way():
                    break
        finally:
            gc.set_threshold(*usual)
        self._settle()
        return self.position - first

    def advance(self, now: float) -> None:
        """Let time pass on the board."""
        if self._rewind.reaches is None:
            self.board.advance(now)
            return
        with self._rewind.watching():
            self.board.advance(now)

    def back(self, position: int, now: float, stop_at: float) -> bool:
        """Go back to a board that knows no more than so many signals and shows no later moment: perhaps an empty one.

        Args:
            position: signals it may know.
            now: the latest moment it may show, epoch seconds.
            stop_at: when to stop on the way, by `time.perf_counter`.

        Returns:
            Whether it is there; else call it again.
        """
        known = self._rewind.back(position, now, lambda: time.perf_counter() >= stop_at)
        if known is None:
            self._unsettle()
            self.board = Board()
            self._rewind = Rewind(self.board)
            known = 0
        self.position = known
        # The panels hold keys of what was taken back.
        self.board.take_changes()
        self.board.restart()
        return known <= position and self.board.now <= now

    def _settle(self) -> None:
        """Spare the collector the board: going through millions of objects stops every thread.

        What the board lets go of refers to nothing that refers back, so it is gone without a collector.
        """
        if self.position - self._settled >= _SETTLED:
            self._settled = self.position
            # What is garbage by now would stay for good.
            gc.collect()
            gc.freeze()

    def _unsettle(self) -> None:
        """The board is garbage, and its parts refer to each other."""
        if self._settled:
            self._settled = 0
            gc.unfreeze()

    def _fold(self, until: int) -> None:
        apply = self.board.apply
        for seen in self._store.observe(self.position, until):
            apply(seen)
        self.position = until

    def _fold_kept(self, until: int) -> None:
        rewind = self._rewind
        since = rewind.last
        if since is None or self.position - since.position >= max(STRETCH, since.kept * _STRETCH_PER_KEPT):
            rewind.begin(self.position)
        with rewind.watching():
            self._fold(until)
