"""The retry loop, as one function of its arguments (PROTOCOL 6.16)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cosmo_sdk.clock import Clock
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import PathwayClosedError
from cosmo_sdk.retry import RetryStrategy


async def retrying(
    strategy: RetryStrategy,
    attempt: Callable[[int], Awaitable[Signal]],
    *,
    abandon: Callable[[int], Awaitable[None]],
    clock: Clock,
) -> Signal:
    """Try until an outcome is good enough, or attempts run out.

    Args:
        strategy: judges outcomes.
        attempt: makes attempt number n, from 0; returns the resolving Signal, or raises.
        abandon: ends what attempt number n left behind.
        clock: waits between attempts.

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
        await clock.sleep(strategy.pause_s(number))
    raise AssertionError("max_attempts is at least 1")
