"""The transport seam: five methods, one meaning on every transport (PROTOCOL 5.1)."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from msgspec.structs import replace

from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import SynapseError

if TYPE_CHECKING:
    from cosmo_sdk.synapse.gates import Gates, HoldListener

REPLY_TO = "_reply_to"
"""The meta key that names where a reply is awaited (PROTOCOL 1.7)."""

SignalHandler = Callable[[Signal], Awaitable[Any] | Any]
"""Receives one Signal. Coroutine functions run concurrently up to a bound; plain functions are called at
once, in order over all subscriptions, and must not block."""

FrameHandler = Callable[[str, bytes], None]
"""Receives one undecoded frame: subject, JSON bytes. Called in order, must not block."""

LinesHandler = Callable[[Sequence[str], bytes], None]
"""Receives undecoded frames that came together: their subjects, and the frames with a newline behind each and none
within. Called in order, must not block."""

SynapseState = Literal["new", "connecting", "connected", "reconnecting", "closed"]


class Subscription(ABC):
    """What `subscribe` returns."""

    @abstractmethod
    async def unsubscribe(self) -> None:
        """Stop receiving. Calling it again does nothing."""


class NothingToEnd(Subscription):
    """Stands where a transport has nothing to subscribe to."""

    async def unsubscribe(self) -> None:
        """Do nothing."""


class Synapse(ABC):
    """A connection to a bus. Built and closed by the application, shared by any number of Dendrites.

    Handlers of one subscription start in the order their Signals arrived; a slow one delays nobody else's.
    """

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.state}>"

    @property
    @abstractmethod
    def state(self) -> SynapseState:
        """Where the connection stands."""

    @property
    def connected(self) -> bool:
        """Whether a publish would be sent now."""
        return self.state == "connected"

    @abstractmethod
    async def connect(self) -> None:
        """Connect. Calling it again does nothing.

        Raises:
            SynapseError: nothing answers there, or it refuses.
        """

    @abstractmethod
    async def close(self) -> None:
        """Disconnect and drop every subscription. Calling it again does nothing."""

    @abstractmethod
    async def publish(self, subject: str, signal: Signal) -> None:
        """Send `signal` to everyone subscribed to `subject`, this connection included.

        Raises:
            SynapseError: not connected, or the frame is larger than the bus takes.
            EnvelopeError: the Signal cannot be written as JSON.
        """

    @abstractmethod
    async def subscribe(
        self, subject: str, handler: SignalHandler, *, queue_group: str | None = None
    ) -> Subscription:
        """Call `handler` for every Signal on a matching subject.

        When it returns, the bus has the subscription: what is published afterwards is received. Frames that are no
        valid Signal are logged, counted in `undecodable` and dropped.

        Args:
            subject: a subject or pattern; `*` is one token, a final `>` one or more.
            handler: gets the Signal; exceptions are logged and hurt nobody else.
            queue_group: members of one group share the Signals, one member each.
        """

    @abstractmethod
    async def tap(self, pattern: str, handler: FrameHandler) -> Subscription:
        """Call `handler(subject, frame)` for every frame on a matching subject, undecoded. For observers."""

    async def tap_lines(self, pattern: str, handler: FrameHandler, together: LinesHandler) -> Subscription:
        """Tap, but let frames that a transport reads together stay together, which costs a fraction.

        Args:
            pattern: which subjects.
            handler: gets each frame that comes alone; all of them, unless the transport knows better.
            together: gets those that came together, in the order of all of them.
        """
        return await self.tap(pattern, handler)

    @property
    def has_gates(self) -> bool:
        """Whether the bus it is connected to has gates."""
        return False

    @property
    def gates(self) -> Gates:
        """Gates that hold frames until somebody decides.

        Raises:
            SynapseError: this transport has none.
        """
        raise SynapseError(f"{type(self).__name__} has no gates; use the dev bus or the bus in memory")

    async def watch_holds(self, namespace: str, listener: HoldListener) -> Subscription:
        """Call `listener(trace_id, waiting)` whenever a gate holds or lets go a frame of the namespace.

        A transport without gates never calls it.
        """
        return NothingToEnd()

    async def request(self, subject: str, signal: Signal, *, timeout_s: float = 5.0) -> Signal:
        """Publish `signal` with a private reply subject in `meta["_reply_to"]` and return the first reply.

        Raises:
            TimeoutError: nobody replied in `timeout_s` seconds.
            SynapseError: not connected, or the frame is larger than the bus takes.
        """
        inbox = f"_inbox.{uuid4().hex}"
        reply: asyncio.Future[Signal] = asyncio.get_running_loop().create_future()

        def accept(answer: Signal) -> None:
            if not reply.done():
                reply.set_result(answer)

        subscription = await self.subscribe(inbox, accept)
        try:
            await self.publish(subject, replace(signal, meta={**signal.meta, REPLY_TO: inbox}))
            async with asyncio.timeout(timeout_s):
                return await reply
        except TimeoutError:
            raise TimeoutError(f"no reply on {subject} within {timeout_s:g} s") from None
        finally:
            await subscription.unsubscribe()

    async def reply_to(self, request: Signal, reply: Signal) -> None:
        """Answer a Signal that came through `request`.

        Raises:
            SynapseError: nobody waits for a reply to it, or the bus is gone.
        """
        inbox = request.meta.get(REPLY_TO)
        if not isinstance(inbox, str):
            raise SynapseError(f"{request.type} {request.id} asks for no reply: no meta[{REPLY_TO!r}]")
        await self.publish(inbox, reply)

    @property
    def attempt(self) -> int:
        """Attempts to reconnect made in the present outage."""
        return 0

    @property
    def retry_in_s(self) -> float | None:
        """Seconds until the next attempt to reconnect; None when none is due. Read it on the synapse's loop."""
        return None

    def hurry(self) -> None:  # noqa: B027  # what never waits has nothing to do
        """Make the next attempt to reconnect now, if one is waited for. Call it on the synapse's loop."""

    @property
    def missed(self) -> int:
        """Frames that were sent to this connection and, as far as it knows, did not get here."""
        return 0

    @property
    def undecodable(self) -> int:
        """Frames dropped because they were no valid Signal."""
        return 0

    @property
    def dropped(self) -> int:
        """Signals dropped because the handlers of a subscription could not keep up."""
        return 0

    @abstractmethod
    def on_state(self, listener: Callable[[SynapseState], None]) -> None:
        """Call `listener(state)` whenever `state` changes: lost, reconnected, closed."""
