"""When and how a dispatch that failed is tried again (PROTOCOL 6.16).

A policy for request and reply only: who holds a live Pathway cannot have it swapped for another one underneath.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import PathwayClosedError, PathwayShutDown, PathwayStopped
from cosmo_sdk.signal_types import SignalType

_logger = logging.getLogger("cosmo_sdk.retry")

RETRY_AFTER = "cosmo.retry_after_s"
"""Meta key of an ERROR: in how many seconds it is worth another attempt, as a provider's rate limit says."""


def default_retry_on(outcome: object) -> bool:
    """Whether an outcome is worth another attempt: a timeout, a Pathway closed early, a recoverable ERROR.

    A trace that somebody stopped, and a Dendrite that was shut down, ended on purpose: never again. Nor are answers
    and questions (FINAL, AGENT_OUTPUT, CLARIFICATION, PERMISSION).

    Args:
        outcome: the resolving Signal, or the exception that ended the wait.
    """
    if isinstance(outcome, PathwayStopped | PathwayShutDown):
        return False
    if isinstance(outcome, TimeoutError | PathwayClosedError):
        return True
    if isinstance(outcome, Signal) and outcome.type is SignalType.ERROR:
        return bool(outcome.payload.get("recoverable"))
    return False


def asked_pause_s(outcome: object) -> float:
    """Seconds that an ERROR asks to wait before another attempt, in `meta["cosmo.retry_after_s"]`; 0 when it does not."""
    asked = outcome.meta.get(RETRY_AFTER) if isinstance(outcome, Signal) else None
    if isinstance(asked, bool) or not isinstance(asked, int | float) or not math.isfinite(asked):
        return 0.0
    return max(0.0, float(asked))


def no_backoff(attempt: int) -> float:
    """Try again at once."""
    return 0.0


@dataclass(frozen=True)
class RetryStrategy:
    """How often, how long, and on what to try again.

    Raises:
        ValueError: `max_attempts` is less than 1.
    """

    max_attempts: int = 3
    """Tries in all, the first included."""
    timeout_s: float | None = 30.0
    """How long each attempt may take, seconds; None leaves it to the call."""
    backoff: Callable[[int], float] | float = no_backoff
    """Seconds to wait after the attempt with this number, from 0; or the same number of seconds each time."""
    retry_on: Callable[[object], bool] = default_retry_on
    """Judges an outcome: the resolving Signal or the exception. Called for everything but STOP and shutdown."""
    new_trace: bool = True
    """Each attempt gets a trace of its own and the abandoned one is stopped."""
    rollback_on_retry: bool = False
    """The STOP of an abandoned attempt also undoes its memory writes."""
    on_retry: Callable[[int, object], None] | None = None
    """Told of each attempt that failed and will be repeated: its number from 0, its outcome."""
    reason: str = "retry"
    """What the STOP of an abandoned attempt says."""
    max_retry_after_s: float = 60.0
    """The longest pause that an ERROR may ask for, seconds: 0 takes no notice of `meta["cosmo.retry_after_s"]`."""

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ValueError(f"max_attempts={self.max_attempts}: the first try counts, so at least 1")

    def wants_retry(self, outcome: object) -> bool:
        """What `retry_on` says, except that no policy may undo a STOP or a shutdown."""
        return not isinstance(outcome, PathwayStopped | PathwayShutDown) and bool(self.retry_on(outcome))

    def announce(self, attempt: int, outcome: object) -> None:
        """Call `on_retry`. What it raises is logged: an observer must not end the work."""
        if self.on_retry is None:
            return
        try:
            self.on_retry(attempt, outcome)
        except Exception:
            _logger.exception("on_retry raised after attempt %d", attempt)

    def pause_s(self, attempt: int, outcome: object = None) -> float:
        """Seconds to wait after `attempt`: what `backoff` says, and no less than an ERROR asks for.

        Args:
            attempt: its number, from 0.
            outcome: what came of it.
        """
        return max(self._backoff_s(attempt), min(asked_pause_s(outcome), self.max_retry_after_s))

    def _backoff_s(self, attempt: int) -> float:
        """What `backoff` says; 0 when it raises or makes no sense."""
        try:
            seconds = float(self.backoff(attempt) if callable(self.backoff) else self.backoff)
        except Exception:
            _logger.exception("backoff raised after attempt %d, trying again at once", attempt)
            return 0.0
        return max(0.0, seconds) if math.isfinite(seconds) else 0.0
