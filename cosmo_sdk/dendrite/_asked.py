"""What was asked of whom and is not settled yet (PROTOCOL 6.14): so that an answer to a question can carry the original
task along, and a STOP knows how much work it must hear of."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

from cosmo_sdk.envelope import Signal
from cosmo_sdk.signal_types import PAUSE_TYPES

REMEMBERED = 4096
"""Unsettled tasks and awards kept."""


class Asked(NamedTuple):
    """The part of a TASK or award that its answers need."""

    input: Any
    finalize: bool


class _Open:
    """A TASK or award without a result."""

    __slots__ = ("paused", "task")

    def __init__(self, task: Signal) -> None:
        self.task = task
        self.paused = False
        """Its Neuron asked something and went home."""


class AskedTasks:
    """Remembers the TASKs and awards this Dendrite sent or saw until their result is there, the latest few thousand."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, _Open] = OrderedDict()

    def note(self, task: Signal) -> None:
        """A TASK or TASK_AWARDED went by."""
        if task.id not in self._open:
            self._open[task.id] = _Open(task)
            if len(self._open) > REMEMBERED:
                self._open.popitem(last=False)

    def settle(self, reply: Signal) -> None:
        """An AGENT_OUTPUT, ERROR, CLARIFICATION or PERMISSION went by."""
        if reply.type not in PAUSE_TYPES:
            self._open.pop(reply.parent_id or "", None)
        elif (asked := self._open.get(reply.parent_id or "")) is not None:
            asked.paused = True

    def forget(self, task_id: str) -> None:
        """Nobody waits for the result of this task or award any more."""
        self._open.pop(task_id, None)

    def expects(self, task_id: str | None) -> bool:
        """Whether this task or award is known here and has no result yet."""
        return task_id in self._open

    def behind(self, request: Signal) -> Asked:
        """What the asker of a question was working on; an empty task when that is not known here."""
        asked = self._open.get(request.parent_id or "")
        payload = {} if asked is None else asked.task.payload
        return Asked(payload.get("input"), payload.get("finalize") is True)

    def running(self, trace_id: str) -> int:
        """How many tasks and awards of a trace are being worked on, as far as is known here."""
        return sum(asked.task.trace_id == trace_id and not asked.paused for asked in self._open.values())
