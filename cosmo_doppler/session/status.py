"""How a session stands, as one value."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

SessionState = Literal["connecting", "live", "reconnecting", "unreachable", "loading", "replay", "closed"]


class Skipped(NamedTuple):
    """A line of a recording that is no frame."""

    path: Path
    number: int
    """Counted from 1."""
    reason: str


@dataclass(frozen=True)
class SessionStatus:
    """What the status bar says."""

    state: SessionState
    detail: str = ""
    """Why it is unreachable, and what to do; else empty."""
    attempt: int = 0
    """Attempts to connect in the present outage."""
    retry_in_s: float | None = None
    """Seconds to the next attempt; None when none is due."""
    signals: int = 0
    """Signals in the store."""
    rate: float = 0.0
    """Signals per second, over the last few seconds."""
    malformed: int = 0
    """Frames that were no valid Signal."""
    dropped: int = 0
    """Frames known to be lost on their way to us, or to the recording."""
    recording: str = ""
    """The file being written; empty when none is."""
    recorded_bytes: int = 0
    recording_fault: str = ""
    """Why writing to that file stopped; empty while it works."""
    moved: int = 0
    """Bytes of the oldest signals that were moved from memory to disk."""
    memory_fault: str = ""
    """Why no more of them can be moved, though memory holds more than it should; empty while they can."""
    skipped: int = 0
    """Lines of the file being replayed that are no frames."""
    first_skipped: tuple[Skipped, ...] = ()
    """Which ones they are, as far as they are kept."""
    loaded: float = 1.0
    """Fraction of the file being replayed that has been read."""
    gaps: int = 0
    """Times the bus was lost while watching."""


class RateMeter:
    """Arrivals per second over a few seconds."""

    def __init__(self, window_s: float = 3.0) -> None:
        self._window_s = window_s
        self._samples: deque[tuple[float, int]] = deque()

    def rate(self, now: float, total: int) -> float:
        """Note the total at `now` and return the rate."""
        samples = self._samples
        samples.append((now, total))
        while len(samples) > 2 and samples[1][0] <= now - self._window_s:
            samples.popleft()
        elapsed = now - samples[0][0]
        return (total - samples[0][1]) / elapsed if elapsed > 0 else 0.0
