"""When frames have been held for long enough, on an event loop."""

from __future__ import annotations

import asyncio
from typing import Any

from cosmo_bus.gate import Gatekeeper


class GateWatch:
    """Has gates opened whose frames were held for as long as they may. One timer, however many frames.

    Args:
        keeper: the gates; their clock is that of the running loop.
    """

    def __init__(self, keeper: Gatekeeper[Any, Any]) -> None:
        self._keeper = keeper
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Be there when the oldest frame is due. To be called whenever a frame is held or a gate is changed."""
        due = self._keeper.next_expiry
        if due is None or (self._timer is not None and self._timer.when() <= due):
            return
        self.end()
        self._timer = asyncio.get_running_loop().call_at(due, self._time_is_up)

    def end(self) -> None:
        """Watch no more, until there is a next `look`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_is_up(self) -> None:
        self._timer = None
        self._keeper.expire()
        self.look()
