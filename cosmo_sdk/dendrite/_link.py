"""How a Dendrite reaches the bus: subjects, guards, and one subscription per type."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Literal
from uuid import uuid4

from cosmo_sdk.clock import Clock, within
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import DendriteProtocolError, RoleError, SynapseError
from cosmo_sdk.signal_types import SYNAPSE_TYPES, SignalType
from cosmo_sdk.synapse.base import SignalHandler, Subscription, Synapse, SynapseState

logger = logging.getLogger("cosmo_sdk.dendrite")

Role = Literal["orchestrator", "worker"]
"""An orchestrator may dispatch and stop; a worker hosts Axons, bids and answers."""

ROUTED = "TASK.routed"
"""Last tokens of the subject of capability-routed TASKs (PROTOCOL 3.1)."""


class Link:
    """Publishes under the guards and subscribes once per type.

    Args:
        synapse: the transport; connected and closed by its owner.
        namespace: of the subjects.
        role: for the guards.

    Raises:
        ValueError: a namespace that cannot be one token of a subject.
    """

    def __init__(self, synapse: Synapse, namespace: str, role: Role) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", namespace):
            raise ValueError(f"namespace={namespace!r}: one word of letters, digits, _ and -, without dots")
        self.synapse = synapse
        self.namespace = namespace
        self.role: Role = role
        self.instance = uuid4().hex[:12]
        """Tells Dendrites with the same id apart; travels as `meta["cosmo.instance"]` on bids and awards."""
        self.receive: Callable[[Signal], None] = _nobody
        """Gets every Signal of the types subscribed to. Set once, by the Dendrite."""
        self._subscriptions: dict[str, asyncio.Task[Subscription]] = {}
        self._received: set[SignalType] = set()
        self._awaiting: set[asyncio.Future[None]] = set()
        self.epoch = 0
        """Counts the times subscriptions were dropped: what was open in an earlier epoch may no longer be."""
        self._subjects: dict[str, str] = {type: f"cosmonapse.{namespace}.{type}" for type in SignalType}

    def subject(self, type: SignalType | str) -> str:
        """The subject of a type."""
        known = self._subjects.get(type)
        return f"cosmonapse.{self.namespace}.{type}" if known is None else known

    def require_orchestrator(self, operation: str) -> None:
        """Refuse a worker.

        Raises:
            RoleError: this Dendrite is one.
        """
        if self.role != "orchestrator":
            raise RoleError(operation, self.role)

    async def publish(self, signal: Signal) -> None:
        """Publish any Signal on the subject of its type, unguarded. For replies, and for what `emit` does not take.

        Raises:
            SynapseError: the bus is not connected, or refuses.
            EnvelopeError: the Signal cannot be written as JSON.
        """
        await self.synapse.publish(self._subjects[signal.type], signal)

    async def publish_routed(self, task: Signal) -> None:
        """Publish a TASK for whoever covers its capabilities."""
        await self.synapse.publish(self.subject(ROUTED), task)

    async def emit(self, signal: Signal) -> None:
        """Publish a Signal of an orchestrator's own.

        Raises:
            RoleError: this Dendrite is a worker.
            DendriteProtocolError: the type belongs to Axons: not in SYNAPSE_TYPES.
        """
        self.require_orchestrator("emit")
        if signal.type not in SYNAPSE_TYPES:
            raise DendriteProtocolError(
                f"emit() does not take {signal.type}: Axons and their hosts produce it"
            )
        await self.publish(signal)

    async def subscribe(
        self, signal_type: SignalType, handler: SignalHandler, *, queue_group: str | None = None
    ) -> Subscription:
        """Call `handler` for every Signal of a type on this namespace, past all filters and guards.

        Args:
            signal_type: the type.
            handler: a coroutine function or a plain one.
            queue_group: members of one group share the Signals, one member each.
        """
        return await self.synapse.subscribe(self.subject(signal_type), handler, queue_group=queue_group)

    async def ensure_subscribed(self, *types: SignalType) -> None:
        """Return once this Dendrite receives these types."""
        # Asked before every dispatch, so the common answer must be cheap.
        if not self._received.issuperset(types):
            await self.open({self.subject(type): None for type in types})
            # Some may have been dropped again while others were on their way.
            self._received.update(type for type in types if self.subject(type) in self._subscriptions)

    async def open(self, subjects: dict[str, str | None]) -> None:
        """Receive these subjects, each with its queue group or None; once, however many ask at the same time."""
        await asyncio.gather(
            *[self.open_as(subject, subject, self.receive, group) for subject, group in subjects.items()]
        )

    async def open_as(self, key: str, subject: str, handler: SignalHandler, group: str | None = None) -> None:
        """Receive a subject into a handler of its own, under a key for `drop`."""
        await self.open_once(key, lambda: self.synapse.subscribe(subject, handler, queue_group=group))

    async def open_once(self, key: str, subscribe: Callable[[], Coroutine[Any, Any, Subscription]]) -> None:
        """Subscribe under a key for `drop`; once, however many ask at the same time."""
        opened = self._subscriptions.get(key)
        if opened is None:
            opened = self._subscriptions[key] = asyncio.create_task(subscribe())
        elif opened.done() and opened.exception() is None:
            return
        try:
            await asyncio.shield(opened)
        except SynapseError:
            # Whoever asks next tries again.
            if self._subscriptions.get(key) is opened:
                del self._subscriptions[key]
            raise

    def note_state(self, state: SynapseState) -> None:
        """The connection changed: whoever waits for its return goes on."""
        if state == "connected":
            for waiting in self._awaiting:
                if not waiting.done():
                    waiting.set_result(None)

    async def returned(self, clock: Clock, timeout_s: float) -> bool:
        """Wait until the bus is connected. False when it is not in time."""
        if self.synapse.connected:
            return True
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaiting.add(waiting)
        try:
            await within(clock, waiting, timeout_s)
        except TimeoutError:
            return False
        finally:
            self._awaiting.discard(waiting)
        return True

    async def drop(self, keys: Iterable[str]) -> None:
        """End subscriptions, best effort. Unknown keys are ignored."""
        self._received.clear()
        self.epoch += 1
        for key in keys:
            opened = self._subscriptions.pop(key, None)
            if opened is not None:
                with suppress(SynapseError):
                    await (await opened).unsubscribe()

    async def drop_all(self) -> None:
        """End every subscription, best effort."""
        await self.drop(list(self._subscriptions))


def _nobody(signal: Signal) -> None:
    logger.debug("nobody receives %s", signal.type)
