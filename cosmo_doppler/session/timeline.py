"""The playhead: how many of the store's signals the board knows, and what time it is there.

Live is a playhead glued to the end; pausing unglues it, and what goes on arriving waits in the store. A replay is a
playhead that a virtual clock moves. Going back folds the prefix again into a fresh board, so what is shown at any
point is by construction what was known then.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from cosmo_doppler.model.board import Board
from cosmo_doppler.store import Store

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 100.0, float("inf"))
"""Replay speeds; the last is as fast as folding goes."""

_SLICE = 64
"""Signals folded between two looks at the clock."""


class Timeline:
    """Moves the playhead over a store.

    Args:
        store: what there is to see.
        live: glue the playhead to the end. Otherwise it starts at the beginning and plays.
        wall: the time now, epoch seconds; ages a live board between signals.
        speed: of a replay, 1.0 is as recorded.
    """

    def __init__(
        self, store: Store, *, live: bool, wall: Callable[[], float] = time.time, speed: float = 1.0
    ) -> None:
        self.board = Board()
        self.position = 0
        """Signals folded."""
        self.now = 0.0
        """The moment shown, epoch seconds."""
        self.live = live
        """Whether there is a present to return to."""
        self.following = live
        """Glued to the end."""
        self.playing = not live
        """A virtual clock moves the playhead."""
        self.speed = speed
        self.growing = False
        """More of a recording is being read: its end is not known yet."""
        self._store = store
        self._wall = wall
        self._goal: int | None = None
        self._goal_at: float | None = None
        """The moment to stand at when the goal is reached; None for that of the last signal before it."""
        self._chasing = False
        """The goal is the end, wherever that will be."""

    @property
    def length(self) -> int:
        """Signals there are."""
        return len(self._store)

    @property
    def start_at(self) -> float:
        """Arrival of the first signal, epoch seconds; 0 when there is none."""
        return self._store.at(0) if len(self._store) else 0.0

    @property
    def end_at(self) -> float:
        """Arrival of the last signal, epoch seconds; 0 when there is none."""
        return self._store.at(len(self._store) - 1) if len(self._store) else 0.0

    @property
    def at_end(self) -> bool:
        """Whether everything there is has been folded."""
        return self.position >= len(self._store)

    @property
    def paused(self) -> bool:
        """Whether the playhead stands still."""
        return not (self.following or self.playing)

    @property
    def seeking(self) -> float | None:
        """How much of a long jump is done, 0 to 1; None when there is none."""
        if self._goal is None:
            return None
        goal = len(self._store) if self._chasing else self._goal
        return self.position / goal if goal else 1.0

    def pump(self, elapsed_s: float, budget_s: float = 0.008) -> bool:
        """Move the playhead, for at most about `budget_s` seconds of work.

        Args:
            elapsed_s: real time since the last call.

        Returns:
            Whether the board may look different now.
        """
        stop_at = time.perf_counter() + budget_s
        if self._goal is not None:
            return self._seek(stop_at)
        if self.following:
            folded = self._fold(len(self._store), stop_at)
            if self.at_end:
                self.now = max(self._wall(), self.now)
                self.board.advance(self.now)
            return folded > 0 or self.position > 0
        return self._play(elapsed_s, stop_at) if self.playing else False

    def toggle(self) -> None:
        """Pause, or go on: live from the end, a replay from where it stands (from the start, when at its end)."""
        if self.following or self.playing:
            self.pause()
        elif self.live:
            self.to_end()
        else:
            if self.at_end:
                self._jump(0)
            self.playing = True

    def pause(self) -> None:
        """Stand still. Signals go on arriving in the store."""
        self.following = self.playing = False

    def step(self, count: int) -> None:
        """Stand `count` signals further on, or back when negative; pauses."""
        self.seek((self.position if self._goal is None else self._goal) + count)

    def seek(self, position: int) -> None:
        """Stand right after `position` signals, as far as there are; pauses. Long ways take several pumps."""
        self.pause()
        self._jump(position)

    def seek_time(self, at: float) -> None:
        """Stand at a moment, epoch seconds; pauses."""
        self.pause()
        self._jump(self._store.position_at(at), min(max(at, self.start_at), max(self.end_at, self.now)))

    def to_start(self) -> None:
        """Stand before the first signal. A playing replay plays on from there."""
        playing = self.playing
        self.seek(0)
        self.playing = playing

    def to_end(self) -> None:
        """Everything there is. Live follows again."""
        if self.live:
            self._forget_goal()
            self.following, self.playing = True, False
            return
        self.seek(len(self._store))
        self._chasing = True

    def faster(self) -> None:
        """The next higher of `SPEEDS`."""
        self.speed = next((speed for speed in SPEEDS if speed > self.speed), SPEEDS[-1])

    def slower(self) -> None:
        """The next lower of `SPEEDS`."""
        self.speed = next((speed for speed in reversed(SPEEDS) if speed < self.speed), SPEEDS[0])

    def _forget_goal(self) -> None:
        self._goal = self._goal_at = None
        self._chasing = False

    def _moment_after(self, position: int) -> float:
        """Arrival of the last of the first `position` signals."""
        return self._store.at(position - 1) if position else self.start_at

    def _jump(self, position: int, at: float | None = None) -> None:
        self._forget_goal()
        self._goal, self._goal_at = min(max(0, position), len(self._store)), at
        lands_at = self._moment_after(self._goal) if at is None else at
        if self._goal < self.position or lands_at < self.board.now:
            self.board = Board()
            # The panels hold keys of the old board.
            self.board.restart()
            self.position = 0
            self.now = self.start_at

    def _seek(self, stop_at: float) -> bool:
        if self._chasing:
            self._goal = len(self._store)
        goal = self._goal or 0
        self._fold(goal, stop_at)
        if self.position >= goal:
            self.now = self._moment_after(goal) if self._goal_at is None else self._goal_at
            self.board.advance(self.now)
            if not (self._chasing and self.growing):
                self._forget_goal()
        return True

    def _play(self, elapsed_s: float, stop_at: float) -> bool:
        if not len(self._store):
            return False
        before = self.now = max(self.now, self.start_at)
        if self.speed == SPEEDS[-1]:
            folded = self._fold(len(self._store), stop_at)
            self.now = max(self.now, self._moment_after(self.position))
        else:
            goal_time = self.now + elapsed_s * self.speed
            goal = self._store.position_at(goal_time)
            folded = self._fold(goal, stop_at)
            # What could not be folded in time is folded next turn; the clock waits for it.
            self.now = goal_time if self.position >= goal else max(before, self._moment_after(self.position))
        if self.at_end:
            self.now = max(self.end_at, before)
            self.playing = self.growing
        self.board.advance(self.now)
        return folded > 0 or self.now > before

    def _fold(self, goal: int, stop_at: float) -> int:
        """Fold up to `goal` signals or until the clock says stop; at least a slice."""
        first = self.position
        store, apply = self._store, self.board.apply
        while self.position < goal:
            until = min(goal, self.position + _SLICE)
            for seq in range(self.position, until):
                apply(store.observed(seq))
            self.position = until
            if time.perf_counter() >= stop_at:
                break
        return self.position - first
