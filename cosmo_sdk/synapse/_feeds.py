"""All subscriptions of one synapse that sits on a connection for frames: who hears what, and what got lost on the way."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from cosmo_bus.errors import BusError
from cosmo_sdk.errors import EnvelopeError, SynapseError
from cosmo_sdk.synapse._feed import Feed, FrameClient
from cosmo_sdk.synapse._subscribing import EndsOnce, checked, run_tap
from cosmo_sdk.synapse.base import FrameHandler, SignalHandler, Subscription
from cosmo_sdk.synapse.delivery import Delivery

logger = logging.getLogger(__name__)

S = TypeVar("S")

_REASONS_LOGGED = 100
"""Different reasons for undecodable frames that are logged; the rest is only counted."""


class Feeds(Generic[S]):
    """Subscribes on a connection, once per pattern, and runs the handlers."""

    def __init__(self, client: FrameClient[S]) -> None:
        self._client = client
        self._feeds: dict[str, Feed[S]] = {}
        self._deliveries: set[Delivery] = set()
        self._dropped_before = 0
        self._undecodable: Counter[str] = Counter()

    @property
    def undecodable(self) -> int:
        """Frames dropped because they were no valid Signal."""
        return self._undecodable.total()

    @property
    def dropped(self) -> int:
        """Signals dropped because the handlers of a subscription could not keep up."""
        return self._dropped_before + sum(delivery.dropped for delivery in self._deliveries)

    async def subscribe(self, pattern: str, handler: SignalHandler, group: str | None) -> Subscription:
        """Call `handler` for every Signal on a matching subject; returns when the bus has the subscription.

        Raises:
            SynapseError: not connected, or the pattern is malformed.
        """
        feed = None if group is not None else self._feeds.get(checked(pattern))
        if feed is None:
            feed = Feed(self._client, checked(pattern), group, self.count_undecodable)
            if group is None:
                self._feeds[pattern] = feed
        hearing = feed
        delivery = Delivery(handler, pattern)
        hearing.add(delivery)
        self._deliveries.add(delivery)
        try:
            with translated():
                await hearing.open()
        except BaseException:
            await self._end(hearing, delivery)
            raise
        return EndsOnce(lambda: self._end(hearing, delivery))

    async def tap(self, pattern: str, handler: FrameHandler) -> Subscription:
        """Call `handler(subject, frame)` for every frame on a matching subject, undecoded.

        Raises:
            SynapseError: not connected, or the pattern is malformed.
        """

        def pass_on(subject: str, frame: bytes, reply_to: str = "") -> None:
            run_tap(handler, subject, frame)

        with translated():
            subscription = await self._client.subscribe(checked(pattern), pass_on)
        return EndsOnce(lambda: self._client.forget(subscription))

    async def close(self) -> None:
        """Cancel running handlers and forget everything. The connection is closed already."""
        self._feeds.clear()
        deliveries, self._deliveries = self._deliveries, set()
        for delivery in deliveries:
            self._dropped_before += delivery.dropped
            await delivery.close()

    async def _end(self, feed: Feed[S], delivery: Delivery) -> None:
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

    def count_undecodable(self, subject: str, error: EnvelopeError) -> None:
        """Count a frame that is no valid Signal, and log it when it is the first of its kind."""
        reason = str(error)
        if reason not in self._undecodable and len(self._undecodable) < _REASONS_LOGGED:
            logger.warning(
                "a frame on %s is no valid Signal (%.200s); more like it are only counted", subject, reason
            )
        elif reason not in self._undecodable:
            reason = "other"
        self._undecodable[reason] += 1


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the bus leave the SDK as SynapseError."""
    try:
        yield
    except BusError as error:
        raise SynapseError(str(error)) from error
