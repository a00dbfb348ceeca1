"""How well the screen itself does: how often it paints, how long that takes, and what memory all of it holds."""

from __future__ import annotations

import resource
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

_KEPT = 120
"""Frames looked back on."""

_WINDOW_S = 2.0

_PER_COST = 2
"""From one look to the next pass at least so many times the processor time the first one cost."""

_PER_COST_BEHIND = 4
"""While signals wait to be folded the rest of the program gets so many times that processor time in between, which takes
longer where others compute on this machine, too."""

LONGEST_PAUSE_S = 0.25
"""From one look to the next at most, whatever else keeps the thread busy."""

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


class Share:
    """Keeps what the screen costs within its share of the processor, on which the engine computes too.

    Args:
        spent: seconds of processor the thread of the screen has used.
        used: the same of all threads.
        clock: seconds that never run backwards.
    """

    def __init__(
        self,
        spent: Callable[[], float] = time.thread_time,
        used: Callable[[], float] = time.process_time,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._spent = spent
        self._used = used
        self._clock = clock
        self.looked()

    def allows(self, behind: bool) -> bool:
        """Whether the screen may be looked after again, now that what the last look caused has been paid for.

        Args:
            behind: whether signals wait to be folded.
        """
        waited = self._clock() - self._looked_at
        if waited >= LONGEST_PAUSE_S:
            return True
        cost = self._spent() - self._spent_before
        if behind:
            return self._used() - self._used_before - cost >= cost * _PER_COST_BEHIND
        return waited >= cost * _PER_COST

    def looked(self) -> None:
        """A look begins."""
        self._spent_before, self._used_before, self._looked_at = self._spent(), self._used(), self._clock()


def memory_bytes() -> int:
    """What this process holds in memory; where the system does not tell, the most it ever held."""
    try:
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
