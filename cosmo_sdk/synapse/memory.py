"""A bus inside one process and one event loop: for tests, demos and single-process systems."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import copy
from typing import Any

from cosmo_bus.router import Router
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.synapse._subscribing import EndsOnce, checked, run_tap
from cosmo_sdk.synapse.base import FrameHandler, SignalHandler, Subscription, Synapse, SynapseState
from cosmo_sdk.synapse.delivery import Delivery


class MemorySynapse(Synapse):
    """Delivers Signals to handlers in the same event loop. Works without `connect()`.

    Every subscriber gets a Signal of its own: containers in the payload and meta are copied, so nobody can change
    what another one, or the sender, holds. Other objects are passed on as they are, unless `strict`.

    Args:
        strict: encode and decode every Signal as a real bus does. Costs time, and finds payloads that JSON cannot
            carry where they are sent.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._state: SynapseState = "connected"
        self._router: Router[Delivery] = Router()
        self._taps: Router[FrameHandler] = Router()
        self._deliveries: set[Delivery] = set()
        self._listeners: list[Callable[[SynapseState], None]] = []
        self._dropped_before = 0

    @property
    def state(self) -> SynapseState:
        """`connected` from the beginning, `closed` after `close()`."""
        return self._state

    @property
    def dropped(self) -> int:
        """Signals dropped because a subscription's queue was full."""
        return self._dropped_before + sum(delivery.dropped for delivery in self._deliveries)

    async def connect(self) -> None:
        """Open again after `close()`; else nothing."""
        self._enter("connected")

    async def close(self) -> None:
        """Cancel running handlers and drop every subscription."""
        self._enter("closed")
        deliveries, self._deliveries = self._deliveries, set()
        self._router = Router()
        self._taps = Router()
        for delivery in deliveries:
            self._dropped_before += delivery.dropped
            await delivery.close()

    async def publish(self, subject: str, signal: Signal) -> None:
        """Queue `signal` for every matching subscription.

        Returns at once, except that it lets handlers have a turn when they are behind.

        Raises:
            SynapseError: closed.
            EnvelopeError: JSON cannot carry the Signal, and the synapse is strict or tapped.
        """
        self._require_open()
        taps = self._taps.targets(subject)
        frame = signal.encode() if taps or self._strict else b""
        for tap in taps:
            run_tap(tap, subject, frame)
        crowded = False
        for delivery in self._router.targets(subject):
            delivery.push(Signal.decode(frame) if self._strict else _own_copy(signal))
            crowded = crowded or delivery.crowded
        if crowded:
            await asyncio.sleep(0)

    async def subscribe(
        self, subject: str, handler: SignalHandler, *, queue_group: str | None = None
    ) -> Subscription:
        """Call `handler` for every Signal on a matching subject.

        Raises:
            SynapseError: closed, or the pattern is malformed.
        """
        self._require_open()
        delivery = Delivery(handler, checked(subject))
        self._deliveries.add(delivery)
        router = self._router
        route = router.add(subject, delivery, group=queue_group)

        def end() -> None:
            router.remove(route)
            delivery.stop()
            if delivery in self._deliveries:
                self._deliveries.discard(delivery)
                self._dropped_before += delivery.dropped

        return EndsOnce(end)

    async def tap(self, pattern: str, handler: FrameHandler) -> Subscription:
        """Call `handler(subject, frame)` with every Signal encoded, as it is published."""
        self._require_open()
        taps = self._taps
        route = taps.add(checked(pattern), handler)
        return EndsOnce(lambda: taps.remove(route))

    def on_state(self, listener: Callable[[SynapseState], None]) -> None:
        """Call `listener(state)` whenever `state` changes."""
        self._listeners.append(listener)

    def _enter(self, state: SynapseState) -> None:
        if state != self._state:
            self._state = state
            for listener in self._listeners:
                listener(state)

    def _require_open(self) -> None:
        if self._state == "closed":
            raise SynapseError("this MemorySynapse is closed; connect() opens it again")


def _own_copy(signal: Signal) -> Signal:
    """A Signal that shares no dict, list or address with the original."""
    mine = copy(signal)
    mine.payload = _copy_dict(signal.payload)
    mine.meta = _copy_dict(signal.meta)
    if signal.directed is not None:
        mine.directed = copy(signal.directed)
        mine.directed.capabilities = list(signal.directed.capabilities)
    return mine


def _copy_dict(original: dict[str, Any]) -> dict[str, Any]:
    copied = original.copy()
    for key, value in original.items():
        if isinstance(value, dict | list):
            copied[key] = _copy_value(value)
    return copied


def _copy_value(value: Any) -> Any:
    if isinstance(value, dict):
        return _copy_dict(value)
    if isinstance(value, list):
        return [_copy_value(item) if isinstance(item, dict | list) else item for item in value]
    return value
