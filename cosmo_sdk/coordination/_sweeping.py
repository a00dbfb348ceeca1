"""Helpers around managers: the sweep for expired claims, and calls from coroutines."""

from __future__ import annotations

import functools
import inspect
import logging
from typing import Any

import anyio
import anyio.to_thread

from cosmo_sdk.coordination.errors import StoreBusyError
from cosmo_sdk.coordination.task_manager import TaskManager

_logger = logging.getLogger("cosmo_sdk.coordination")


async def run_claim_sweeper(manager: TaskManager, every_s: float = 5.0) -> None:
    """Release expired claims now and then, until cancelled. Several processes may do so on one store.

    Args:
        manager: whose tasks.
        every_s: seconds between sweeps.
    """
    while True:
        try:
            await anyio.to_thread.run_sync(lambda: manager.release_expired_claims(manager.clock.monotonic()))
        except StoreBusyError as error:
            _logger.warning("this sweep is left out: %s", error)
        await anyio.sleep(every_s)


class Aio:
    """A manager whose methods are coroutine functions, each run in a thread. See `aio`."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    def __repr__(self) -> str:
        return f"aio({self._manager!r})"

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._manager, name)
        if not callable(found) or inspect.iscoroutinefunction(found):
            return found

        @functools.wraps(found)
        async def call(*args: Any, **kwargs: Any) -> Any:
            return await anyio.to_thread.run_sync(functools.partial(found, *args, **kwargs))

        return call


def aio(manager: Any) -> Any:
    """The same manager for coroutines, where its store may take long: each call runs in a thread.

    For a store on another machine, or a file that many processes write. Attributes that are no methods are as they were.
    """
    return Aio(manager)
