"""The synapse over a NATS server, shared with released peers there: `nats://host:port` (PROTOCOL 5.3)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

from msgspec.structs import replace

from cosmo_bus.backoff import Backoff
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import EnvelopeError
from cosmo_sdk.synapse._connected import ConnectedSynapse
from cosmo_sdk.synapse._feeds import translated
from cosmo_sdk.synapse._nats_names import parse_nats_url
from cosmo_sdk.synapse.base import (
    REPLY_TO,
)

if TYPE_CHECKING:
    from cosmo_sdk.synapse._nats_client import NatsStatistics, NatsSubscription


class NatsSynapse(ConnectedSynapse["NatsSubscription"]):
    """Signals over a NATS server. Reconnects and subscribes again by itself; see `on_state`.

    A server that asks for TLS gets it, and its certificate is checked as the machine checks others. Names of queue groups
    that NATS cannot carry, such as those with spaces, are mapped; the others stay as they are, as peers write them.

    Args:
        url: `nats://host:port`, with `user:password@` or `token@` before the host if the server asks for it.
        backoff: waits between attempts to reconnect.
        answer_s: how long the server may take to answer.
        silence_s: how often the server is asked whether it is there.

    Raises:
        ValueError: the URL names no NATS server.
        MissingExtra: nats-py is not installed.
    """

    def __init__(
        self,
        url: str = "nats://127.0.0.1:4222",
        *,
        backoff: Backoff | None = None,
        answer_s: float = 10.0,
        silence_s: float = 15.0,
    ) -> None:
        # Here, because it imports nats-py: an extra.
        from cosmo_sdk.synapse._nats_client import NatsClient

        self._client = NatsClient(
            parse_nats_url(url), backoff=backoff, answer_s=answer_s, silence_s=silence_s
        )
        super().__init__(self._client)
        self._inbox = f"_INBOX.{uuid4().hex}"
        self._asked: dict[str, asyncio.Future[Signal]] = {}
        self._unheard: set[str] = set()
        self._hearing: asyncio.Task[NatsSubscription] | None = None
        self._client.on_nobody = self._note_nobody

    def statistics(self) -> NatsStatistics:
        """Counts of the connection."""
        return self._client.statistics()

    async def close(self) -> None:
        """Send what is queued, disconnect, cancel running handlers and drop every subscription."""
        await self._client.close()
        self._hearing = None
        await self._feeds.close()

    async def publish(self, subject: str, signal: Signal) -> None:
        """Send `signal`; waits only while the server takes no more.

        Raises:
            SynapseError: not connected, or the frame is larger than the server takes.
            EnvelopeError: the Signal cannot be written as JSON.
        """
        with translated():
            await self._client.publish(subject, signal.encode())

    async def request(self, subject: str, signal: Signal, *, timeout_s: float = 5.0) -> Signal:
        """Publish `signal` and return the first reply to it.

        The reply subject goes out twice, in `meta["_reply_to"]` and as NATS's own, so that responders of either kind can
        answer (PROTOCOL 3.5).

        Raises:
            TimeoutError: nobody replied in `timeout_s` seconds.
            SynapseError: not connected, or the frame is larger than the server takes.
        """
        inbox = f"{self._inbox}.{uuid4().hex}"
        reply: asyncio.Future[Signal] = asyncio.get_running_loop().create_future()
        self._asked[inbox] = reply
        asking = replace(signal, meta={**signal.meta, REPLY_TO: inbox})
        try:
            with translated():
                await self._hear_replies()
                await self._client.publish(subject, asking.encode(), inbox)
            async with asyncio.timeout(timeout_s):
                return await reply
        except TimeoutError:
            why = f": nobody is subscribed to {subject}" if inbox in self._unheard else ""
            raise TimeoutError(f"no reply on {subject} within {timeout_s:g} s{why}") from None
        finally:
            del self._asked[inbox]
            self._unheard.discard(inbox)

    async def _hear_replies(self) -> None:
        """Subscribe, the first time, to the replies to all requests."""
        if self._hearing is None or (self._hearing.done() and self._failed(self._hearing)):
            subscribing = self._client.subscribe(f"{self._inbox}.*", self._take_reply)
            self._hearing = asyncio.get_running_loop().create_task(subscribing)
        await asyncio.shield(self._hearing)

    @staticmethod
    def _failed(task: asyncio.Task[NatsSubscription]) -> bool:
        return task.cancelled() or task.exception() is not None

    def _take_reply(self, subject: str, frame: bytes, reply_to: str) -> None:
        reply = self._asked.get(subject)
        if reply is None or reply.done():
            return
        try:
            reply.set_result(Signal.decode(frame))
        except EnvelopeError as error:
            self._feeds.count_undecodable(subject, error)

    def _note_nobody(self, inbox: str) -> None:
        if inbox in self._asked:
            self._unheard.add(inbox)
