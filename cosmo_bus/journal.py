"""What a bus tells its operator: one event each, with facts, through `logging`. Never one for each message.

A name or a reason that a client sent is written as JSON, so that nothing in it reaches a terminal as it is.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

logger = logging.getLogger(__name__)
# Who embeds a bus and asks for no log gets none.
logger.addHandler(logging.NullHandler())

EVENTS_WITHIN_WINDOW = 100
"""Of one event, so many are told within `WINDOW_S`; then how many more there were."""

WINDOW_S = 1.0


class Told:
    """An event and its facts as words, made only where somebody wants words."""

    def __init__(self, event: str, facts: Mapping[str, Any]) -> None:
        self._event = event
        self._facts = facts

    def __str__(self) -> str:
        return " ".join((self._event, *(f"{name}={_word(value)}" for name, value in self._facts.items())))


def note(event: str, level: int = logging.INFO, **facts: Any) -> None:
    """Tell one event. The record carries it as `event` and `facts`, for who writes structured logs."""
    logger.log(level, "%s", Told(event, facts), extra={"event": event, "facts": facts})


def is_wanted(level: int) -> bool:
    """Whether anybody reads events of that level."""
    return logger.isEnabledFor(level)


class Journal:
    """What clients cause, so often at most that no crowd of them can fill a disk.

    Args:
        loop: whose clock counts the window.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._told: Counter[str] = Counter()
        self._window: asyncio.TimerHandle | None = None

    def tell(self, event: str, level: int = logging.INFO, **facts: Any) -> None:
        """Tell one event, or count it when there were many of its kind just now."""
        if not is_wanted(level):
            return
        self._told[event] += 1
        if self._window is None:
            self._window = self._loop.call_later(WINDOW_S, self._sum_up)
        if self._told[event] <= EVENTS_WITHIN_WINDOW:
            note(event, level, **facts)

    def close(self) -> None:
        """Tell what was only counted."""
        if self._window is not None:
            self._window.cancel()
            self._sum_up()

    def _sum_up(self) -> None:
        told, self._told, self._window = self._told, Counter(), None
        for event, count in told.items():
            if count > EVENTS_WITHIN_WINDOW:
                note("events_left_out", logging.WARNING, of=event, count=count - EVENTS_WITHIN_WINDOW)


def _word(value: object) -> str:
    return json.dumps(value, default=str)
