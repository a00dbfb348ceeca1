"""What was asked of whom and is not settled yet (PROTOCOL 6.14): so that an answer to a question can carry the original
task along, and a STOP knows how much work it must hear of."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

from cosmo_sdk.envelope import Signal
from cosmo_sdk.signal_types import PAUSE_TYPES

REMEMBERED = 4096
"""Unsettled tasks and awards kept."""


ORIGINAL_INPUT = "original_input"
"""Key under which an answer by dispatch carries what the asker was asked in the first place."""

EARLIER = "earlier"
"""Key under which it carries the asker's earlier questions with their answers, oldest first."""

_EXCHANGES = ("clarification", "permission")


class Asked(NamedTuple):
    """The part of a TASK or award that its answers need."""

    input: Any = None
    """What was asked in the first place; None when that is not known."""
    finalize: bool = False
    context_ref: str | None = None
    earlier: tuple[Any, ...] = ()
    """Questions of the same work that were answered by dispatch before, oldest first."""


def read_asked(task: Signal) -> Asked:
    """What a TASK or award asks; of one that itself answers a question: what the first one asked."""
    payload = task.payload
    input, earlier = payload.get("input"), ()
    if isinstance(input, dict):
        answered = next((input[kind] for kind in _EXCHANGES if isinstance(input.get(kind), dict)), None)
        if answered is not None and ORIGINAL_INPUT in answered:
            input = answered[ORIGINAL_INPUT]
            before = answered.get(EARLIER)
            exchange = {key: value for key, value in answered.items() if key not in (ORIGINAL_INPUT, EARLIER)}
            earlier = (*(before if isinstance(before, list) else ()), exchange)
    reference = payload.get("context_ref")
    return Asked(
        input, payload.get("finalize") is True, reference if isinstance(reference, str) else None, earlier
    )


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
        return Asked() if asked is None else read_asked(asked.task)

    def running(self, trace_id: str) -> int:
        """How many tasks and awards of a trace are being worked on, as far as is known here."""
        return sum(asked.task.trace_id == trace_id and not asked.paused for asked in self._open.values())
