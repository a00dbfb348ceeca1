"""The retry loop, as one function of its arguments (PROTOCOL 6.16)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from cosmo_sdk.clock import Clock, within
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import PathwayClosedError
from cosmo_sdk.retry import RetryStrategy


class Vigil:
    """Whether work that may span several traces may still go on: nobody stopped one of them, nor the Dendrite.

    A Pathway knows that of its own trace while it is open; between two attempts there is none.

    Args:
        clock: measures pauses.
    """

    def __init__(self, clock: Clock) -> None:
        self.traces: list[str] = []
        """The traces of all attempts so far, one for each."""
        self.own_stops: set[str] = set()
        """Ids of the STOPs that end abandoned attempts: they end nothing else."""
        self._clock = clock
        self._ended: PathwayClosedError | None = None
        self._waking: asyncio.Future[None] | None = None

    def end(self, reason: PathwayClosedError) -> None:
        """The work must not go on."""
        self._ended = self._ended or reason
        if self._waking is not None and not self._waking.done():
            self._waking.set_result(None)

    def check(self) -> None:
        """Raise why the work must not go on, if that is so."""
        if self._ended is not None:
            raise self._ended.again()

    async def pause(self, seconds: float) -> None:
        """Wait between two attempts; raises as `check` does, at once."""
        self.check()
        self._waking = asyncio.get_running_loop().create_future()
        with suppress(TimeoutError):
            await within(self._clock, self._waking, seconds)
        self.check()


async def retrying(
    strategy: RetryStrategy,
    attempt: Callable[[int], Awaitable[Signal]],
    *,
    abandon: Callable[[int], Awaitable[None]],
    vigil: Vigil,
) -> Signal:
    """Try until an outcome is good enough, or attempts run out.

    Args:
        strategy: judges outcomes.
        attempt: makes attempt number n, from 0; returns the resolving Signal, or raises.
        abandon: ends what attempt number n left behind.
        vigil: waits between attempts, and ends the loop when somebody stops the work or the Dendrite.

    Returns:
        The first outcome not worth a retry, or the last ERROR.

    Raises:
        TimeoutError: the last attempt timed out.
        PathwayClosedError: the last attempt's Pathway closed, or a STOP or shutdown ended one.
    """
    for number in range(strategy.max_attempts):
        outcome: Signal | Exception
        try:
            outcome = await attempt(number)
        except (TimeoutError, PathwayClosedError) as error:
            outcome = error
        last = number == strategy.max_attempts - 1
        wanted = strategy.wants_retry(outcome)
        # A worker that answered with an ERROR is done; one that said nothing may still be at it.
        if wanted and (not last or isinstance(outcome, Exception) or strategy.rollback_on_retry):
            await abandon(number)
        if last or not wanted:
            if isinstance(outcome, Exception):
                raise outcome
            return outcome
        strategy.announce(number, outcome)
        await vigil.pause(strategy.pause_s(number, outcome))
    raise AssertionError("max_attempts is at least 1")
