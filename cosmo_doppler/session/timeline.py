"""The playhead: how many of the store's signals the board knows, and what time it is there.

Live is a playhead glued to the end; pausing unglues it, and what goes on arriving waits in the store. A replay is a
playhead that a virtual clock moves. Going back takes back the last signals, or folds the prefix again into a fresh
board; either way what is shown at any point is what was known then.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from cosmo_doppler.model.board import Board
from cosmo_doppler.query import Known
from cosmo_doppler.session.folding import Fold
from cosmo_doppler.session.pausing import PauseBreaks
from cosmo_doppler.session.places import SPEEDS, Hunt, Place, read_hunt, read_place
from cosmo_doppler.store import Store

IDLE_S = 2.0
"""How much of a pause is played when pauses are cut, seconds."""

TAIL = 512
"""Signals before the place one comes to that can be taken back one by one, at least."""

LONGEST_TAIL = 4096
"""The same at most."""

_TAIL_PER_SIGNAL = 1 / 128
"""The longer the way, the more of its end: folding so that it can be taken back takes several times as long."""

_BACK_S = 0.005
"""How long a key may take back signals before the rest is left to the next turns."""

_CALM = 8
"""Signals in one turn that are still folded so that they can be taken back."""


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
        self.now = 0.0
        """The moment shown, epoch seconds."""
        self.live = live
        """Whether there is a present to return to."""
        self.following = live
        """Glued to the end."""
        self.playing = not live
        """A virtual clock moves the playhead."""
        self.speed = speed
        self.cut_pauses = False
        """Play no more than `IDLE_S` of a pause."""
        self.loop = False
        """Begin again at the end."""
        self.growing = False
        """More of a recording is being read: its end is not known yet."""
        self.not_found = ""
        """What was looked for in vain; empty when the last look was no such thing."""
        self.breaks = PauseBreaks(store)
        """Where it pauses by itself while it follows or plays."""
        self._store = store
        self._wall = wall
        self._fold = Fold(store)
        self._goal: int | None = None
        self._goal_at: float | None = None
        """The moment to stand at when the goal is reached; None for that of the last signal before it."""
        self._back_to: float | None = None
        """The latest moment the board may show, while something is still to be taken back; None when nothing is."""
        self._chasing = False
        """The goal is the end, wherever that will be."""
        self._staying = False
        """Show at once what is added to the end of the recording."""
        self._hunt: Hunt | None = None
        self._hunting = ""
        self._from: Place | None = None
        self._to: Place | None = None
        self._started = True
        """Whether the playhead stood at `_from` already."""

    @property
    def board(self) -> Board:
        """What is known there."""
        return self._fold.board

    @property
    def give_way(self) -> Callable[[], bool]:
        """Asked between a few signals: whether to stop folding for now."""
        return self._fold.give_way

    @give_way.setter
    def give_way(self, asked: Callable[[], bool]) -> None:
        self._fold.give_way = asked

    @property
    def position(self) -> int:
        """Signals folded."""
        return self._fold.position

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
        if self._hunt is not None:
            return self._hunt.done
        if self._goal is None:
            return None
        goal = len(self._store) if self._chasing else self._goal
        return self.position / goal if goal else 1.0

    @property
    def hunting(self) -> str:
        """What is looked for, as it was written; empty when nothing is."""
        return self._hunting if self._hunt is not None else ""

    def pump(self, elapsed_s: float, budget_s: float = 0.008) -> bool:
        """Move the playhead, for at most about `budget_s` seconds of work.

        Args:
            elapsed_s: real time since the last call.

        Returns:
            Whether the board may look different now.
        """
        stop_at = time.perf_counter() + budget_s
        if not self._started:
            self._start()
        if self._hunt is not None:
            return self._look(self._hunt, stop_at)
        if self._goal is not None:
            return self._seek(stop_at)
        if self.following:
            return self._follow(stop_at)
        if self.playing:
            return self._play(elapsed_s, stop_at)
        return self._staying and not self.at_end and self._stay(stop_at)

    def toggle(self) -> None:
        """Pause, or go on: live from the end, a replay from where it stands (from the start, when at its end)."""
        self.not_found = ""
        if self.following or self.playing:
            self.pause()
        elif self.live:
            self.to_end()
        else:
            if self.position >= self._last()[0]:
                self._rewind_to_first()
            self.playing = True

    def pause(self) -> None:
        """Stand still. Signals go on arriving in the store."""
        self.following = self.playing = self._staying = False

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

    def seek_text(self, text: str) -> None:
        """Stand where a person says: see `read_place`; `next EXPR` and `last EXPR` look for a signal. Pauses.

        Raises:
            SettingError: that is no place.
        """
        hunt = read_hunt(text, self._store, self.position, Known(self.board, self.now))
        if hunt is None:
            self._go(read_place(text))
            return
        self.pause()
        self._forget_goal()
        self._hunt, self._hunting = hunt, text.strip()

    def position_of(self, place: Place) -> int:
        """How many signals come before a place."""
        return self._find(place)[0]

    def play_between(self, first: Place | None, last: Place | None) -> None:
        """Play this part only: begin at `first` as soon as that much is known, end at `last`."""
        self._from, self._to = first, last
        self._started = first is None

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

    # Where to

    def _forget_goal(self) -> None:
        self._goal = self._goal_at = self._back_to = self._hunt = None
        self._chasing = False
        self.not_found = ""

    def _moment_after(self, position: int) -> float:
        """Arrival of the last of the first `position` signals."""
        return self._store.at(position - 1) if position else self.start_at

    def _find(self, place: Place) -> tuple[int, float | None]:
        """Position of a place, and the moment to show there; None for that of the last signal before it."""
        if place.unit == "signal":
            return min(int(place.value), len(self._store)), None
        length = self.end_at - self.start_at
        at = self.start_at + (place.value * length if place.unit == "part" else min(place.value, length))
        return self._store.position_at(at), at

    def _go(self, place: Place) -> None:
        position, at = self._find(place)
        if at is None:
            self.seek(position)
        else:
            self.seek_time(at)

    def _last(self) -> tuple[int, float]:
        """Where playing ends: position and moment."""
        if self._to is None or self.growing:
            return len(self._store), self.end_at
        position, at = self._find(self._to)
        return position, self._moment_after(position) if at is None else at

    def _start(self) -> None:
        """Go to where playing begins, once that much has been read."""
        if self._from is None or (
            self.growing and (self._from.unit == "part" or not self._reached(self._from))
        ):
            return
        self._started = True
        self._rewind_to_first()

    def _reached(self, place: Place) -> bool:
        known = len(self._store) if place.unit == "signal" else self.end_at - self.start_at
        return known >= place.value

    def _rewind_to_first(self) -> None:
        """To where playing begins, playing or not as before."""
        position, at = (0, None) if self._from is None else self._find(self._from)
        self._jump(position, at)

    def _jump(self, position: int, at: float | None = None) -> None:
        self._forget_goal()
        self._goal, self._goal_at = min(max(0, position), len(self._store)), at
        lands_at = self._moment_after(self._goal) if at is None else at
        if self._goal < self.position or lands_at < self.board.now:
            self._back_to = lands_at
            self._go_back(time.perf_counter() + _BACK_S)

    def _go_back(self, stop_at: float) -> bool:
        """Take back what was folded after the goal. Whether that is done."""
        if self._back_to is None:
            return True
        if self._fold.back(self._goal or 0, self._back_to, stop_at):
            self._back_to = None
        self.now = self._moment_after(self.position)
        return self._back_to is None

    # Getting there

    def _follow(self, stop_at: float) -> bool:
        behind = len(self._store) - self.position
        folded = self._go_on(len(self._store), stop_at, kept=behind <= _CALM)
        if self.at_end:
            self.now = max(self._wall(), self.now)
            self._fold.advance(self.now)
        elif self.paused:
            self.now = max(self.now, self._moment_after(self.position))
        return folded > 0 or self.position > 0

    def _go_on(self, goal: int, stop_at: float, *, kept: bool) -> int:
        """Fold towards a goal, as far as the first signal at which a person wants to pause; return how many."""
        if not self.breaks.watching:
            return self._fold.forward(goal, stop_at, kept=kept)
        first = self.position
        while self.position < goal:
            reach = self.breaks.reach(self.position, goal)
            self._fold.forward(reach, stop_at, kept=kept)
            if self.position < reach:
                break
            if self.breaks.caught(reach - 1, Known(self.board, self.board.now)):
                self.pause()
                break
            if time.perf_counter() >= stop_at:
                break
        return self.position - first

    def _look(self, hunt: Hunt, stop_at: float) -> bool:
        hunt.look(stop_at)
        if hunt.over:
            self._forget_goal()
            if hunt.found is not None:
                self.seek(hunt.found)
            else:
                self.not_found = self._hunting
        return True

    def _seek(self, stop_at: float) -> bool:
        if self._chasing:
            self._goal = len(self._store)
        goal = self._goal or 0
        if not self._go_back(stop_at):
            return True
        self._approach(goal, stop_at)
        if self.position >= goal:
            self.now = self._moment_after(goal) if self._goal_at is None else self._goal_at
            self._fold.advance(self.now)
            if not (self._chasing and self.growing):
                self._staying = self._chasing
                self._forget_goal()
        return True

    def _stay(self, stop_at: float) -> bool:
        """Somebody wrote more: go there."""
        behind = len(self._store) - self.position
        self._fold.forward(len(self._store), stop_at, kept=behind <= _CALM)
        self.now = max(self.now, self._moment_after(self.position))
        self._fold.advance(self.now)
        return True

    def _approach(self, goal: int, stop_at: float) -> None:
        """Fold towards a place to stay at: the last of the way so that it can be taken back."""
        tail = goal - max(TAIL, min(LONGEST_TAIL, int(goal * _TAIL_PER_SIGNAL)))
        if self.position < tail:
            self._fold.forward(tail, stop_at, kept=False)
        if self.position >= tail:
            self._fold.forward(goal, stop_at, kept=True)

    def _play(self, elapsed_s: float, stop_at: float) -> bool:
        if not len(self._store):
            return False
        before = self.now = max(self.now, self.start_at)
        last, ends_at = self._last()
        if self.loop and not self.growing and self.position >= last and self.now >= ends_at:
            self._rewind_to_first()
            return True
        if self.speed == SPEEDS[-1]:
            folded = self._go_on(last, stop_at, kept=False)
            self.now = max(self.now, self._moment_after(self.position))
        else:
            goal_time = min(self._over_pause(self.now + elapsed_s * self.speed), max(ends_at, before))
            goal = min(last, self._store.position_at(goal_time))
            folded = self._go_on(goal, stop_at, kept=goal - self.position <= _CALM)
            # What could not be folded in time is folded next turn; the clock waits for it.
            self.now = goal_time if self.position >= goal else max(before, self._moment_after(self.position))
        if self.position >= last and (self.now >= ends_at or self.speed == SPEEDS[-1]):
            self.now = max(ends_at, before)
            self._end()
        self._fold.advance(self.now)
        return folded > 0 or self.now > before

    def _over_pause(self, goal_time: float) -> float:
        """The moment to play to, or that of the next signal once enough of the pause before it was played."""
        position = self.position
        if not self.cut_pauses or position >= len(self._store):
            return goal_time
        comes_at = self._store.at(position)
        heard_at = self._moment_after(position)
        return max(goal_time, comes_at) if min(goal_time, comes_at) - heard_at > IDLE_S else goal_time

    def _end(self) -> None:
        """Everything there is to play was played."""
        if not self.growing and not self.loop:
            self.playing, self._staying = False, self._to is None
