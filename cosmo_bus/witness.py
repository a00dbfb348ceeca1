"""What the operator is told of one session: that it came, what it did, and how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from cosmo_bus.journal import Journal

TOLD_AGAIN_S = 10.0
"""How long the operator hears nothing more of a session that goes on losing lines, or sending bad ones."""

_LONGEST_REASON = 200


class Witness:
    """Stands beside one session and tells.

    Args:
        journal: where to.
        now: seconds of a monotonic clock.
        who: the facts that say which session it is, as they are now.
    """

    __slots__ = ("_journal", "_now", "_present", "_told_at", "_who", "refused")

    def __init__(self, journal: Journal, now: Callable[[], float], who: Callable[[], dict[str, Any]]) -> None:
        self.refused = 0
        """Lines answered with `err`."""
        self._journal = journal
        self._now = now
        self._who = who
        self._present = False
        self._told_at: dict[str, float] | None = None

    def tell(self, event: str, level: int = logging.INFO, **facts: Any) -> None:
        """Tell one event."""
        self._journal.tell(event, level, **self._who(), **facts)

    def came(self, sessions: int) -> None:
        """It is one of the sessions now; so many there are."""
        self._present = True
        self.tell("session_opened", sessions=sessions)

    def refuse(self, reason: str) -> None:
        """One of its lines was refused."""
        self.refused += 1
        self._now_and_then("line_refused", reason=reason[:_LONGEST_REASON], refused=self.refused)

    def loses(self, dropped: int, waiting: int) -> None:
        """It is an observer that does not keep up."""
        self._now_and_then("slow_reader_loses", dropped=dropped, waiting=waiting)

    def went(self, why: str, failure: str, **counts: Any) -> None:
        """It is gone.

        Args:
            why: what the bus said to it at the end; of a stranger that was told already.
            failure: what became of the connection; empty when the client ended it.
            counts: of the session.
        """
        if self._present:
            reason = why or failure or "the client left"
            self.tell("session_closed", reason=reason, **counts, refused=self.refused)
        elif not why:
            self.tell("stranger_gone", reason=failure or "it never said who it is")

    def _now_and_then(self, event: str, **facts: Any) -> None:
        """Tell what goes on and on: once, and again after a while."""
        if self._told_at is None:
            self._told_at = {}
        now = self._now()
        if now - self._told_at.get(event, -TOLD_AGAIN_S) >= TOLD_AGAIN_S:
            self._told_at[event] = now
            self.tell(event, logging.WARNING, **facts)
