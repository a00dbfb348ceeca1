"""What a person's breaks hold, and who waits for whom. Pure: no bus, no clock.

A gate lets the frames of one trace go in the order in which they came. So a signal that a break does not mean, held
only because the bus cannot judge the whole expression, goes at once, or as soon as what came before it is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cosmo_bus.facts import read_facts
from cosmo_doppler.model.interventions import GATE_PREFIX
from cosmo_doppler.query import Filter
from cosmo_doppler.stepping.scope import Scope
from cosmo_sdk.header import Header, read_header

NO_GATES = "this bus has no gates, so nothing can be held on it; a break can pause the view"
"""Why nothing can be held on NATS and on buses of released peers."""

MAX_HOLD_S = 30.0
"""How long the bus holds a signal before it opens the gate by itself, unless the person says otherwise, seconds."""

_LONGEST_RULE = 120
"""Characters of an expression that a gate's name repeats."""


class Break:
    """One expression, and the gate that stands for it while it is on."""

    def __init__(self, number: int, token: str, filter: Filter, scope: Scope, max_hold_s: float) -> None:
        self.number = number
        """From 1, as a person sees it."""
        self.token = token
        """Of the Doppler that set it: gates of two must not share a name."""
        self.text = filter.text
        self.filter = filter
        self.scope = scope
        self.max_hold_s = max_hold_s
        """The bus opens its gate for good once a signal was held for that long."""
        self.on = False
        self.held = 0
        """Signals it held that it means, ever."""
        self.holding = 0
        """The same, now."""
        self.passed = 0
        """Signals it held in vain for a moment, ever."""
        self.ended = ""
        """Why it is off, when nobody switched it off."""
        self.lent_s = 0.0
        """More time that was asked for while somebody edits, seconds."""

    @property
    def gate_id(self) -> str:
        """The name of its gate."""
        return f"{GATE_PREFIX}{self.token}.{self.number} {self.text[:_LONGEST_RULE]}"

    @property
    def limit_s(self) -> float:
        """How long it may hold a signal just now, seconds."""
        return self.max_hold_s + self.lent_s


class Held:
    """One signal at a gate of ours."""

    def __init__(
        self, hold_id: str, by: Break, subject: str, frame: bytes, since: float, shown: bytes | None = None
    ) -> None:
        self.hold_id = hold_id
        self.by = by
        self.subject = subject
        self.frame = frame
        self.since = since
        """When it was held, epoch seconds."""
        self.shown = frame if shown is None else shown
        """The frame as a person may see it: without what is redacted."""
        self.header: Header = read_header(self.shown)
        self.trace_id = read_facts(frame).trace_id
        """As the bus reads it, for it says who waits for whom."""
        self.meant = False
        """Whether the whole expression means it."""
        self.due: float | None = None
        """When it goes by itself, epoch seconds: somebody delayed it."""
        self.edited = False
        """Whether somebody has it open in a form."""

    def ready(self, now: float) -> bool:
        """Whether it goes as soon as nothing is before it."""
        return not self.meant or (self.due is not None and now >= self.due)


class Countdown(NamedTuple):
    """What a person should see of all that is held."""

    meant: int
    """Signals that are held."""
    waiting: int
    """Signals behind them that nobody wanted to hold."""
    oldest: float
    """Since when the oldest is held, epoch seconds."""
    opens_at: float
    """When the first gate opens by itself, epoch seconds."""
    rules: tuple[str, ...]


class HeldBook:
    """Breaks and what they hold. Whoever reads or changes it holds the session's lock."""

    def __init__(self) -> None:
        self.breaks: dict[int, Break] = {}
        self._held: dict[str, Held] = {}
        self._queues: dict[tuple[int, str], dict[str, None]] = {}
        """Hold ids of each break and trace, oldest first."""
        self._heads: dict[str, None] = {}
        """Hold ids that came to the front since somebody last asked what may go."""
        self.revision = 0
        """Grows with every change."""
        self._said: list[str] = []

    # -- what there is

    @property
    def meant(self) -> list[Held]:
        """What a person is asked about, oldest first."""
        return [held for held in self._held.values() if held.meant]

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[Held]:
        return iter(list(self._held.values()))

    def get(self, hold_id: str) -> Held | None:
        """What is held under that id."""
        return self._held.get(hold_id)

    def first(self, held: Held) -> Held:
        """What must go before it can: the oldest of its trace at its gate, perhaps itself."""
        return self._held[next(iter(self._queues[_queue(held)]))]

    def behind(self, held: Held) -> int:
        """How many signals of its trace wait behind it."""
        queue = list(self._queues[_queue(held)])
        return len(queue) - 1 - queue.index(held.hold_id)

    def opens_at(self, held: Held) -> float:
        """When its gate opens by itself, epoch seconds."""
        oldest = next(each for each in self._held.values() if each.by is held.by)
        return oldest.since + held.by.limit_s

    def countdown(self) -> Countdown | None:
        """All of it in a few figures; None while nothing is held."""
        if not self._held:
            return None
        meant = self.meant
        shown = meant or list(self._held.values())
        oldest_of = {held.by.number: held for held in reversed(list(self._held.values()))}
        return Countdown(
            len(meant),
            len(self._held) - len(meant),
            min(held.since for held in shown),
            min(held.since + held.by.limit_s for held in oldest_of.values()),
            tuple(dict.fromkeys(held.by.text for held in shown)),
        )

    # -- what happens

    def take_in(self, held: Held) -> None:
        """A signal was held."""
        self._held[held.hold_id] = held
        queue = self._queues.setdefault(_queue(held), {})
        queue[held.hold_id] = None
        if len(queue) == 1:
            self._heads[held.hold_id] = None
        if held.meant:
            held.by.held += 1
            held.by.holding += 1
        self.revision += 1

    def let_out(self, hold_id: str) -> Held | None:
        """A signal is held no more, wherever it went. None when that was known."""
        held = self._held.pop(hold_id, None)
        if held is None:
            return None
        if held.meant:
            held.by.holding -= 1
        queue = self._queues[_queue(held)]
        del queue[hold_id]
        if queue:
            self._heads[next(iter(queue))] = None
        else:
            del self._queues[_queue(held)]
        self.revision += 1
        return held

    def may_go(self, now: float) -> list[Held]:
        """What goes by itself now: nobody wants it, or its delay is over, and nothing is before it."""
        heads, self._heads = self._heads, {}
        at_the_front = (self._held[hold_id] for hold_id in heads if hold_id in self._held)
        return [held for held in at_the_front if self.first(held) is held and held.ready(now)]

    def nudge(self, hold_id: str) -> None:
        """Its delay is over: whoever asks next what may go hears of it, or of it once it is first."""
        held = self._held.get(hold_id)
        if held is not None:
            self._heads[self.first(held).hold_id] = None

    def opened(self, gate_id: str, words: str) -> None:
        """A gate is gone, and everything it held went on; `words` say why, when nobody wanted it."""
        by = next((each for each in self.breaks.values() if each.gate_id == gate_id), None)
        if by is None:
            return
        gone = [held for held in self._held.values() if held.by is by]
        for held in gone:
            self.let_out(held.hold_id)
        by.on, by.ended, by.lent_s = False, words, 0.0
        self.revision += 1

    def say(self, sentence: str) -> None:
        """Have the screen tell the person something."""
        self._said.append(sentence)
        del self._said[:-8]

    def take_sayings(self) -> list[str]:
        """What the person has not been told."""
        said, self._said = self._said, []
        return said


def _queue(held: Held) -> tuple[int, str]:
    return held.by.number, held.trace_id
