"""A client of one NATS server, or its cluster, that comes back when the server does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cosmo_bus.backoff import Backoff
from cosmo_bus.errors import BusClosed, BusError
from cosmo_sdk.synapse._nats_connection import ECHOES, NatsConnection
from cosmo_sdk.synapse._nats_names import NatsAddress, group_on_nats

if TYPE_CHECKING:
    from nats.aio.msg import Msg

logger = logging.getLogger(__name__)

_STATUS = "Status"
"""The header of messages that the server itself sends."""

_NOBODY = "503"
"""That status: nobody is subscribed to what was asked."""


@dataclass(frozen=True)
class NatsStatistics:
    """Counts of a client over all its connections.

    What was on its way when a connection broke is lost, and nobody knows how much that was.
    """

    published: int
    """Messages sent or queued to be sent."""
    received: int
    """Messages handed to a subscription."""
    refusals: int
    """Times the server said that something is not allowed."""
    reconnects: int
    """Times the connection came back."""


class NatsHandler(Protocol):
    """Gets every message, in order over all subscriptions. Must not block."""

    def __call__(self, subject: str, frame: bytes, reply_to: str, /) -> None:
        """Take one message; `reply_to` is the subject where its sender awaits an answer, or empty."""


class NatsSubscription:
    """A pattern and its handler. Survives reconnects."""

    def __init__(self, pattern: str, handler: NatsHandler, group: str | None) -> None:
        self.pattern = pattern
        self.handler = handler
        self.group = None if group is None else group_on_nats(group)


class NatsClient:
    """After the first `connect()` it reconnects by itself until `close()`. Behaves like `BusClient`.

    Args:
        address: the server.
        backoff: waits between attempts to reconnect.
        answer_s: how long the server may take to answer.
        silence_s: how often the server is asked whether it is there.
    """

    def __init__(
        self,
        address: NatsAddress,
        *,
        backoff: Backoff | None = None,
        answer_s: float = 10.0,
        silence_s: float = 15.0,
    ) -> None:
        self.url = address.shown
        self.state = "new"
        """new, connecting, connected, reconnecting or closed."""
        self.attempt = 0
        """Attempts to reconnect made in the present outage."""
        self.retry_at: float | None = None
        """Loop time of the next attempt; None when none is due."""
        self.on_nobody: Callable[[str], None] = lambda subject: None
        """Called with the reply subject of a request that nobody was subscribed to."""
        self._address = address
        self._backoff = backoff or Backoff()
        self._answer_s = answer_s
        self._silence_s = silence_s
        self._servers = [address.shown]
        self._connection: NatsConnection | None = None
        self._subscriptions: set[NatsSubscription] = set()
        self._state_listeners: list[Callable[[str], None]] = []
        self._endings: set[asyncio.Task[None]] = set()
        self._alive: asyncio.Task[None] | None = None
        self._returning: asyncio.Task[None] | None = None
        self._published = self._received = self._refusals = self._reconnects = 0

    # -- life

    async def connect(self) -> None:
        """Connect, once. Later losses are mended without being asked. While connected it does nothing.

        Raises:
            CannotConnect: nothing answers there, or it does not let us in.
        """
        if self.state not in ("new", "closed"):
            return
        before = self.state
        self._enter("connecting")
        try:
            await self._open()
        except BaseException:
            self._let_go()
            await self._ended()
            self._enter(before)
            raise
        self._enter("connected")

    async def close(self) -> None:
        """Send what is queued, disconnect and forget every subscription. Calling it again does nothing."""
        if self.state == "closed":
            return
        self._enter("closed")
        returning, self._returning = self._returning, None
        if returning is not None:
            returning.cancel()
            with suppress(asyncio.CancelledError):
                await returning
        self._subscriptions.clear()
        self._let_go()
        await self._ended()

    def on_state(self, listener: Callable[[str], None]) -> None:
        """Call `listener(state)` whenever `state` changes."""
        self._state_listeners.append(listener)

    def statistics(self) -> NatsStatistics:
        """Counts at this moment."""
        return NatsStatistics(self._published, self._received, self._refusals, self._reconnects)

    # -- messages

    async def publish(self, subject: str, frame: bytes, reply_to: str = "") -> None:
        """Queue a message; waits only while the server takes no more.

        Raises:
            BusClosed: not connected.
            Refused: larger than the server takes, or a malformed subject.
        """
        connection = self._require()
        if connection.congested:
            await connection.make_room()
        await connection.publish(subject, frame, reply_to)
        self._published += 1

    async def subscribe(
        self, pattern: str, handler: NatsHandler, *, group: str | None = None
    ) -> NatsSubscription:
        """Call `handler` for every message on a matching subject, on this connection and the ones after it.

        When it returns, the server has the subscription.

        Raises:
            BusClosed: not connected.
            NoAnswer: the server did not answer in time.
            Refused: the server does not allow it.
        """
        connection = self._require()
        subscription = NatsSubscription(pattern, handler, group)
        self._subscriptions.add(subscription)
        try:
            await self._announce_to(connection, subscription)
            await connection.barrier()
            connection.check_refusal(pattern)
        except BaseException:
            self.forget(subscription)
            raise
        return subscription

    def forget(self, subscription: NatsSubscription) -> None:
        """End a subscription, here and, if connected, at the server."""
        self._subscriptions.discard(subscription)
        if self._connection is not None:
            self._connection.end(subscription)

    async def leave(self, subscription: NatsSubscription) -> None:
        """End a subscription at the server, take what is still on its way, then end it here.

        For members of a queue group: what the server gave to this one is nobody else's.
        """
        if self._connection is not None and subscription in self._subscriptions:
            with suppress(BusError):
                await self._connection.leave(subscription)
        # On another connection by now, or none: that one knows it still.
        self.forget(subscription)

    # -- inside

    def _require(self) -> NatsConnection:
        if self._connection is None or self.state != "connected":
            raise BusClosed(f"not connected to the NATS server at {self.url} ({self.state})")
        return self._connection

    async def _announce_to(self, connection: NatsConnection, subscription: NatsSubscription) -> None:
        def receive(message: Msg) -> None:
            if message.data or not self._is_housekeeping(message):
                self._received += 1
                subscription.handler(message.subject, message.data, message.reply)

        await connection.subscribe(subscription, subscription.pattern, receive, subscription.group)
        if subscription not in self._subscriptions:
            connection.end(subscription)

    def _is_housekeeping(self, message: Msg) -> bool:
        """Whether an empty message is none of the application's: who hears `>` hears these too."""
        status = None if message.headers is None else message.headers.get(_STATUS)
        if status == _NOBODY:
            self.on_nobody(message.subject)
        return status is not None or message.subject.startswith(ECHOES)

    async def _open(self) -> None:
        """Make a connection that has all our subscriptions."""
        connection = NatsConnection(
            self._address, lost=self._on_lost, refused=self._on_refused, answer_s=self._answer_s
        )
        self._connection = connection
        await connection.open(self._servers)
        self._servers = connection.servers
        for subscription in list(self._subscriptions):
            await self._announce_to(connection, subscription)
        await connection.barrier()
        # Lost in the very turn of the loop in which it was made.
        connection.check()
        self._alive = asyncio.get_running_loop().create_task(connection.keep_alive(self._silence_s))

    def _let_go(self) -> None:
        """Part with the connection without waiting for its end: a dead one may take its time."""
        connection, self._connection = self._connection, None
        alive, self._alive = self._alive, None
        if alive is not None:
            alive.cancel()
        if connection is not None:
            task = asyncio.get_running_loop().create_task(connection.close())
            self._endings.add(task)
            task.add_done_callback(self._endings.discard)

    async def _ended(self) -> None:
        """Wait for the end of every connection we parted with."""
        while self._endings:
            await asyncio.wait(self._endings)

    def _on_lost(self, connection: NatsConnection, reason: str) -> None:
        if connection is not self._connection or self.state != "connected":
            return
        logger.warning("lost the NATS server at %s (%s), reconnecting", self.url, reason)
        self._enter("reconnecting")
        self._returning = asyncio.get_running_loop().create_task(self._return())

    def _on_refused(self, said: str) -> None:
        self._refusals += 1
        logger.warning("the NATS server at %s refuses: %.500s", self.url, said)

    async def _return(self) -> None:
        loop = asyncio.get_running_loop()
        self.attempt = 0
        self._let_go()
        while self.state == "reconnecting":
            self.attempt += 1
            delay = self._backoff.delay(self.attempt)
            self.retry_at = loop.time() + delay
            await asyncio.sleep(delay)
            self.retry_at = None
            try:
                await self._open()
            except BusError as error:
                self._let_go()
                logger.info("attempt %d: %s", self.attempt, error)
                continue
            self.attempt = 0
            self._reconnects += 1
            self._returning = None
            self._enter("connected")
            logger.info("connected to the NATS server at %s again", self.url)

    def _enter(self, state: str) -> None:
        if state != self.state:
            self.state = state
            for listener in list(self._state_listeners):
                listener(state)
