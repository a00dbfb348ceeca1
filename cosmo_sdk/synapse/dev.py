"""The synapse over a dev bus, ours or a released peer's: `cosmo://host:port`."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import msgspec

from cosmo_bus.backoff import Backoff
from cosmo_bus.client import BusClient, BusSubscription, ClientStatistics
from cosmo_bus.errors import BusError
from cosmo_bus.gate import GATE_EXTENSION, GateEvent
from cosmo_bus.gate_client import GateClient
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import EnvelopeError, SynapseError
from cosmo_sdk.synapse._feed import Feed
from cosmo_sdk.synapse._subscribing import EndsOnce, checked, run_tap
from cosmo_sdk.synapse.base import (
    FrameHandler,
    NothingToEnd,
    SignalHandler,
    Subscription,
    Synapse,
    SynapseState,
)
from cosmo_sdk.synapse.delivery import Delivery
from cosmo_sdk.synapse.gates import HoldListener

logger = logging.getLogger(__name__)

_REASONS_LOGGED = 100
"""Different reasons for undecodable frames that are logged; the rest is only counted."""


class DevSynapse(Synapse):
    """Signals over a dev bus. Reconnects and subscribes again by itself; see `on_state`.

    Args:
        url: `cosmo://host:port`.
        observer: for who only watches: when it does not keep up, the bus drops its oldest frames and keeps the
            connection.
        backoff: waits between attempts to reconnect.
        answer_s: how long the bus may take to answer.

    Raises:
        ValueError: the URL names no dev bus.
    """

    def __init__(
        self, url: str, *, observer: bool = False, backoff: Backoff | None = None, answer_s: float = 10.0
    ) -> None:
        self._client = BusClient(url, observer=observer, backoff=backoff, answer_s=answer_s)
        self._feeds: dict[str, Feed] = {}
        self._deliveries: set[Delivery] = set()
        self._dropped_before = 0
        self._gates: GateClient | None = None
        self._undecodable: Counter[str] = Counter()

    @property
    def url(self) -> str:
        """The bus."""
        return self._client.url

    @property
    def state(self) -> SynapseState:
        """Where the connection stands."""
        return cast(SynapseState, self._client.state)

    @property
    def attempt(self) -> int:
        """Attempts to reconnect made in the present outage."""
        return self._client.attempt

    @property
    def retry_in_s(self) -> float | None:
        """Seconds until the next attempt to reconnect; None when none is due. Read it on the synapse's loop."""
        due = self._client.retry_at
        return None if due is None else max(0.0, due - asyncio.get_running_loop().time())

    @property
    def undecodable(self) -> int:
        """Frames dropped because they were no valid Signal."""
        return self._undecodable.total()

    @property
    def dropped(self) -> int:
        """Signals dropped because the handlers of a subscription could not keep up."""
        return self._dropped_before + sum(delivery.dropped for delivery in self._deliveries)

    def statistics(self) -> ClientStatistics:
        """Counts of the connection."""
        return self._client.statistics()

    async def connect(self) -> None:
        """Connect. While connected or reconnecting it does nothing.

        Raises:
            SynapseError: nothing answers there, or it is no bus.
        """
        with _translated():
            await self._client.connect()

    async def close(self) -> None:
        """Send what is queued, disconnect, cancel running handlers and drop every subscription."""
        await self._client.close()
        self._feeds.clear()
        deliveries, self._deliveries = self._deliveries, set()
        for delivery in deliveries:
            self._dropped_before += delivery.dropped
            await delivery.close()

    async def publish(self, subject: str, signal: Signal) -> None:
        """Send `signal`; waits only while the socket is full.

        Raises:
            SynapseError: not connected, or the frame is larger than the bus takes.
            EnvelopeError: the Signal cannot be written as JSON.
        """
        frame = signal.encode()
        # _translated() written out: this is the path of every Signal sent.
        try:
            self._client.publish(subject, frame)
            if self._client.congested:
                await self._client.drain()
        except BusError as error:
            raise SynapseError(str(error)) from error

    async def subscribe(
        self, subject: str, handler: SignalHandler, *, queue_group: str | None = None
    ) -> Subscription:
        """Call `handler` for every Signal on a matching subject; returns when the bus has the subscription.

        Raises:
            SynapseError: not connected, or the pattern is malformed.
        """
        feed = None if queue_group is not None else self._feeds.get(checked(subject))
        if feed is None:
            feed = Feed(self._client, checked(subject), queue_group, self._count_undecodable)
            if queue_group is None:
                self._feeds[subject] = feed
        delivery = Delivery(handler, subject)
        feed.add(delivery)
        self._deliveries.add(delivery)
        try:
            with _translated():
                await feed.open()
        except BaseException:
            await self._end(feed, delivery)
            raise
        return EndsOnce(lambda: self._end(feed, delivery))

    async def _end(self, feed: Feed, delivery: Delivery) -> None:
        # A member of a queue group still takes what the bus gave it; who listens alone stops right here.
        if feed.group is None:
            feed.remove(delivery)
        if feed.group is not None or feed.empty:
            if self._feeds.get(feed.pattern) is feed:
                del self._feeds[feed.pattern]
            await feed.close()
        delivery.stop()
        if delivery in self._deliveries:
            self._deliveries.discard(delivery)
            self._dropped_before += delivery.dropped

    async def tap(self, pattern: str, handler: FrameHandler) -> Subscription:
        """Call `handler(subject, frame)` for every frame on a matching subject, undecoded.

        Raises:
            SynapseError: not connected, or the pattern is malformed.
        """

        def pass_on(subject: str, frame: bytes) -> None:
            run_tap(handler, subject, frame)

        with _translated():
            subscription: BusSubscription = await self._client.subscribe(checked(pattern), pass_on)
        return EndsOnce(subscription.unsubscribe)

    @property
    def gates(self) -> GateClient:
        """Gates of the bus. Those put up here open when this connection ends."""
        if self._gates is None:
            self._gates = GateClient(self._client)
        return self._gates

    async def watch_holds(self, namespace: str, listener: HoldListener) -> Subscription:
        """Call `listener(trace_id, waiting)` whenever a gate holds or lets go a frame of the namespace.

        Raises:
            SynapseError: not connected.
        """
        if GATE_EXTENSION not in self._client.extensions:
            return NothingToEnd()

        def receive(subject: str, frame: bytes) -> None:
            event = msgspec.json.decode(frame, type=GateEvent)
            if event.hold:
                listener(event.trace_id, event.waiting)

        # A bus that went away holds nothing any more, and cannot say so.
        self._client.on_state(lambda state: listener("", 0) if state == "reconnecting" else None)
        return await self.tap(f"_gate.{namespace}", receive)

    def on_state(self, listener: Callable[[SynapseState], None]) -> None:
        """Call `listener(state)` whenever `state` changes: lost, reconnected, closed."""
        self._client.on_state(cast(Callable[[str], Any], listener))

    def on_refusal(self, listener: Callable[[str], None]) -> None:
        """Call `listener(message)` for every refusal of the bus, such as a frame too large for some receiver."""
        self._client.on_error(listener)

    def _count_undecodable(self, subject: str, error: EnvelopeError) -> None:
        reason = str(error)
        if reason not in self._undecodable and len(self._undecodable) < _REASONS_LOGGED:
            logger.warning(
                "a frame on %s is no valid Signal (%.200s); more like it are only counted", subject, reason
            )
        elif reason not in self._undecodable:
            reason = "other"
        self._undecodable[reason] += 1


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of the bus leave the SDK as SynapseError."""
    try:
        yield
    except BusError as error:
        raise SynapseError(str(error)) from error
