"""Lifecycle hooks of Dendrites and Axons: connected, refreshed, on a schedule (PROTOCOL 6.18)."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cosmo_sdk.clock import SYSTEM_CLOCK, Clock

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RefreshEvent:
    """Why `on_refresh` is called."""

    reason: str
    """heartbeat, register, deregister, stale or manual."""
    neuron_id: str | None = None
    """The participant it is about, if it is about one."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Whatever the caller of `refresh` added."""


Hook = TypeVar("Hook", bound=Callable[..., Awaitable[Any] | Any])


class LifecycleHooks:
    """Base of what has a life on the bus. Hooks are plain or coroutine functions; what they raise is logged."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._hook_clock = clock
        self._connect_hooks: list[Callable[..., Any]] = []
        self._refresh_hooks: list[Callable[..., Any]] = []
        self._schedules: list[tuple[float, Callable[..., Any]]] = []
        self._schedule_tasks: list[asyncio.Task[None]] = []
        self._hooks_running = False

    def on_connect(self, fn: Hook) -> Hook:
        """Call `fn(self)` after each start, once everything is announced."""
        self._connect_hooks.append(fn)
        return fn

    def on_refresh(self, fn: Hook) -> Hook:
        """Call `fn(self, RefreshEvent)` when the registry changes or a heartbeat goes out."""
        self._refresh_hooks.append(fn)
        return fn

    def on_schedule(self, *, every_s: float) -> Callable[[Hook], Hook]:
        """Call `fn(self)` every `every_s` seconds while running, for the first time after one interval.

        Raises:
            ValueError: `every_s` is not positive.
        """
        if every_s <= 0:
            raise ValueError(f"every_s={every_s}: an interval is longer than nothing")

        def register(fn: Hook) -> Hook:
            self._schedules.append((every_s, fn))
            if self._hooks_running:
                self._start_schedule(every_s, fn)
            return fn

        return register

    async def refresh(
        self, *, reason: str = "manual", neuron_id: str | None = None, extra: dict[str, Any] | None = None
    ) -> None:
        """Call the `on_refresh` hooks.

        Args:
            reason: heartbeat, register, deregister, stale or manual.
            neuron_id: the participant it is about, if it is about one.
            extra: handed on in the event.
        """
        await self._run_hooks(self._refresh_hooks, RefreshEvent(reason, neuron_id, extra or {}))

    async def _start_hooks(self) -> None:
        self._hooks_running = True
        for every_s, fn in self._schedules:
            self._start_schedule(every_s, fn)
        await self._run_hooks(self._connect_hooks)

    async def _stop_hooks(self) -> None:
        self._hooks_running = False
        tasks, self._schedule_tasks = self._schedule_tasks, []
        mine = asyncio.current_task()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*(task for task in tasks if task is not mine), return_exceptions=True)

    def _start_schedule(self, every_s: float, fn: Callable[..., Any]) -> None:
        self._schedule_tasks.append(asyncio.get_running_loop().create_task(self._keep_calling(every_s, fn)))

    async def _keep_calling(self, every_s: float, fn: Callable[..., Any]) -> None:
        while True:
            await self._hook_clock.sleep(every_s)
            await self._run_hooks([fn])

    async def _run_hooks(self, hooks: list[Callable[..., Any]], *arguments: Any) -> None:
        for hook in list(hooks):
            try:
                result = hook(self, *arguments)
                if inspect.isawaitable(result):
                    await result
            except Exception:
                logger.exception("hook %s failed", getattr(hook, "__name__", hook))
