"""What a Dendrite must hear, as it stands, and the subscriptions that bring it (PROTOCOL 3.2, 6.2)."""

from __future__ import annotations

import asyncio

from cosmo_sdk.dendrite._asked import AskedTasks
from cosmo_sdk.dendrite._handlers import HandlerTable
from cosmo_sdk.dendrite._hosting import Hosting
from cosmo_sdk.dendrite._inbound import Inbound
from cosmo_sdk.dendrite._link import ROUTED, Link
from cosmo_sdk.dendrite._memory import Memory
from cosmo_sdk.envelope import Signal
from cosmo_sdk.signal_types import SignalType

_T = SignalType

HOSTING = (_T.TASK, _T.TASK_AWARDED, _T.DISCOVER)
"""What a host of Axons must hear."""

REMEMBERING = (_T.RECALL, _T.IMPRINT, _T.FINAL, _T.ERROR, _T.DISCOVER)
"""What a host of Engrams must hear."""

REGISTRY = (_T.REGISTER, _T.DEREGISTER, _T.HEARTBEAT)
"""What a registry is made of."""

ALWAYS = (_T.STOP, _T.RECALLED, _T.IMPRINTED, _T.CLARIFICATION_ANSWER, _T.PERMISSION_DECISION)
"""What every Dendrite hears: its own traces ending, and answers, also those that come before they are awaited."""


class Hearing:
    """Keeps the subscriptions of a running Dendrite in step with what it hosts and who listens.

    Args:
        registry: whether there is a registry to keep true.
        auto_bid: whether hosted Axons may be bid for by default.
    """

    def __init__(
        self,
        link: Link,
        hosting: Hosting,
        memory: Memory,
        handlers: HandlerTable,
        inbound: Inbound,
        asked: AskedTasks,
        *,
        registry: bool,
        auto_bid: bool,
    ) -> None:
        self._link = link
        self._hosting = hosting
        self._memory = memory
        self._handlers = handlers
        self._inbound = inbound
        self._asked = asked
        self._registry = registry
        self._auto_bid = auto_bid
        self._group: str | None = None
        self._regrouping = asyncio.Lock()

    async def subscribe(self) -> None:
        """Receive all that must be heard by now.

        Raises:
            SynapseError: the bus is not connected, or refuses.
        """
        axons = self._hosting.serving
        wanted = {*ALWAYS, *self._handlers.types}
        if axons:
            wanted.update(HOSTING)
            if self._auto_bid:
                wanted.add(_T.TASK_OFFER)
        if self._memory.engrams:
            wanted.update(REMEMBERING)
        if self._registry:
            wanted.update(REGISTRY)
        if _T.TASK in self._handlers.types:
            await self._link.open_as("on_task_signal", self._link.subject(ROUTED), self._handlers.fire)
        await self._link.ensure_subscribed(*wanted)
        await self._share()

    async def stop_work(self) -> None:
        """Receive no more work; replies and answers still come."""
        await self._link.drop(self._link.subject(type) for type in (_T.TASK, _T.TASK_OFFER, _T.TASK_AWARDED))
        async with self._regrouping:
            await self._leave_group()

    async def stop(self) -> None:
        """Receive nothing more."""
        self._group = None
        await self._link.drop_all()

    async def _share(self) -> None:
        """Share capability-routed TASKs with equals: a new profile is a new group (PROTOCOL 3.2)."""
        async with self._regrouping:
            # As it is now: Axons may have come and gone while others regrouped.
            profile = sorted({each for axon in self._hosting.serving for each in axon.capabilities})
            group = "caps:" + ",".join(profile) if profile else None
            if group is not None:
                await self._link.open_as(group, self._link.subject(ROUTED), self._take_routed, group)
            # Only now, so that no TASK falls between the two groups. One that comes through both runs once.
            if group != self._group:
                await self._leave_group()
                self._group = group

    async def _leave_group(self) -> None:
        group, self._group = self._group, None
        if group is not None:
            await self._link.drop([group])

    def _take_routed(self, task: Signal) -> None:
        if not self._inbound.repeated(task):
            self._asked.note(task)
            self._hosting.take_routed(task)
