"""How well the screen itself does: how often it paints, how long that takes, and what memory all of it holds."""

from __future__ import annotations

import resource
import sys
import time
from collections import deque
from pathlib import Path

_KEPT = 120
"""Frames looked back on."""

_WINDOW_S = 2.0
_STATM = Path("/proc/self/statm")


class Pulse:
    """Measures frames."""

    def __init__(self) -> None:
        self._painted: deque[float] = deque(maxlen=_KEPT)
        self._took_ms: deque[float] = deque(maxlen=_KEPT)

    def painted(self, began: float) -> None:
        """A frame that began at `began` on `time.perf_counter()` is on the screen."""
        now = time.perf_counter()
        self._painted.append(now)
        self._took_ms.append((now - began) * 1000)

    def frames_per_second(self) -> float:
        """Frames painted, a second, lately; what does not change is not painted."""
        since = time.perf_counter() - _WINDOW_S
        return sum(at > since for at in self._painted) / _WINDOW_S

    def frame_ms(self, share: float) -> float:
        """The time that `share` of the last frames did not exceed, milliseconds; 0 before the first."""
        took = sorted(self._took_ms)
        return took[min(len(took) - 1, int(share * len(took)))] if took else 0.0


def memory_bytes() -> int:
    """What this process holds in memory; where the system does not tell, the most it ever held."""
    try:
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
