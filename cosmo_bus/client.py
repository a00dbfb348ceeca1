"""A connection to a bus that comes back when the bus does, ours or a released peer's (PROTOCOL 4.8)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, groupby
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import uuid4

from cosmo_bus.address import parse_url
from cosmo_bus.backoff import Backoff
from cosmo_bus.connection import Connection, program_name
from cosmo_bus.errors import BusClosed, BusError, LineTooLong, NoAnswer, NotAdmitted, Refused
from cosmo_bus.router import CACHED_SUBJECTS
from cosmo_bus.subscription import BusSubscription, Handler, LinesHandler
from cosmo_bus.wire import Incoming, Message, line_of, pub_lead, pub_line

logger = logging.getLogger(__name__)

_SUB_ID = attrgetter("sub_id")


@dataclass(frozen=True)
class ClientStatistics:
    """Counts of a client over all its connections."""

    published: int
    """Messages sent or queued to be sent."""
    received: int
    """Messages handed to a subscription."""
    lost: int
    """Messages queued on a connection that went before they were written."""
    missed: int
    """Messages that the bus left out because we are an observer and did not keep up."""
    unreadable: int
    """Lines of the bus that could not be understood, or were too long."""
    refusals: int
    """`err` lines received."""
    reconnects: int
    """Times the connection came back."""
    kept: int
    """Messages that wait for the bus to come back."""


class BusClient:
    """A client of one bus. After the first `connect()` it reconnects by itself until `close()`.

    Args:
        url: `cosmo://host:port`, or `cosmos://host:port` for TLS; port 7070 when left out.
        observer: ask the bus to drop the oldest messages, rather than the connection, when we do not keep up.
        backoff: waits between attempts to reconnect.
        answer_s: how long the bus may take to answer.
        silence_s: how long the bus may say nothing before it is asked whether it is there; it is lost when it then does
            not answer within `answer_s`.
        keep: messages kept while the bus is away, to be sent when it is back; by default none, and publishing fails
            at once then.
        token: shown to a bus that asks for one; when None, the one in the file that `COSMO_TOKEN_FILE` names.
        tls_ca: file of the CAs to trust; when None, the one that `COSMO_TLS_CA` names, or else the system's.
        name: what the bus shows people of this client; the program's own when None.

    Raises:
        BadUrl: the URL names no bus.
    """

    def __init__(
        self,
        url: str,
        *,
        observer: bool = False,
        backoff: Backoff | None = None,
        answer_s: float = 10.0,
        silence_s: float = 15.0,
        keep: int = 0,
        token: str | None = None,
        tls_ca: Path | None = None,
        name: str | None = None,
    ) -> None:
        self.url = url
        self._address = parse_url(url)
        self.state = "new"
        """new, connecting, connected, reconnecting or closed."""
        self.attempt = 0
        """Attempts to reconnect made in the present outage."""
        self.retry_at: float | None = None
        """Loop time of the next attempt; None when none is due."""
        self._observer = observer
        self._backoff = backoff or Backoff()
        self._hurry = asyncio.Event()
        self._answer_s = answer_s
        self._silence_s = silence_s
        self._keep = keep
        self._token = token
        self._tls_ca = tls_ca
        self._name = program_name() if name is None else name
        self._kept: deque[tuple[str, bytes]] = deque()
        self._connection: Connection | None = None
        self._leads: dict[str, bytes] = {}
        self._subscriptions: dict[str, BusSubscription] = {}
        self._state_listeners: list[Callable[[str], None]] = []
        self._error_listeners: list[Callable[[str], None]] = []
        self._line_listeners: dict[str, list[Callable[[Incoming], None]]] = {}
        self._asked: dict[str, asyncio.Future[Incoming]] = {}
        self._returning: asyncio.Task[None] | None = None
        self._published = self._received = self._lost = self._unreadable = self._refusals = 0
        self._reconnects = self._missed = 0

    # -- life

    async def connect(self, *, patience_s: float = 0.0) -> None:
        """Connect, once. Later losses are mended without being asked. While connected it does nothing.

        Args:
            patience_s: go on trying for that long, seconds, for a bus that comes up after its clients.

        Raises:
            CannotConnect: nothing answers there, or it is no bus.
        """
        if self.state not in ("new", "closed"):
            return
        before = self.state
        self._enter("connecting")
        try:
            await self._open_patiently(patience_s)
        except BaseException:
            self._drop_connection()
            self._enter(before)
            raise
        self._enter("connected")

    async def _open_patiently(self, patience_s: float) -> None:
        loop = asyncio.get_running_loop()
        enough = loop.time() + patience_s
        for attempt in count(1):
            try:
                await self._open()
                return
            except BusError as error:
                self._drop_connection()
                if isinstance(error, NotAdmitted):
                    raise  # asking again would not help
                delay = self._backoff.delay(attempt)
                if loop.time() + delay > enough:
                    raise
                await asyncio.sleep(delay)

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
        self._lost += len(self._kept)
        self._kept.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def on_state(self, listener: Callable[[str], None]) -> None:
        """Call `listener(state)` whenever `state` changes."""
        self._state_listeners.append(listener)

    def on_error(self, listener: Callable[[str], None]) -> None:
        """Call `listener(message)` for every `err` line of the bus; they are logged as well."""
        self._error_listeners.append(listener)

    def on_line(self, op: str, listener: Callable[[Incoming], None]) -> None:
        """Call `listener(line)` for every line of the bus with that op, other than messages and answers."""
        self._line_listeners.setdefault(op, []).append(listener)

    @property
    def extensions(self) -> frozenset[str]:
        """What the bus can do beyond the protocol; nothing while not connected."""
        return frozenset() if self._connection is None else self._connection.extensions

    def statistics(self) -> ClientStatistics:
        """Counts at this moment."""
        return ClientStatistics(
            published=self._published,
            received=self._received,
            lost=self._lost,
            missed=self._missed,
            unreadable=self._unreadable,
            refusals=self._refusals,
            reconnects=self._reconnects,
            kept=len(self._kept),
        )

    # -- messages

    def publish(self, subject: str, frame: bytes, *, encoded: bool = False) -> None:
        """Queue a message. It is written before this turn of the loop ends, or when the bus is back if it is to be kept.

        Args:
            subject: where.
            frame: what.
            encoded: the frame comes from a JSON encoder, so that it is UTF-8 and holds no control characters.

        Raises:
            BusClosed: not connected, and nothing more is kept for later.
            LineTooLong: the bus would not take it.
            OutgoingFull: the bus does not read; `drain()` waits for it.
        """
        if self.state == "reconnecting" and len(self._kept) < self._keep:
            self._kept.append((subject, frame))
            return
        connection = self._require()
        line = pub_line(self._leads.get(subject) or self._lead(subject), frame, encoded=encoded)
        excess = connection.excess(line)
        if excess:
            raise LineTooLong(excess, connection.max_sent)
        connection.send(line)
        self._published += 1

    def _lead(self, subject: str) -> bytes:
        """How messages on a subject begin, kept for the next one. Subjects that are used once would pile up."""
        if len(self._leads) >= CACHED_SUBJECTS:
            self._leads.clear()
        lead = self._leads[subject] = pub_lead(subject)
        return lead

    @property
    def congested(self) -> bool:
        """Whether the socket takes no more for now, so that `drain()` would wait."""
        return self._connection is not None and self._connection.congested

    async def drain(self) -> None:
        """Wait until the bus takes more. While messages are kept for its return there is nothing to wait for.

        Raises:
            BusClosed: the connection went while waiting.
        """
        if not self._kept:
            await self._require().drain()

    async def flush(self) -> None:
        """Wait until the bus has processed everything sent before.

        Raises:
            BusClosed: the connection went while waiting.
            NoAnswer: it did not answer in time.
        """
        await self._require().flush(self._answer_s)

    async def ask(self, op: str, **fields: Any) -> Incoming:
        """Send an op that the bus answers, and return the answer. For extensions of ours: a released bus has no `ref`.

        Raises:
            BusClosed: not connected, or the connection went while waiting.
            NoAnswer: the bus did not answer in time.
            Refused: the answer is an `err`.
        """
        ref = uuid4().hex
        answer: asyncio.Future[Incoming] = asyncio.get_running_loop().create_future()
        self._asked[ref] = answer
        try:
            self._require().send(line_of(op=op, ref=ref, **fields))
            async with asyncio.timeout(self._answer_s):
                return await answer
        except TimeoutError:
            raise NoAnswer(f"the bus at {self.url} did not answer within {self._answer_s:g} s") from None
        finally:
            del self._asked[ref]

    async def subscribe(
        self,
        pattern: str,
        handler: Handler,
        *,
        group: str | None = None,
        together: LinesHandler | None = None,
    ) -> BusSubscription:
        """Call `handler` for every message on a matching subject, on this connection and the ones after it.

        When it returns, the bus has the subscription.

        Args:
            pattern: which subjects.
            handler: gets each message.
            group: a queue group.
            together: gets messages instead of `handler` where several come together, in the order of all of them.

        Raises:
            BusClosed: not connected.
            NoAnswer: the bus did not answer in time.
        """
        connection = self._require()
        subscription = BusSubscription(pattern, handler, group, together, self.forget)
        self._subscriptions[subscription.sub_id] = subscription
        try:
            connection.send(subscription.line())
            await connection.flush(self._answer_s)
        except BaseException:
            self.forget(subscription)
            raise
        return subscription

    def forget(self, subscription: BusSubscription) -> None:
        """End a subscription, here and, if connected, at the bus."""
        if self._subscriptions.pop(subscription.sub_id, None) is None or self._connection is None:
            return
        with suppress(BusError):
            self._connection.send(line_of(op="unsub", sub_id=subscription.sub_id))

    async def leave(self, subscription: BusSubscription) -> None:
        """End a subscription at the bus, take what is still on its way, then end it here.

        For members of a queue group: what the bus gave to this one is nobody else's.
        """
        connection = self._connection
        if connection is not None and subscription.sub_id in self._subscriptions:
            with suppress(BusError):
                connection.send(line_of(op="unsub", sub_id=subscription.sub_id))
                await connection.flush(self._answer_s)
            if connection is self._connection:
                self._subscriptions.pop(subscription.sub_id, None)
        # On another connection by now, or none: that one knows it still.
        self.forget(subscription)

    # -- inside

    def _require(self) -> Connection:
        if self._connection is None or self.state != "connected":
            kept = f"; {len(self._kept):,} messages wait for it" if self._kept else ""
            raise BusClosed(f"not connected to the bus at {self.url} ({self.state}{kept})")
        return self._connection

    async def _open(self) -> None:
        """Make a connection that has the bus's welcome and all our subscriptions."""
        connection = Connection(
            self.url,
            deliver=self._deliver,
            receive=self._receive,
            lost=self._on_lost,
            unreadable=self._count_unreadable,
        )
        self._connection = connection
        await connection.open(self._address, self._answer_s, tls_ca=self._tls_ca)
        await connection.introduce(
            self._answer_s, name=self._name, observer=self._observer, token=self._token
        )
        for subscription in self._subscriptions.values():
            connection.send(subscription.line())
        await connection.flush(self._answer_s)
        if self._connection is not connection:
            raise BusClosed(f"the connection to {self.url} ended while it was made")
        connection.keep_alive(self._silence_s, self._answer_s)

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abandon()

    def _on_lost(self, connection: Connection) -> None:
        self._lost += connection.unsent
        if connection is not self._connection:
            return
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(BusClosed(f"lost the bus at {self.url}"))
        self._connection = None
        if self.state == "connected":
            logger.warning("lost the bus at %s, reconnecting", self.url)
            self._enter("reconnecting")
            self._returning = asyncio.get_running_loop().create_task(self._return())

    def hurry(self) -> None:
        """Make the next attempt to reconnect now, if one is waited for. Call it on the client's loop."""
        self._hurry.set()

    async def _return(self) -> None:
        loop = asyncio.get_running_loop()
        self.attempt = 0
        while self.state == "reconnecting":
            self.attempt += 1
            delay = self._backoff.delay(self.attempt)
            self.retry_at = loop.time() + delay
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._hurry.wait()
            self._hurry.clear()
            self.retry_at = None
            try:
                await self._open()
            except BusError as error:
                self._drop_connection()
                logger.info("attempt %d: %s", self.attempt, error)
                continue
            self.attempt = 0
            self._reconnects += 1
            self._returning = None
            self.state = "connected"
            self._send_kept()
            self._announce("connected")
            logger.info("connected to the bus at %s again", self.url)

    def _send_kept(self) -> None:
        """Send what was kept while the bus was away, before anything new."""
        kept, self._kept = self._kept, deque()
        for number, (subject, frame) in enumerate(kept):
            try:
                self.publish(subject, frame)
            except LineTooLong as error:
                self._lost += 1
                logger.warning("a message that was kept cannot be sent: %s", error)
            except BusError as error:
                self._lost += len(kept) - number
                logger.warning("%d messages that were kept are lost: %s", len(kept) - number, error)
                return

    def _deliver(self, messages: Sequence[Message]) -> None:
        if len(messages) == 1:
            self._deliver_one(messages[0])
            return
        for sub_id, run in groupby(messages, _SUB_ID):
            subscription, several = self._subscriptions.get(sub_id), list(run)
            if subscription is not None and subscription.receive_together(several):
                self._received += len(several)
            else:
                for message in several:
                    self._deliver_one(message)

    def _deliver_one(self, message: Message) -> None:
        subscription = self._subscriptions.get(message.sub_id)
        if subscription is None:
            return
        self._received += 1
        subscription.receive(message)

    def _receive(self, incoming: Incoming) -> None:
        if incoming.ref is not None:
            self._take_answer(incoming.ref, incoming)
        elif incoming.op == "err":
            self._refusals += 1
            logger.warning("the bus says: %.500r", incoming.message)
            for listener in self._error_listeners:
                listener(incoming.message)
        else:
            if incoming.op == "dropped":
                self._missed += incoming.count
            for hear in self._line_listeners.get(incoming.op or "", ()):
                hear(incoming)

    def _take_answer(self, ref: str, incoming: Incoming) -> None:
        answer = self._asked.get(ref)
        if answer is None or answer.done():
            return
        if incoming.op == "err":
            answer.set_exception(Refused(incoming.message))
        else:
            answer.set_result(incoming)

    def _count_unreadable(self, reason: str) -> None:
        self._unreadable += 1
        logger.warning("a line of the bus could not be read: %.500s", reason)

    def _enter(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self._announce(state)

    def _announce(self, state: str) -> None:
        for listener in list(self._state_listeners):
            listener(state)
