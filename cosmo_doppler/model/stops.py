"""Who obeyed a STOP (PROTOCOL 6.15)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from cosmo_doppler.model.node import Node
from cosmo_doppler.model.wording import say
from cosmo_sdk.signal_types import ADDRESSED_TYPES

Obedience = Literal["silent", "acked", "worked on"]
"""silent: was at work when the STOP came, and nobody said that it ended; acked: a STOPPED says so; worked on: was
heard to go on with the work."""

ON_ITS_WAY_S = 0.25
"""What somebody says this soon after a STOP may have been sent before it arrived, seconds."""

SAID: dict[Obedience, str] = {
    "acked": "stopped",
    "silent": "said nothing",
    "worked on": "worked on after it",
}
"""What somebody did, in words, after their name."""

_NO_WORK = frozenset(map(str, ADDRESSED_TYPES)) | {"STOP", "STOPPED", "ERROR", "FINAL", "BID", "TASK_OFFER"}
"""What is said to somebody, or is how work ends."""

_WORK = frozenset({"TASK", "TASK_AWARDED"})
MOST_PROBLEMS = 8
"""Reasons why something was not undone that are kept."""

_NAMED = 3
"""Participants of each kind that the sentence names."""

_BY_PARENT = frozenset({"TOOL_CALL", "RECALL", "IMPRINT"})
"""These name what is used; who uses it is whose work they hang under."""


class StopLedger:
    """What became of a STOP.

    Args:
        at: its arrival, epoch seconds.
        working: who was at work on the trace then.
    """

    def __init__(self, at: float, working: Iterable[str]) -> None:
        self.at = at
        self._by: dict[str, Obedience] = dict.fromkeys(filter(None, working), "silent")
        self._hosts: dict[str, Obedience] = {}
        self.unnamed = 0
        """STOPPED signals that do not say whose they are, as released peers send them."""
        self.undone = 0
        """Engram writes undone, according to their hosts."""
        self.problems: list[str] = []
        """Why something was not undone, as hosts say; not yet safe for a terminal."""
        self._cancelled = 0
        """Tasks ended, according to hosts: a host acks in its own name, not in those of its neurons."""

    @property
    def by(self) -> dict[str, Obedience]:
        """What everybody did who was at work, or was heard of afterwards."""
        silent = [who for who, state in self._by.items() if state == "silent"]
        found = self._by | self._hosts
        if silent and self._cancelled >= len(silent):
            found |= dict.fromkeys(silent, "acked")
        return found

    def ack(self, who: str, cancelled: int, *, undone: int = 0, problems: Iterable[str] = ()) -> None:
        """A STOPPED came.

        Args:
            who: its sender; empty when it does not say.
            cancelled: how many tasks it says it ended.
            undone: how many Engram writes it says it undid.
            problems: why it could not undo others.
        """
        self.undone += undone
        self.problems += list(problems)[: MOST_PROBLEMS - len(self.problems)]
        if who in self._by:
            if self._by[who] == "silent":
                self._by[who] = "acked"
            return
        self._cancelled += cancelled
        if who:
            self._hosts[who] = "acked"
        else:
            self.unnamed += 1

    def sentence(self) -> str:
        """All of it in words; not yet safe for a terminal."""
        by = self.by
        told = []
        for state, words in SAID.items():
            names = sorted(who for who, each in by.items() if each == state)
            if names:
                others = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
                told.append(f"{', '.join(say(name, 40) for name in names[:_NAMED])}{others} {words}")
        if self.unnamed:
            told.append(f"{self.unnamed} stopped without a name")
        if self.undone:
            told.append(f"{self.undone} Engram {'write' if self.undone == 1 else 'writes'} undone")
        if self.problems:
            told.append(f"not all was undone: {say(self.problems[0], 90)}")
        return "; ".join(told) or "nobody was known to be at work"

    def note(self, node: Node) -> None:
        """A signal came after the STOP."""
        who = self._worker(node)
        if who and node.at - self.at > ON_ITS_WAY_S:
            self._by[who] = "worked on"

    def _worker(self, node: Node) -> str:
        if node.type in _BY_PARENT:
            return node.parent.who if node.parent is not None and node.parent.type in _WORK else ""
        return "" if node.type in _NO_WORK else node.who
