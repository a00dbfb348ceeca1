"""A hash ring whose nodes are whoever the registry says is there: agreement without an orchestrator.

Every worker builds one over the registry and asks `owns` of each task it hears. The rings of two workers differ for
as long as one knows of a newcomer and the other does not, and no longer: for that moment a key next to the newcomer
may have two owners or none. Work that must never run twice wants an auction or a queue group instead.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import isawaitable
from types import TracebackType
from typing import Any, Self

from cosmo_sdk.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.hooks import LifecycleHooks, RefreshEvent
from cosmo_sdk.registry.base import NeuronRecord, RegistryStore
from cosmo_sdk.ring import VIRTUAL_NODES, HashRing

logger = logging.getLogger(__name__)

_MEMBERSHIP: frozenset[str] = frozenset({"register", "deregister", "stale"})
"""Reasons of a RefreshEvent after which the nodes may be others."""


@dataclass(frozen=True)
class RingChange:
    """Who joined and who left between two looks at the registry."""

    joined: tuple[str, ...]
    """Now on the ring, sorted."""
    left: tuple[str, ...]
    """No longer on it, sorted."""
    nodes: tuple[str, ...]
    """Everybody on it now, sorted."""

    def __bool__(self) -> bool:
        return bool(self.joined or self.left)


Listener = Callable[[RingChange], Awaitable[Any] | Any]


class LiveRing:
    """A `HashRing` of the registered participants that are neither draining, stale nor gone.

    Entered (`async with`), it looks at the registry at once and then every `refresh_s`; `follow` makes it look as soon
    as a Dendrite hears of a change. Asking for an owner never waits: it answers from the last look.

    Args:
        registry_store: the registry; its owner closes it.
        capability: only participants that have it; everybody when left out.
        role: only participants of this role: neuron, engram or effector.
        virtual_nodes: points of each node; the same for everybody who is to agree.
        refresh_s: seconds between two looks at the registry.
        stale_after_s: silence after which a participant is left out even if nobody has called it stale yet, seconds;
            by default only the registry's word counts.
        clock: the time, for tests.

    Raises:
        ValueError: a duration that is not positive, or no virtual nodes.
    """

    def __init__(
        self,
        registry_store: RegistryStore,
        *,
        capability: str | None = None,
        role: str = "neuron",
        virtual_nodes: int = VIRTUAL_NODES,
        refresh_s: float = 5.0,
        stale_after_s: float | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        for name, seconds in (("refresh_s", refresh_s), ("stale_after_s", stale_after_s)):
            if seconds is not None and seconds <= 0:
                raise ValueError(f"{name}={seconds} is not positive")
        self._store = registry_store
        self._capability = capability
        self._role = role
        self._refresh_s = refresh_s
        self._stale_after_s = stale_after_s
        self._clock = clock
        self._ring = HashRing(virtual_nodes=virtual_nodes)
        self._listeners: list[Listener] = []
        self._looking = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None
        self.failures = 0
        """Looks at the registry that failed. The ring then keeps the nodes it had."""

    # -- asking

    @property
    def nodes(self) -> list[str]:
        """Who is on the ring, sorted; a copy."""
        return self._ring.nodes

    def __len__(self) -> int:
        return len(self._ring)

    def __contains__(self, node: object) -> bool:
        return node in self._ring

    def owner(self, key: str) -> str:
        """Who owns a key, e.g. for `dispatch_task(neuron=ring.owner(key))`.

        Raises:
            NoOwner: nobody is on the ring (also a LookupError).
        """
        return self._ring.owner(key)

    def owners(self, key: str, count: int) -> list[str]:
        """The owner of a key and its stand-ins, `count` different nodes at most.

        Raises:
            NoOwner: nobody is on the ring (also a LookupError).
            ValueError: `count` is less than one.
        """
        return self._ring.owners(key, count)

    def owns(self, node: str, key: str) -> bool:
        """Whether a key is a node's own: what a worker asks about each task it hears."""
        return self._ring.owns(node, key)

    # -- following the registry

    def on_change(self, listener: Listener) -> Listener:
        """Call `listener(RingChange)` whenever somebody joined or left. What it raises is logged. Usable as a decorator."""
        self._listeners.append(listener)
        return listener

    def follow(self, dendrite: LifecycleHooks) -> None:
        """Look at the registry as soon as this Dendrite, which must keep the same one, hears of a change."""

        async def look(_: object, event: RefreshEvent) -> None:
            if event.reason in _MEMBERSHIP:
                await self._look()

        dendrite.on_refresh(look)

    async def refresh(self) -> RingChange:
        """Look at the registry now.

        Returns:
            What changed; false when nothing did.

        Raises:
            Exception: whatever the store raises; the ring keeps the nodes it had.
        """
        # One look at a time: an older answer must not undo a newer one.
        async with self._looking:
            records = await self._store.list(capability=self._capability)
            before = set(self._ring.nodes)
            self._ring.replace(record.neuron_id for record in records if self._belongs(record))
            now = self._ring.nodes
            change = RingChange(
                joined=tuple(sorted(set(now) - before)),
                left=tuple(sorted(before - set(now))),
                nodes=tuple(now),
            )
        # With the lock released: a listener may well look again.
        if change:
            await self._tell(change)
        return change

    async def start(self) -> None:
        """Look at the registry now, and from now on every `refresh_s`. Calling it again does nothing.

        Raises:
            Exception: whatever the store raises at the first look.
        """
        if self._timer is None:
            await self._store.connect()
            await self.refresh()
            self._timer = asyncio.create_task(self._keep_looking())

    async def stop(self) -> None:
        """Look no more; the ring keeps its nodes. Calling it again does nothing."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            await asyncio.wait([timer])

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _keep_looking(self) -> None:
        while True:
            await self._clock.sleep(self._refresh_s)
            await self._look()

    async def _look(self) -> None:
        try:
            await self.refresh()
        except Exception:
            self.failures += 1
            logger.exception("the ring keeps its nodes: the registry could not be read")

    def _belongs(self, record: NeuronRecord) -> bool:
        if record.status != "registered" or record.role != self._role or not record.neuron_id:
            return False
        if self._stale_after_s is None:
            return True
        return (self._clock.now() - record.last_seen).total_seconds() <= self._stale_after_s

    async def _tell(self, change: RingChange) -> None:
        for listener in list(self._listeners):
            try:
                result = listener(change)
                if isawaitable(result):
                    await result
            except Exception:
                logger.exception("a listener of the ring failed")
