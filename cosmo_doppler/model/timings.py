"""How long answers took: what asks is remembered until what answers it arrives."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from cosmo_doppler.model.sketch import Sketch

Kind = Literal["task", "award", "tool", "recall", "imprint", "human"]
"""task: TASK or award to its answer; award: offer to award; human: question to answer."""

KINDS: tuple[Kind, ...] = get_args(Kind)

MOST_OPEN = 20_000
"""Questions remembered at a time; beyond that the oldest are given up, counted in `Timings.given_up`."""

_MOST_NAMES = 3 * MOST_OPEN
SLOWEST = 5
"""How many of the slowest are kept of each kind."""


class Asked:
    """Something that waits for its answer."""

    __slots__ = ("at", "eta_s", "keys", "kind", "name", "replied", "seq")

    def __init__(self, kind: Kind, at: float, seq: int, name: str, eta_s: float | None = None) -> None:
        self.kind: Kind = kind
        self.at = at
        self.seq = seq
        self.name = name
        """The tool, the memory or the participant asked."""
        self.eta_s = eta_s
        """What was promised, seconds."""
        self.replied = False
        """An offer has a bid."""
        self.keys: list[str] = []


class Slow(NamedTuple):
    """One of the slowest answers."""

    took_s: float
    name: str
    seq: int
    """Position of what asked."""


class Timings:
    """Durations by kind, in seconds, measured from arrival to arrival: senders' clocks differ, ours does not."""

    def __init__(self) -> None:
        self.took: dict[Kind, Sketch] = {kind: Sketch() for kind in KINDS}
        self.slowest: dict[Kind, list[Slow]] = {kind: [] for kind in KINDS}
        """The slowest of each kind, slowest first."""
        self.given_up = 0
        """Questions forgotten because there were too many."""
        self._open: dict[str, Asked] = {}

    def ask(self, asked: Asked, *keys: str) -> None:
        """Something that will be answered was seen; its answer is found by any of `keys`."""
        for key in keys:
            if key and key not in self._open:
                self._open[key] = asked
                asked.keys.append(key)
        while len(self._open) > _MOST_NAMES:
            self._drop(next(iter(self._open.values())))
            self.given_up += 1

    def find(self, key: str) -> Asked | None:
        """What is open under a key."""
        return self._open.get(key)

    def answer(self, kind: Kind, key: str | None, at: float) -> tuple[Asked, float] | None:
        """An answer was seen. It settles what is open under a key.

        Returns:
            What it answers and how long that took, seconds; None when nothing of that kind was asked.
        """
        asked = self._open.get(key or "")
        if asked is None or asked.kind != kind:
            return None
        self._drop(asked)
        took = max(0.0, at - asked.at)
        self._note(asked, took)
        return asked, took

    def _drop(self, asked: Asked) -> None:
        for key in asked.keys:
            self._open.pop(key, None)

    def _note(self, asked: Asked, took: float) -> None:
        self.took[asked.kind].add(took)
        slowest = self.slowest[asked.kind]
        if len(slowest) < SLOWEST or took > slowest[-1].took_s:
            slowest.append(Slow(took, asked.name, asked.seq))
            slowest.sort(key=lambda slow: -slow.took_s)
            del slowest[SLOWEST:]
