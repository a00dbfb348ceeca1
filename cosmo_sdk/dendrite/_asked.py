"""What was asked of whom: so that an answer to a question can carry the original task along (PROTOCOL 6.14)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

from cosmo_sdk.envelope import Signal

REMEMBERED = 4096
"""Tasks and awards kept."""


class Asked(NamedTuple):
    """The part of a TASK or award that its answers need."""

    input: Any
    finalize: bool


class AskedTasks:
    """Remembers the TASKs and awards this Dendrite sent or saw, the latest few thousand."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[str, Asked] = OrderedDict()

    def note(self, task: Signal) -> None:
        """A TASK or TASK_AWARDED went by."""
        self._tasks[task.id] = Asked(task.payload.get("input"), task.payload.get("finalize") is True)
        while len(self._tasks) > REMEMBERED:
            self._tasks.popitem(last=False)

    def behind(self, request: Signal) -> Asked:
        """What the asker of a question was working on; an empty task when that is not known here."""
        return self._tasks.get(request.parent_id or "", Asked(None, finalize=False))
