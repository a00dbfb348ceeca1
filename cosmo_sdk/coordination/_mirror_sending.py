"""Signals that are on the bus for certain: after them something is said to ourselves, and it has come back."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Sequence
from uuid import uuid4

from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse.base import Subscription, SynapseState

_logger = logging.getLogger("cosmo_sdk.coordination")

ECHO_S = 10.0
"""How long the bus may take to say that it has what was sent."""


class Sending:
    """Publishes Signals, and knows whether the bus has them.

    Args:
        link: to the bus.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._synapse = link.synapse
        self._losses = 0
        self._inbox = f"_inbox.{uuid4().hex}"
        self._echoes: Subscription | None = None
        self._awaited: asyncio.Future[None] | None = None
        self._awaited_id = ""
        # Synapses outlive mirrors and have no way to forget a listener.
        told = weakref.WeakMethod(self._note_state)
        self._synapse.on_state(lambda state: (tell := told()) and tell(state))

    async def send(self, signals: Sequence[Signal]) -> None:
        """Publish Signals, and return once the bus has them.

        Raises:
            SynapseError: it may not have all of them.
        """
        losses = self._losses
        if self._echoes is None:
            self._echoes = await self._synapse.subscribe(self._inbox, self._hear)
        for signal in signals:
            await self._link.publish(signal)
        await self._echo()
        if losses != self._losses:
            raise SynapseError("the connection broke meanwhile")

    async def close(self) -> None:
        """Let go of the bus, as far as it is there."""
        echoes, self._echoes = self._echoes, None
        if echoes is not None and self._synapse.connected:
            try:
                await echoes.unsubscribe()
            except SynapseError as error:
                _logger.debug("the bus went away first: %s", error)

    async def _echo(self) -> None:
        """Say something to ourselves: the bus reads in order, so it has everything that was said before."""
        echo = Signal(type=SignalType.CONTEXT_SYNC, payload={"snapshot": {}, "version": "1"})
        self._awaited = asyncio.get_running_loop().create_future()
        self._awaited_id = echo.id
        try:
            await self._synapse.publish(self._inbox, echo)
            async with asyncio.timeout(ECHO_S):
                await self._awaited
        except TimeoutError:
            raise SynapseError(f"the bus did not answer within {ECHO_S:g} s") from None
        finally:
            self._awaited = None

    def _hear(self, signal: Signal) -> None:
        waiting = self._awaited
        if waiting is not None and signal.id == self._awaited_id and not waiting.done():
            waiting.set_result(None)

    def _note_state(self, state: SynapseState) -> None:
        if state == "connected":
            return
        self._losses += 1
        waiting = self._awaited
        if waiting is not None and not waiting.done():
            waiting.set_exception(SynapseError(f"the bus is {state}"))
