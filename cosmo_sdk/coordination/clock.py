"""Time for coordination: intervals of one machine, and a wall clock in integer milliseconds that records share.

A monotonic reading means something only on the machine and boot that took it. So a clock also says which those
are: its `domain`.
"""

from __future__ import annotations

import socket
import threading
import time
import uuid
from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """What coordination knows of time."""

    @property
    def domain(self) -> str:
        """Where monotonic readings can be compared: one boot of one machine."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; the zero means nothing."""
        ...

    def now_ms(self) -> int:
        """The wall clock, milliseconds since the epoch."""
        ...


def _domain() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        # Without a boot to name, only this process can compare.
        boot = str(uuid.uuid4())
    return f"{socket.gethostname()}/{boot}"


class SystemClock:
    """The machine's clock."""

    _known_domain: str | None = None

    def __repr__(self) -> str:
        return "SYSTEM_CLOCK"

    @property
    def domain(self) -> str:
        """The host name and the id of this boot."""
        if SystemClock._known_domain is None:
            SystemClock._known_domain = _domain()
        return SystemClock._known_domain

    def monotonic(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def now_ms(self) -> int:
        """The wall clock, milliseconds since the epoch."""
        return time.time_ns() // 1_000_000


SYSTEM_CLOCK = SystemClock()
"""The default for every clock of this package."""


class ManualClock:
    """A clock that stands still until it is told to move. Safe to share between threads.

    Args:
        mono: the first monotonic reading, seconds.
        wall_ms: the first wall reading, milliseconds.
        domain: where its monotonic readings can be compared.
    """

    def __init__(
        self, mono: float = 1000.0, wall_ms: int = 1_700_000_000_000, domain: str = "boot-1"
    ) -> None:
        self._mono = mono
        self._wall_ms = wall_ms
        self._domain = domain
        self._offset = 0.0
        self._lock = threading.Lock()

    @property
    def domain(self) -> str:
        """Where its monotonic readings can be compared."""
        return self._domain

    def monotonic(self) -> float:
        """Seconds: the first reading and what was advanced."""
        return self._mono + self._offset

    def now_ms(self) -> int:
        """Milliseconds: the first reading and what was advanced, rounded."""
        return self._wall_ms + round(self._offset * 1000)

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            ValueError: `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError(f"advance({seconds}): time does not run backwards; set() goes anywhere")
        with self._lock:
            self._offset += seconds

    def set(self, offset: float) -> None:
        """Go to `offset` seconds after the first readings."""
        self._offset = offset
