"""Attached Axons, and the work running for each trace (PROTOCOL 6.4, 6.9)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from cosmo_sdk.axon import Axon
from cosmo_sdk.clock import Clock
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.dendrite._memory import Memory
from cosmo_sdk.dendrite._work import Work
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import EnvelopeError, SynapseError
from cosmo_sdk.ids import Ids
from cosmo_sdk.signal_types import SignalType

if TYPE_CHECKING:
    from cosmo_sdk.dendrite._stop import Tombstones

logger = logging.getLogger("cosmo_sdk.dendrite")

MAX_RUNNING = 256
"""Neuron runs at a time in one Dendrite."""

MAX_WAITING = 10_000
"""Tasks that may wait for a run; further ones are answered with ERROR OVERLOADED."""


class Hosting:
    """Knows the Axons of a Dendrite and runs what is addressed to them."""

    def __init__(
        self, link: Link, memory: Memory, tombstones: Tombstones, work: Work, clock: Clock, ids: Ids
    ) -> None:
        self._link = link
        self._memory = memory
        self._tombstones = tombstones
        self._work = work
        self._clock = clock
        self._ids = ids
        self._axons: dict[str, Axon] = {}
        self._running: dict[str, set[asyncio.Task[None]]] = {}
        self._count = 0
        self._waiting: deque[tuple[Axon, Signal]] = deque()

    @property
    def axons(self) -> dict[str, Axon]:
        """The attached Axons by neuron id; a copy."""
        return dict(self._axons)

    def axon(self, neuron_id: str) -> Axon | None:
        """An attached Axon, or None."""
        return self._axons.get(neuron_id)

    @property
    def capabilities(self) -> list[str]:
        """What the Axons can do together, sorted, each once."""
        return sorted({capability for axon in self._axons.values() for capability in axon.capabilities})

    def attach(self, axon: Axon) -> None:
        """Host an Axon.

        Raises:
            ValueError: this Dendrite hosts one of that name already.
        """
        if axon.neuron_id in self._axons:
            raise ValueError(f"neuron {axon.neuron_id!r} is already attached to this Dendrite")
        self._axons[axon.neuron_id] = axon
        axon.bind(self._memory)

    def detach(self, neuron_id: str) -> Axon:
        """Stop hosting an Axon.

        Raises:
            KeyError: this Dendrite does not host it.
        """
        axon = self._axons.pop(neuron_id)
        axon.bind(None)
        return axon

    def bidder_for(self, capabilities: list[str]) -> Axon | None:
        """The first Axon that covers these capabilities."""
        return next((axon for axon in self._axons.values() if axon.covers(capabilities)), None)

    # -- intake

    def take_task(self, task: Signal) -> None:
        """A TASK arrived: run it if it is for an Axon here, else nothing (PROTOCOL 6.9)."""
        axon = self._chosen(task)
        if axon is not None:
            self._start(axon, task)

    def take_award(self, award: Signal) -> None:
        """A TASK_AWARDED arrived: run it if it is for an Axon here, and for this host of it."""
        axon = self._axons.get(award.neuron or "")
        instance = award.meta.get("cosmo.instance")
        if axon is None or (isinstance(instance, str) and instance != self._link.instance):
            return
        payload: dict[str, Any] = {
            key: award.payload[key] for key in ("input", "context_ref", "finalize") if key in award.payload
        }
        # The award's own id: every reply hangs under an event that crossed the bus (DESIGN 6.7).
        task = Signal(
            id=award.id,
            trace_id=award.trace_id,
            parent_id=award.parent_id,
            type=SignalType.TASK,
            directed=Directed(id=axon.neuron_id),
            ts=award.ts,
            payload=payload,
            meta=award.meta,
        )
        self._start(axon, task)

    def _chosen(self, task: Signal) -> Axon | None:
        if task.neuron is not None:
            return self._axons.get(task.neuron)
        wanted = task.payload.get("capabilities")
        if wanted:
            return self.bidder_for(wanted)
        return next((axon for axon in self._axons.values() if axon.catch_all), None)

    def _start(self, axon: Axon, task: Signal) -> None:
        if task.trace_id in self._tombstones:
            self._refuse(axon, task, "TRACE_STOPPED", "this trace was stopped", recoverable=False)
        elif self._count < MAX_RUNNING:
            self._run(axon, task)
        elif len(self._waiting) < MAX_WAITING:
            self._waiting.append((axon, task))
        else:
            self._refuse(axon, task, "OVERLOADED", f"{MAX_WAITING} tasks wait here already", recoverable=True)

    def _refuse(self, axon: Axon, task: Signal, code: str, message: str, *, recoverable: bool) -> None:
        error = task.reply(
            SignalType.ERROR,
            {"code": code, "message": message, "recoverable": recoverable},
            Directed(id=axon.neuron_id),
        )
        self._work.spawn(self._say(error), f"refusing {task.id}")

    # -- running

    def _run(self, axon: Axon, task: Signal) -> None:
        self._count += 1
        running = self._work.spawn(self._serve(axon, task), f"neuron {axon.neuron_id} on {task.id}")
        self._running.setdefault(task.trace_id, set()).add(running)
        running.add_done_callback(lambda done: self._ended(task.trace_id, done))

    def _ended(self, trace_id: str, done: asyncio.Task[None]) -> None:
        self._count -= 1
        running = self._running[trace_id]
        running.discard(done)
        if not running:
            del self._running[trace_id]
        while self._waiting and self._count < MAX_RUNNING:
            axon, task = self._waiting.popleft()
            self._start(axon, task)

    async def _serve(self, axon: Axon, task: Signal) -> None:
        try:
            reply = await axon.handle_task(task)
        except Exception as error:
            logger.exception("axon %s failed on %s", axon.neuron_id, task.id)
            reply = task.reply(
                SignalType.ERROR,
                {"code": "AXON_EXCEPTION", "message": str(error), "recoverable": False},
                Directed(id=axon.neuron_id),
            )
        try:
            await self._link.publish(reply)
        except EnvelopeError as error:
            await self._say(
                task.reply(
                    SignalType.ERROR,
                    {"code": "OUTPUT_NOT_SERIALIZABLE", "message": str(error), "recoverable": False},
                    Directed(id=axon.neuron_id),
                )
            )
            return
        except SynapseError as error:
            logger.warning("the reply of %s to %s is lost: %s", axon.neuron_id, task.id, error)
            return
        if task.payload.get("finalize") is True and reply.type is SignalType.AGENT_OUTPUT:
            await self._say(reply.reply(SignalType.FINAL, {"result": reply.payload.get("output")}))

    async def _say(self, signal: Signal) -> None:
        try:
            await self._link.publish(signal)
        except SynapseError as error:
            logger.warning("%s of %s is lost: %s", signal.type, signal.trace_id, error)

    async def cancel(self, trace_id: str) -> int:
        """End all work of a trace; no replies are sent. Returns how many runs were cancelled."""
        self._tombstones.add(trace_id)
        kept = [each for each in self._waiting if each[1].trace_id != trace_id]
        dropped = len(self._waiting) - len(kept)
        self._waiting = deque(kept)
        running = list(self._running.get(trace_id, ()))
        for each in running:
            each.cancel()
        if running:
            await asyncio.wait(running, timeout=1.0)
        return len(running) + dropped
