"""A bus inside one process and one event loop: for tests, demos and single-process systems."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from cosmo_bus.router import Router
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.synapse._sharing import own_copy, shared
from cosmo_sdk.synapse._subscribing import EndsOnce, checked, run_tap
from cosmo_sdk.synapse.base import FrameHandler, SignalHandler, Subscription, Synapse, SynapseState
from cosmo_sdk.synapse.delivery import Delivery
from cosmo_sdk.synapse.gates import HoldListener, MemoryGates

_CLOSED = "this MemorySynapse is closed; connect() opens it again"


class MemorySynapse(Synapse):
    """Delivers Signals to handlers in the same event loop. Works without `connect()`.

    Every subscriber has a Signal of its own, so nobody can change what another one, or the sender, holds. What JSON
    writes as text or lists (times, sets) arrives as such; a payload with other objects in it passes all the
    same, those objects shared, unless `strict`.

    Args:
        strict: encode and decode every Signal as a real bus does. Costs time, and finds payloads that JSON cannot
            carry where they are sent.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self._strict = strict
        self._state: SynapseState = "connected"
        self._router: Router[Delivery] = Router()
        self._taps: Router[FrameHandler] = Router()
        self._encodes = strict
        """Whether anybody needs the JSON of what is published."""
        self._deliveries: set[Delivery] = set()
        self._listeners: list[Callable[[SynapseState], None]] = []
        self._dropped_before = 0
        self._gates: MemoryGates | None = None
        # Looked at for every Signal; empty nearly always.
        self._standing: Mapping[str, object] = {}

    @property
    def has_gates(self) -> bool:
        """Always."""
        return True

    @property
    def gates(self) -> MemoryGates:
        """Gates that hold Signals of this bus. They open when it closes."""
        if self._gates is None:
            self._gates = MemoryGates(self._deliver, self._tell_taps)
            self._standing = self._gates.standing
        return self._gates

    async def watch_holds(self, namespace: str, listener: HoldListener) -> Subscription:
        """Call `listener(trace_id, waiting)` whenever a gate holds or lets go a Signal of the namespace."""
        return EndsOnce(self.gates.watch(namespace, listener))

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
        """Let go what gates hold, cancel running handlers and drop every subscription."""
        if self._gates is not None:
            self._gates.close()
        self._enter("closed")
        deliveries, self._deliveries = self._deliveries, set()
        self._router = Router()
        self._taps = Router()
        self._encodes = self._strict
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
        if self._state == "closed":
            raise SynapseError(_CLOSED)
        if self._standing and not self.gates.admit(subject, own_copy(signal)):
            return
        if not self._deliver(subject, signal):
            await asyncio.sleep(0)

    def _deliver(self, subject: str, signal: Signal) -> bool:
        """Queue a Signal for every matching subscription. False: handlers are behind, the sender should pause."""
        if self._encodes:
            signal = self._through_json(subject, signal)
        targets = self._router.targets(subject)
        kept_up = True
        if len(targets) == 1:
            kept_up = targets[0].push(own_copy(signal))
        elif targets:
            original = shared(own_copy(signal))
            for delivery in targets:
                if not delivery.push(original.__copy__()):
                    kept_up = False
        return kept_up

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
        self._encodes = True

        def end() -> None:
            taps.remove(route)
            self._encodes = self._strict or len(self._taps) > 0

        return EndsOnce(end)

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
            raise SynapseError(_CLOSED)

    def _tell_taps(self, subject: str, frame: bytes) -> None:
        for tap in self._taps.targets(subject):
            run_tap(tap, subject, frame)

    def _through_json(self, subject: str, signal: Signal) -> Signal:
        """Show a Signal to the taps; when strict, return what its JSON says."""
        frame = signal.encode()
        self._tell_taps(subject, frame)
        return Signal.decode(frame) if self._strict else signal
