"""Plain functions run off the loop: a bounded number at a time, on threads that keep no process alive."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

R = TypeVar("R")


class Threads:
    """Runs functions in threads of their own, at most `limit` at a time; further ones wait for a thread to end.

    A thread cannot be interrupted. When its awaiter is cancelled the function runs on, its result is dropped, and its
    place is free only when it really ends: a function that takes one call at a time never gets two. The threads are
    daemons, so one that never ends does not keep the process from ending.

    Args:
        name: of the threads.
        limit: functions at a time.
    """

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def running(self) -> int:
        """Threads at work, abandoned ones included."""
        return self._running

    async def run(self, function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        """Call the function in a thread, in a copy of this context, and return what it returns.

        Raises:
            Exception: whatever the function raises; what is no Exception (SystemExit) as a RuntimeError.
        """
        await self._place()
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[R] = loop.create_future()
        context = copy_context()

        def work() -> None:
            try:
                result = context.run(function, *args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - the awaiter gets it
                end, value = _fail, error
            else:
                end, value = _succeed, result  # type: ignore[assignment]
            # A loop that is closed has nobody left who waits.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._ended, outcome, end, value)

        try:
            threading.Thread(target=work, name=self._name, daemon=True).start()
        except RuntimeError:
            # The machine has no more threads to give.
            self._leave()
            raise
        return await outcome

    async def _place(self) -> None:
        if self._running < self._limit:
            self._running += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # The place came together with the cancellation: it goes to the next one.
                self._leave()
            raise

    def _ended(self, outcome: asyncio.Future[Any], end: Callable[..., None], value: Any) -> None:
        self._leave()
        if not outcome.done():
            end(outcome, value)
        elif isinstance(value, BaseException):
            logger.info("%s: a function nobody waits for any more failed: %r", self._name, value)

    def _leave(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._running -= 1


def _succeed(outcome: asyncio.Future[Any], result: Any) -> None:
    outcome.set_result(result)


def _fail(outcome: asyncio.Future[Any], error: BaseException) -> None:
    # A future takes no StopIteration, and a SystemExit would end the loop instead of the function.
    if not isinstance(error, Exception) or isinstance(error, StopIteration):
        wrapped = RuntimeError(f"the function raised {error!r}")
        wrapped.__cause__ = error
        error = wrapped
    outcome.set_exception(error)
