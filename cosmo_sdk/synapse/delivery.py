"""Runs the handler of one subscription: in order, concurrently up to a bound, on long-lived workers.

A worker drains the queue for as long as the handler never waits for anything, which costs no task per Signal. Only
when it does wait, and more Signals are queued, another worker joins. So handlers start in order of arrival, at
most `concurrency` run at a time, and the rest waits in a queue with a bound; what exceeds that is dropped and counted.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections import deque
from collections.abc import Awaitable
from inspect import isawaitable, iscoroutinefunction
from types import CoroutineType
from typing import Any

from cosmo_sdk.envelope import Signal
from cosmo_sdk.synapse.base import SignalHandler

logger = logging.getLogger(__name__)

CONCURRENCY = 256
"""Handlers of one subscription that may wait for something at the same time."""

BACKLOG = 65_536
"""Signals that may wait for a handler before more are dropped."""

CROWDED = 1_024
"""Signals waiting at which a sender in this process should let the handlers have a turn."""

_TURN = 256
"""Signals one worker handles before it lets the rest of the loop have a turn."""

_SPARE = 4
"""Idle workers kept; the others of a burst go home."""

_FAILED = "%s: handler failed on %s %s"


class Delivery:
    """The queue and the workers of one subscription.

    Every worker runs in a copy of the context that subscribed: a handler that sets a context variable must reset it,
    or the next Signal on that worker sees it.
    """

    def __init__(
        self, handler: SignalHandler, label: str, *, concurrency: int = CONCURRENCY, backlog: int = BACKLOG
    ) -> None:
        """Must be made on the loop that will run the handler.

        Args:
            handler: gets each Signal; a coroutine function or a plain one.
            label: names the subscription in the log.
            concurrency: handlers running at the same time.
            backlog: Signals waiting at most.
        """
        self.dropped = 0
        """Signals that found the queue full."""
        self.failures = 0
        """Handlers that raised."""
        self._handler = handler
        self._label = label
        self._concurrency = concurrency
        self._backlog = backlog
        self._queue: deque[Signal] = deque()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._at_once = not iscoroutinefunction(handler)
        self._context = contextvars.copy_context()
        self._closed = False
        self._pausing = 0
        self._reviewing = False
        self._reinforcement = 1
        self._full = False

    @property
    def waiting(self) -> int:
        """Signals that no handler has started on."""
        return len(self._queue)

    def push(self, signal: Signal) -> bool:
        """Queue a Signal. Never waits; a full queue drops it and counts.

        A plain function is called right here instead, so that its Signals keep their order across subscriptions.

        Returns:
            False when a sender in this process should pause for a turn of the loop, because the handlers are behind.
        """
        if self._at_once:
            self._call(signal)
            return True
        queue = self._queue
        waiting = len(queue)
        if waiting >= self._backlog or self._closed:
            self._drop()
            return False
        queue.append(signal)
        if not waiting:
            self._call_worker()
        elif not self._reviewing:
            self._reviewing = True
            # Runs after the worker had its turn, and so sees whether the handler kept up.
            self._loop.call_soon(self._review)
        return waiting < CROWDED

    def stop(self) -> None:
        """Start no more handlers. Running ones finish."""
        self._closed = True
        self._queue.clear()
        for idle in self._idle:
            if not idle.done():
                idle.set_result(None)
        self._idle.clear()

    async def close(self) -> None:
        """Stop, cancel the running handlers and wait for them; not for the one that calls."""
        self.stop()
        mine = asyncio.current_task()
        others = [worker for worker in self._workers if worker is not mine]
        for worker in others:
            worker.cancel()
        if others:
            await asyncio.wait(others)

    def _call(self, signal: Signal) -> None:
        """Run a plain function now. One that turns out to return an awaitable is queued from here on."""
        if self._closed:
            return
        try:
            result = self._context.copy().run(self._handler, signal)
        except Exception:
            self.failures += 1
            logger.exception(_FAILED, self._label, signal.type, signal.id)
            return
        if result is not None and isawaitable(result):
            self._at_once = False
            worker = self._loop.create_task(self._finish(signal, result), context=self._context.copy())
            self._workers.add(worker)
            worker.add_done_callback(self._leave)

    async def _finish(self, signal: Signal, result: Awaitable[Any]) -> None:
        try:
            await result
        except Exception:
            self.failures += 1
            logger.exception(_FAILED, self._label, signal.type, signal.id)

    def _drop(self) -> None:
        if self._closed:
            return
        self.dropped += 1
        if not self._full:
            self._full = True
            logger.warning(
                "%s: handlers cannot keep up, %d signals are waiting; dropping more until there is room",
                self._label,
                self._backlog,
            )

    def _review(self) -> None:
        """Send in more workers while Signals are left over, twice as many each turn."""
        if not self._queue or self._closed:
            self._reviewing = False
            self._reinforcement = 1
            return
        if not self._pausing:
            for _ in range(min(self._reinforcement, len(self._queue))):
                self._call_worker()
            self._reinforcement = min(self._reinforcement * 2, self._concurrency)
        if self._pausing or self._idle or len(self._workers) < self._concurrency:
            self._loop.call_soon(self._review)
        else:
            # Everyone is busy: whoever gets free takes the next Signal, no need to look every turn.
            self._reviewing = False
            self._reinforcement = 1

    def _call_worker(self) -> None:
        while self._idle:
            idle = self._idle.popleft()
            if not idle.done():
                idle.set_result(None)
                return
        if len(self._workers) < self._concurrency:
            worker = self._loop.create_task(self._work(), context=self._context.copy())
            self._workers.add(worker)
            worker.add_done_callback(self._leave)

    async def _work(self) -> None:
        queue = self._queue
        handler = self._handler
        while not self._closed:
            for _ in range(_TURN):
                if not queue:
                    break
                signal = queue.popleft()
                try:
                    result = handler(signal)
                    if type(result) is CoroutineType or isawaitable(result):
                        await result
                except asyncio.CancelledError:
                    if self._closed:
                        raise
                    _forgive_cancellation()
                except Exception:
                    self.failures += 1
                    logger.exception(_FAILED, self._label, signal.type, signal.id)
            if queue:
                await self._pause()
                continue
            self._full = False
            if len(self._idle) >= _SPARE:
                return
            idle = self._loop.create_future()
            self._idle.append(idle)
            await idle

    async def _pause(self) -> None:
        self._pausing += 1
        try:
            await asyncio.sleep(0)
        finally:
            self._pausing -= 1

    def _leave(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        # A cancellation meant for a handler may come late and end its worker: the queue must not wait for that.
        if self._queue and not self._closed:
            self._call_worker()


def _forgive_cancellation() -> None:
    """Go on after a cancellation that was meant for the handler, not for the worker under it."""
    worker = asyncio.current_task()
    while worker is not None and worker.cancelling():
        worker.uncancel()
