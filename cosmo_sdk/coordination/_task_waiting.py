"""Waiting for tasks to end: woken at once by this process, and by looking at the store for what others do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from cosmo_sdk.coordination._locks import ForkedLock
from cosmo_sdk.coordination.models import Task

if TYPE_CHECKING:
    from cosmo_sdk.coordination.task_manager import TaskManager

T = TypeVar("T")

FIRST_LOOK_S = 0.02
LAST_LOOK_S = 0.25
"""Between looks at the store; the first is short, each next one twice as long, up to the last."""


class Waiters:
    """Who waits for which task. Any number may wait for one, on any number of loops."""

    def __init__(self, manager: TaskManager) -> None:
        self._manager = manager
        self._lock = ForkedLock()
        self._waiting: dict[str, list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}

    def wake(self, task_id: str) -> None:
        """Tell everybody who waits for a task that it has ended. From any thread."""
        with self._lock:
            waiting = list(self._waiting.get(task_id, ()))
        for loop, ended in waiting:
            # A loop that is closed has nobody left who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(ended.set)

    async def wait(self, task_id: str, timeout: float) -> Task | None:
        """See `TaskManager.wait_until_done`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        mine = (loop, asyncio.Event())
        with self._lock:
            self._waiting.setdefault(task_id, []).append(mine)
        try:
            pause = FIRST_LOOK_S
            revision = None
            while True:
                latest = await self._ask(self._manager.store.revision)
                # Whoever writes without an event is noticed at the slow pace.
                if latest != revision or pause == LAST_LOOK_S:
                    revision = latest
                    task = await self._ask(lambda: self._manager.get_task(task_id))
                    if task is None or task.state.terminal:
                        return task
                left = until - loop.time()
                if left <= 0:
                    return None
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(mine[1].wait(), min(pause, left))
                pause = min(2 * pause, LAST_LOOK_S)
        finally:
            with self._lock:
                others = self._waiting[task_id]
                others.remove(mine)
                if not others:
                    del self._waiting[task_id]

    async def _ask(self, question: Callable[[], T]) -> T:
        return await asyncio.to_thread(question) if self._manager.store.remote else question()
