"""What every synapse has that sits on a connection for frames, which comes back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar, cast

from cosmo_sdk.synapse._feed import FrameClient
from cosmo_sdk.synapse._feeds import Feeds, translated
from cosmo_sdk.synapse.base import FrameHandler, SignalHandler, Subscription, Synapse, SynapseState

S = TypeVar("S")


class Connection(FrameClient[S], Protocol[S]):
    """What is asked of the connection."""

    url: str
    state: str
    attempt: int
    retry_at: float | None
    """Loop time of the next attempt; None when none is due."""

    async def connect(self) -> None:
        """Connect, and from then on stay so."""
        ...

    def on_state(self, listener: Callable[[str], None]) -> None:
        """Call `listener(state)` whenever `state` changes."""
        ...


class ConnectedSynapse(Synapse, Generic[S]):
    """Signals over a connection. Reconnects and subscribes again by itself; see `on_state`.

    Args:
        connection: not connected yet.
    """

    def __init__(self, connection: Connection[S]) -> None:
        self._connection = connection
        self._feeds: Feeds[S] = Feeds(connection)

    @property
    def url(self) -> str:
        """What it connects to, without what logs in there."""
        return self._connection.url

    @property
    def state(self) -> SynapseState:
        """Where the connection stands."""
        return cast(SynapseState, self._connection.state)

    @property
    def attempt(self) -> int:
        """Attempts to reconnect made in the present outage."""
        return self._connection.attempt

    @property
    def retry_in_s(self) -> float | None:
        """Seconds until the next attempt to reconnect; None when none is due. Read it on the synapse's loop."""
        due = self._connection.retry_at
        return None if due is None else max(0.0, due - asyncio.get_running_loop().time())

    @property
    def undecodable(self) -> int:
        """Frames dropped because they were no valid Signal."""
        return self._feeds.undecodable

    @property
    def dropped(self) -> int:
        """Signals dropped because the handlers of a subscription could not keep up."""
        return self._feeds.dropped

    async def connect(self) -> None:
        """Connect. While connected or reconnecting it does nothing.

        Raises:
            SynapseError: nothing answers there, it is no bus, or it does not let us in.
        """
        with translated():
            await self._connection.connect()

    async def subscribe(
        self, subject: str, handler: SignalHandler, *, queue_group: str | None = None
    ) -> Subscription:
        """Call `handler` for every Signal on a matching subject; returns when the other end has the subscription.

        Raises:
            SynapseError: not connected, not allowed, or the pattern is malformed.
        """
        return await self._feeds.subscribe(subject, handler, queue_group)

    async def tap(self, pattern: str, handler: FrameHandler) -> Subscription:
        """Call `handler(subject, frame)` for every frame on a matching subject, undecoded.

        Raises:
            SynapseError: not connected, not allowed, or the pattern is malformed.
        """
        return await self._feeds.tap(pattern, handler)

    def on_state(self, listener: Callable[[SynapseState], None]) -> None:
        """Call `listener(state)` whenever `state` changes: lost, reconnected, closed."""
        self._connection.on_state(cast(Callable[[str], Any], listener))
