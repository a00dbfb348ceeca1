"""One subscription at a bus and everyone in this process who hears it: each frame comes once and is decoded once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import EnvelopeError
from cosmo_sdk.synapse._sharing import shared
from cosmo_sdk.synapse.base import REPLY_TO
from cosmo_sdk.synapse.delivery import Delivery

S = TypeVar("S")


class FrameClient(Protocol[S]):
    """A connection that carries frames, and what a subscription there is to it."""

    def subscribe(
        self, pattern: str, handler: Callable[..., None], *, group: str | None = None
    ) -> Coroutine[Any, Any, S]:
        """Call `handler(subject, frame)` for every frame, or with a third argument where an answer is awaited."""

    def forget(self, subscription: S, /) -> None:
        """End a subscription at once."""

    async def leave(self, subscription: S, /) -> None:
        """End a subscription after taking what is on its way."""


class Feed(Generic[S]):
    """Hands the Signals of one pattern to everybody who subscribed to it.

    Args:
        client: the connection.
        pattern: what is subscribed to.
        group: a queue group; a Feed in one has a single listener.
        undecodable: told of frames that are no valid Signal, with their subjects.
    """

    def __init__(
        self,
        client: FrameClient[S],
        pattern: str,
        group: str | None,
        undecodable: Callable[[str, EnvelopeError], None],
    ) -> None:
        self.pattern = pattern
        self.group = group
        self._client = client
        self._undecodable = undecodable
        self._deliveries: tuple[Delivery, ...] = ()
        self._opening: asyncio.Task[S] | None = None

    @property
    def empty(self) -> bool:
        """Whether nobody listens."""
        return not self._deliveries

    def add(self, delivery: Delivery) -> None:
        """One more listener."""
        self._deliveries += (delivery,)

    def remove(self, delivery: Delivery) -> None:
        """One listener less; again, nothing."""
        self._deliveries = tuple(each for each in self._deliveries if each is not delivery)

    async def open(self) -> None:
        """Return when the bus has the subscription, whoever asked for it first.

        Raises:
            BusError: not connected, or the bus did not answer.
        """
        if self._opening is None:
            subscribing = self._client.subscribe(self.pattern, self._receive, group=self.group)
            self._opening = asyncio.ensure_future(subscribing)
        await asyncio.shield(self._opening)

    async def close(self) -> None:
        """End the subscription at the bus. What a queue group gave to this member is still taken."""
        opening = self._opening
        if opening is None:
            return
        if not opening.done():
            opening.cancel()
        elif not opening.cancelled() and opening.exception() is None:
            if self.group is None:
                self._client.forget(opening.result())
            else:
                await self._client.leave(opening.result())

    def _receive(self, subject: str, frame: bytes, reply_to: str = "") -> None:
        try:
            signal = Signal.decode(frame)
        except EnvelopeError as error:
            self._undecodable(subject, error)
            return
        if reply_to:
            # Asked in the transport's own way, by a peer: from here on it looks like a request of ours.
            signal.meta.setdefault(REPLY_TO, reply_to)
        deliveries = self._deliveries
        if len(deliveries) == 1:
            deliveries[0].push(signal)
            return
        original = shared(signal)
        for delivery in deliveries:
            delivery.push(original.__copy__())
