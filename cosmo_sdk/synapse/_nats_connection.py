"""One connection to a NATS server, through nats-py, from its beginning to its loss.

nats-py gives every subscription a queue and a task of its own, which loses the order between subscriptions. What it hands
to a future instead, the public `future=` of `subscribe`, it hands over at once while it reads, so each subscription here has a
future that is never done and passes everything on.

Its own reconnecting is not used: it gives up on some errors of the server, and waits the same time between all attempts.
Nor is its `flush()`: the ping overtakes what was subscribed right before it. A message to oneself overtakes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from cosmo_bus.errors import BusClosed, BusError, CannotConnect, NoAnswer, NotAdmitted, Refused
from cosmo_sdk.errors import MissingExtra

try:
    from nats import errors as nats_errors
    from nats.aio.client import Client
except ImportError:
    raise MissingExtra("nats:// needs nats-py: pip install 'cosmo-doppler[nats]'") from None

if TYPE_CHECKING:
    from nats.aio.msg import Msg
    from nats.aio.subscription import Subscription

    from cosmo_sdk.synapse._nats_names import NatsAddress

logger = logging.getLogger(__name__)

MessageHandler = Callable[["Msg"], None]
"""Gets every message as nats-py read it, in order over all subscriptions. Must not block."""

CROWDED = 1 << 20
"""Bytes waiting to be written at which a sender should wait for the server."""

_LOST_S = 0.5
"""How long to wait for the end of a connection that nothing can be said on."""

ECHOES = "_INBOX.cosmo-echo."
"""Begins the subjects of what connections say to themselves, to know that they are heard. No Signals."""


class _Sink(asyncio.Future[Any]):
    """Stands where nats-py expects the future of one answer, and takes any number of messages."""

    def __init__(self, receive: MessageHandler, label: str) -> None:
        super().__init__()
        self.ended = False
        self._handle = receive
        self._label = label

    def set_result(self, result: Msg) -> None:
        """Take a message, not a result: this future is never done."""
        if self.ended:
            return
        try:
            self._handle(result)
        except Exception:
            # What leaves here would end the reading of this connection.
            logger.exception("the handler of %s failed", self._label)


class NatsConnection:
    """A connection that, once lost, is not used again.

    Args:
        address: the server, and how to log in.
        lost: called once, when the connection ends without being asked to.
        refused: called with each error of the server that leaves the connection standing.
        answer_s: how long the server may take to answer.
    """

    def __init__(
        self,
        address: NatsAddress,
        *,
        lost: Callable[[NatsConnection, str], None],
        refused: Callable[[str], None],
        answer_s: float,
    ) -> None:
        self._echo = f"{ECHOES}{uuid4().hex}"
        self._address = address
        self._lost = lost
        self._refused = refused
        self._answer_s = answer_s
        self._client = Client()
        self._troubles: list[Exception] = []
        self._refusals: deque[str] = deque(maxlen=100)
        self._sinks: dict[object, tuple[_Sink, Subscription]] = {}
        self._echoes: dict[str, asyncio.Future[None]] = {}
        self._errands: set[asyncio.Task[None]] = set()
        self._room: asyncio.Task[None] | None = None
        self._standing = False

    @property
    def servers(self) -> list[str]:
        """Where else the cluster can be reached, as it told us."""
        return [f"nats://{uri.netloc.rpartition('@')[2]}" for uri in self._client.servers]

    # -- life

    async def open(self, servers: list[str]) -> None:
        """Connect to the first of `servers` that answers.

        Raises:
            CannotConnect: none answers; NotAdmitted when one does and does not let us in.
        """
        address = self._address
        try:
            async with asyncio.timeout(self._answer_s):
                await self._client.connect(
                    servers=servers,
                    name="cosmo-doppler",
                    user=address.user,
                    password=address.password,
                    token=address.token,
                    error_cb=self._on_trouble,
                    closed_cb=self._on_closed,
                    allow_reconnect=False,
                    # One attempt more than none, which would mean no end of them.
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    # Senders wait in make_room() instead, where a cancelled one is not overlooked.
                    pending_size=0,
                    dont_randomize=True,
                )
                self._standing = True
                await self.subscribe(self, f"{self._echo}.*", self._take_echo)
                await self.barrier()
        except (OSError, TimeoutError, nats_errors.Error, BusClosed, Refused) as error:
            self._standing = False
            trouble = self._troubles[0] if self._troubles else error
            refused = isinstance(trouble, Refused) or "authorization violation" in str(trouble).lower()
            kind = NotAdmitted if refused else CannotConnect
            raise kind(address.shown, self._reason(trouble)) from None

    async def keep_alive(self, silence_s: float) -> None:
        """Ask the server every `silence_s` seconds whether it is there; lose the connection when it does not answer."""
        while self._standing:
            await asyncio.sleep(silence_s)
            with suppress(BusClosed, NoAnswer):
                await self.barrier()

    async def close(self) -> None:
        """Let the server take what was sent, then end. Bounded by twice `answer_s`."""
        # After a loss, or a failed TLS handshake, nobody may be left who could confirm the end.
        patience = self._answer_s if self._standing else min(_LOST_S, self._answer_s)
        if self._standing:
            with suppress(BusClosed, NoAnswer):
                await self.barrier()
        self._standing = False
        self._end_all("the connection was closed")
        try:
            async with asyncio.timeout(patience):
                await self._client.close()
        except TimeoutError:
            logger.info("the NATS server at %s does not let go of a connection", self._address.shown)
        except OSError as error:
            logger.info("closing the connection to %s: %s", self._address.shown, error)

    # -- messages

    async def publish(self, subject: str, frame: bytes, reply: str = "") -> None:
        """Queue a message; it is written in the next turn of the loop.

        Raises:
            BusClosed: the connection is lost.
            Refused: larger than the server takes, or a malformed subject.
        """
        if len(frame) > self._client.max_payload:
            raise Refused(
                f"this message has {len(frame):,} bytes, the NATS server takes {self._client.max_payload:,} "
                "(max_payload); send less, or a reference to it"
            )
        self.check()
        try:
            await self._client.publish(subject, frame, reply)
        except nats_errors.BadSubjectError:
            raise Refused(f"{subject!r} is no subject of NATS") from None
        except nats_errors.Error as error:
            raise BusClosed(f"not connected to {self._address.shown}: {error}") from None

    @property
    def congested(self) -> bool:
        """Whether so much waits to be written that senders should wait."""
        return self._client.pending_data_size > CROWDED

    async def make_room(self) -> None:
        """Wait until the server has taken what was sent before."""
        if self._room is None or self._room.done():
            # One for all senders that wait; who was refused finds out by sending.
            self._room = self._run(self.barrier())
        await asyncio.wait((self._room,))

    async def subscribe(
        self, key: object, pattern: str, receive: MessageHandler, queue: str | None = None
    ) -> None:
        """Ask for messages; the server knows once a `barrier()` later returns. `key` ends it.

        Raises:
            BusClosed: the connection is lost.
            Refused: NATS takes no such pattern.
        """
        self.check()
        sink = _Sink(receive, pattern)
        try:
            subscription = await self._client.subscribe(pattern, queue=queue or "", future=sink)
        except nats_errors.BadSubjectError:
            raise Refused(f"{pattern!r} is no pattern of NATS") from None
        except nats_errors.Error as error:
            raise BusClosed(f"not connected to {self._address.shown}: {error}") from None
        self._sinks[key] = sink, subscription

    def end(self, key: object) -> None:
        """End a subscription: nothing more is received, and the server is told."""
        ending = self._sinks.pop(key, None)
        if ending is not None:
            ending[0].ended = True
            self._run(_unsubscribe(ending[1]))

    async def leave(self, key: object) -> None:
        """End a subscription at the server, take what is on its way, then end it here.

        Raises:
            BusClosed: the connection is lost.
            NoAnswer: the server does not answer.
        """
        found = self._sinks.get(key)
        if found is None:
            return
        sink, subscription = found
        # Every public way of nats-py either forgets the subscription here first, with what is on its way, or may let its
        # ping overtake the word to the server. The word alone, without forgetting, has no public name.
        await self._client._send_unsubscribe(subscription._id)
        await self.barrier()
        sink.ended = True
        if self._sinks.pop(key, None) is not None:
            await _unsubscribe(subscription)

    async def barrier(self) -> None:
        """Wait until the server has processed everything sent before, and we what it sent until then.

        Raises:
            BusClosed: the connection was lost.
            NoAnswer: the server did not answer in time; the connection is then given up.
            Refused: the server does not allow it.
        """
        self.check()
        token = uuid4().hex
        echo = self._echoes[token] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._answer_s):
                await self.publish(f"{self._echo}.{token}", b"")
                await echo
        except TimeoutError:
            reason = f"the NATS server at {self._address.shown} did not answer within {self._answer_s:g} s"
            self._lose(reason)
            raise NoAnswer(reason) from None
        finally:
            del self._echoes[token]

    def check(self) -> None:
        """Raise BusClosed when the connection is lost."""
        if not self._standing:
            raise BusClosed(f"not connected to the NATS server at {self._address.shown}")

    def check_refusal(self, pattern: str) -> None:
        """Raise Refused when the server has answered that `pattern` may not be subscribed to."""
        wanted = f'subscription to "{pattern}"'.lower()
        for said in self._refusals:
            if wanted in said.lower():
                raise Refused(f"the NATS server at {self._address.shown} refuses: {said}")

    # -- inside

    def _take_echo(self, message: Msg) -> None:
        echo = self._echoes.get(message.subject.rpartition(".")[2])
        if echo is not None and not echo.done():
            echo.set_result(None)

    async def _on_trouble(self, error: Exception) -> None:
        """What nats-py reports instead of raising."""
        if not self._standing:
            self._troubles.append(error)
        elif isinstance(error, nats_errors.Error) and "permissions violation" in str(error):
            said = str(error).removeprefix("nats: ")
            if "subscription to" in said:
                self._refusals.append(said)
            if ECHOES.lower() in said.lower():
                self._fail_echoes(Refused(f"it lets this user not publish and subscribe to {ECHOES}>"))
            self._refused(said)
        else:
            logger.info("the connection to %s: %r", self._address.shown, error)

    async def _on_closed(self) -> None:
        self._lose(self._reason(self._client.last_error))

    def _lose(self, reason: str) -> None:
        if self._standing:
            self._standing = False
            self._end_all(reason)
            self._lost(self, reason)

    def _end_all(self, reason: str) -> None:
        for sink, _ in self._sinks.values():
            sink.ended = True
        self._sinks.clear()
        self._fail_echoes(BusClosed(f"lost the connection to {self._address.shown}: {reason}"))

    def _fail_echoes(self, error: BusError) -> None:
        for echo in self._echoes.values():
            if not echo.done():
                echo.set_exception(error)

    def _reason(self, error: Exception | None) -> str:
        if isinstance(error, TimeoutError):
            return f"no NATS server answers within {self._answer_s:g} s"
        if isinstance(error, nats_errors.UnexpectedEOF) or error is None:
            return "the server ended the connection"
        said = str(error).removeprefix("nats: ").strip("'")
        if "authorization violation" in said.lower():
            return f"{said}; log in with nats://user:password@host:port or nats://token@host:port"
        if isinstance(error, ConnectionRefusedError) or "Connect call failed" in said:
            return "nothing listens there"
        return str(getattr(error, "strerror", None) or said or type(error).__name__)

    def _run(self, errand: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something that nobody waits for, or several do."""
        task = asyncio.get_running_loop().create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, errand: asyncio.Task[None]) -> None:
        self._errands.discard(errand)
        if not errand.cancelled():
            # The loss that ended it is told of elsewhere.
            errand.exception()


async def _unsubscribe(subscription: Subscription) -> None:
    with suppress(nats_errors.Error):
        await subscription.unsubscribe()
