"""Who obeyed a STOP (PROTOCOL 6.15)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from cosmo_doppler.model.node import Node
from cosmo_sdk.signal_types import ADDRESSED_TYPES

Obedience = Literal["silent", "acked", "worked on"]
"""silent: was at work when the STOP came, and nobody said that it ended; acked: a STOPPED says so; worked on: was
heard to go on with the work."""

ON_ITS_WAY_S = 0.25
"""What somebody says this soon after a STOP may have been sent before it arrived, seconds."""

_NO_WORK = frozenset(map(str, ADDRESSED_TYPES)) | {"STOP", "STOPPED", "ERROR", "FINAL", "BID", "TASK_OFFER"}
"""What is said to somebody, or is how work ends."""

_WORK = frozenset({"TASK", "TASK_AWARDED"})
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

    def ack(self, who: str, cancelled: int) -> None:
        """A STOPPED came.

        Args:
            who: its sender; empty when it does not say.
            cancelled: how many tasks it says it ended.
        """
        if who in self._by:
            if self._by[who] == "silent":
                self._by[who] = "acked"
            return
        self._cancelled += cancelled
        if who:
            self._hosts[who] = "acked"
        else:
            self.unnamed += 1

    def note(self, node: Node) -> None:
        """A signal came after the STOP."""
        who = self._worker(node)
        if who and node.at - self.at > ON_ITS_WAY_S:
            self._by[who] = "worked on"

    def _worker(self, node: Node) -> str:
        if node.type in _BY_PARENT:
            return node.parent.who if node.parent is not None and node.parent.type in _WORK else ""
        return "" if node.type in _NO_WORK else node.who
