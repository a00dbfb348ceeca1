"""The synapse over a dev bus, ours or a released peer's: `cosmo://host:port`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from cosmo_bus.backoff import Backoff
from cosmo_bus.client import BusClient, ClientStatistics
from cosmo_bus.errors import BusError
from cosmo_bus.gate import GATE_EXTENSION, GateEvent
from cosmo_bus.gate_client import GateClient
from cosmo_bus.subscription import BusSubscription
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.synapse._connected import ConnectedSynapse
from cosmo_sdk.synapse._feeds import translated
from cosmo_sdk.synapse._subscribing import EndsOnce, checked, run_tap
from cosmo_sdk.synapse.base import FrameHandler, LinesHandler, NothingToEnd, Subscription
from cosmo_sdk.synapse.gates import HoldListener


class DevSynapse(ConnectedSynapse[BusSubscription]):
    """Signals over a dev bus. Reconnects and subscribes again by itself; see `on_state`.

    Args:
        url: `cosmo://host:port`, or `cosmos://host:port` for TLS.
        observer: for who only watches: when it does not keep up, the bus drops its oldest frames and keeps the
            connection.
        backoff: waits between attempts to reconnect.
        answer_s: how long the bus may take to answer.
        silence_s: how long the bus may say nothing before it is asked whether it is there.
        keep: Signals kept while the bus is away, to be sent when it is back; by default publishing fails at once then.
        token: shown to a bus that asks for one; when None, the one in the file that `COSMO_TOKEN_FILE` names.
        tls_ca: file of the CAs to trust; when None, the one that `COSMO_TLS_CA` names, or else the system's.

    Raises:
        ValueError: the URL names no dev bus.
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
    ) -> None:
        self._client = BusClient(
            url,
            observer=observer,
            backoff=backoff,
            answer_s=answer_s,
            silence_s=silence_s,
            keep=keep,
            token=token,
            tls_ca=tls_ca,
        )
        super().__init__(self._client)
        self._gates: GateClient | None = None

    def __repr__(self) -> str:
        return f"<DevSynapse {self.url}, {self.state}>"

    def hurry(self) -> None:
        """Make the next attempt to reconnect now, if one is waited for. Call it on the synapse's loop."""
        self._client.hurry()

    @property
    def missed(self) -> int:
        """Frames that could not be read, or that the bus left out because an observer did not keep up."""
        statistics = self._client.statistics()
        return statistics.unreadable + statistics.missed

    def statistics(self) -> ClientStatistics:
        """Counts of the connection."""
        return self._client.statistics()

    async def close(self) -> None:
        """Send what is queued, disconnect, cancel running handlers and drop every subscription."""
        await self._client.close()
        await self._feeds.close()

    async def publish(self, subject: str, signal: Signal) -> None:
        """Send `signal`; waits only while the socket is full.

        Raises:
            SynapseError: not connected, or the frame is larger than the bus takes.
            EnvelopeError: the Signal cannot be written as JSON.
        """
        frame = signal.encode()
        # translated() written out: this is the path of every Signal sent.
        try:
            self._client.publish(subject, frame, encoded=True)
            if self._client.congested:
                await self._client.drain()
        except BusError as error:
            raise SynapseError(str(error)) from error

    @property
    def has_gates(self) -> bool:
        """Whether the bus has gates: a released peer's has none. False until connected."""
        return GATE_EXTENSION in self._client.extensions

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

    async def tap_lines(self, pattern: str, handler: FrameHandler, together: LinesHandler) -> Subscription:
        """Tap; what comes with one read of the socket is handed on together.

        Raises:
            SynapseError: not connected, or the pattern is malformed.
        """
        with translated():
            subscription = await self._client.subscribe(
                checked(pattern), partial(run_tap, handler), together=together
            )
        return EndsOnce(lambda: self._client.forget(subscription))

    def on_refusal(self, listener: Callable[[str], None]) -> None:
        """Call `listener(message)` for every refusal of the bus, such as a frame too large for some receiver."""
        self._client.on_error(listener)
