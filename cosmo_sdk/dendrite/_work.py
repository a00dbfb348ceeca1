"""Background work of one Dendrite: kept, named in the log when it fails, drained or cancelled at the end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from cosmo_sdk.errors import SynapseError

logger = logging.getLogger("cosmo_sdk.dendrite")

CANCEL_S = 1.0
"""How long cancelled work may take to end, seconds."""


class Work:
    """Tasks that somebody must hold on to."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[Any], Callable[[asyncio.Task[Any]], None] | None] = {}

    def spawn(
        self,
        coroutine: Coroutine[Any, Any, Any],
        what: str,
        *,
        then: Callable[[asyncio.Task[Any]], None] | None = None,
    ) -> asyncio.Task[Any]:
        """Run a coroutine beside everything else. What it raises is logged as `what`.

        Args:
            coroutine: the work.
            what: names it in the log.
            then: called once with its task, however it ends, even before its first step.
        """
        task = asyncio.get_running_loop().create_task(coroutine, name=what)
        self._tasks[task] = then
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        then = self._tasks.pop(task, None)
        if then is not None:
            then(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, SynapseError):
            # The bus went away meanwhile, and the synapse says so itself: where in our code we were says nothing.
            logger.warning("%s failed: %s", task.get_name(), error)
        else:
            logger.error("%s failed: %s", task.get_name(), error, exc_info=error)

    async def finish(self, timeout_s: float) -> None:
        """Let everything end by itself for a while, then cancel what is left. What ignores that is logged and left."""
        mine = asyncio.current_task()
        tasks = {task for task in self._tasks if task is not mine}
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=timeout_s)
        for task in late:
            task.cancel()
        if late:
            _, stubborn = await asyncio.wait(late, timeout=CANCEL_S)
            for task in stubborn:
                logger.warning("%s was cancelled and goes on all the same", task.get_name())
