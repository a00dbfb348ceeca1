"""Attached Axons, and the work running for each trace (PROTOCOL 6.4, 6.9)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from cosmo_sdk.axon import Axon
from cosmo_sdk.clock import Clock
from cosmo_sdk.dendrite._finding import Handover
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.dendrite._memory import Memory
from cosmo_sdk.dendrite._own_bids import OwnBids
from cosmo_sdk.dendrite._reading import texts
from cosmo_sdk.dendrite._work import Work
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import EnvelopeError, SynapseError
from cosmo_sdk.ids import Ids
from cosmo_sdk.signal_types import SignalType

if TYPE_CHECKING:
    from cosmo_sdk.dendrite._handlers import HandlerTable
    from cosmo_sdk.dendrite._stop import Tombstones

logger = logging.getLogger("cosmo_sdk.dendrite")

MAX_RUNNING = 256
"""Runs of one Axon at a time, unless its `max_concurrent` says less."""

HOLD_S = 60.0
"""How long a reply is held for a bus that went away, seconds."""

RETURN_S = 1.0
"""How long a held reply waits after the bus is back, so that whoever asked is back too, seconds."""

TOLD = 100
"""Different sets of capabilities whose lack is logged; the rest is only counted."""


class _Lane:
    """One Axon at work: what it runs and what waits for it. A busy Axon holds up no other."""

    __slots__ = ("axon", "leaving", "limit", "running", "waiting")

    def __init__(self, axon: Axon) -> None:
        self.axon = axon
        self.limit = min(MAX_RUNNING, axon.max_concurrent or MAX_RUNNING)
        self.running = 0
        self.leaving = False
        """It still does what comes, but nobody is to reckon with it any more."""
        self.waiting: deque[Signal] = deque()


class Hosting:
    """Knows the Axons of a Dendrite and runs what is addressed to them."""

    def __init__(
        self,
        link: Link,
        memory: Memory,
        tombstones: Tombstones,
        work: Work,
        handover: Handover,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._link = link
        self._memory = memory
        self._tombstones = tombstones
        self._work = work
        self._handover = handover
        self._clock = clock
        self._ids = ids
        self._axons: dict[str, Axon] = {}
        self._lanes: dict[str, _Lane] = {}
        self._running: dict[str, dict[asyncio.Task[None], str]] = {}
        """The runs of each trace, with the id of the task each one serves."""
        self._bids = OwnBids()
        self._closing = False
        self.uncovered = 0
        """TASKs for capabilities that the Axons here have together, but none of them alone: passed on."""
        self._told: set[str] = set()
        self.handlers: HandlerTable | None = None
        """Where the handlers go that Axons bring along. Set once, by the Dendrite."""

    # -- who is here

    @property
    def axons(self) -> dict[str, Axon]:
        """The attached Axons by neuron id; a copy."""
        return dict(self._axons)

    @property
    def serving(self) -> list[Axon]:
        """The Axons that take part: attached before the last start, or added since, and not about to leave."""
        return [lane.axon for lane in self._lanes.values() if not lane.leaving]

    def axon(self, neuron_id: str) -> Axon | None:
        """An attached Axon, or None."""
        return self._axons.get(neuron_id)

    @property
    def capabilities(self) -> list[str]:
        """What the attached Axons can do together, sorted, each once."""
        return sorted({capability for axon in self._axons.values() for capability in axon.capabilities})

    def attach(self, axon: Axon) -> None:
        """Host an Axon, from the next `open` on, or once it is admitted.

        Raises:
            ValueError: this Dendrite hosts one of that name already.
            RuntimeError: another Dendrite hosts this Axon.
        """
        if axon.neuron_id in self._axons:
            raise ValueError(f"neuron {axon.neuron_id!r} is already attached to this Dendrite")
        axon.bind(self._memory, self._clock, self._ids, self._link.publish)
        self._axons[axon.neuron_id] = axon

    def open(self) -> None:
        """Every attached Axon takes part from now on."""
        self._closing = False
        for axon in self._axons.values():
            self.admit(axon)

    def admit(self, axon: Axon) -> None:
        """An attached Axon takes part from now on."""
        self._lanes.setdefault(axon.neuron_id, _Lane(axon))
        axon.host.move(self.handlers)

    def retire(self, neuron_id: str) -> None:
        """An Axon is about to be detached: no longer reckon with it, and do what still arrives for it.

        Raises:
            KeyError: this Dendrite does not host it.
        """
        self._require(neuron_id)
        if neuron_id in self._lanes:
            self._lanes[neuron_id].leaving = True

    def detach(self, neuron_id: str) -> Axon:
        """Stop hosting an Axon. What it runs goes on; what waits for it is answered with an ERROR.

        Raises:
            KeyError: this Dendrite does not host it.
        """
        self._require(neuron_id)
        axon = self._axons.pop(neuron_id)
        axon.bind(None, self._clock, self._ids)
        axon.host.move(None)
        lane = self._lanes.pop(neuron_id, None)
        if lane is not None:
            self._turn_away(lane)
        return axon

    def _require(self, neuron_id: str) -> None:
        if neuron_id not in self._axons:
            raise KeyError(f"neuron {neuron_id!r} is not attached to this Dendrite")

    def close(self) -> None:
        """No further work: what waits is answered with an ERROR, and so is what is cancelled from now on."""
        self._closing = True
        lanes, self._lanes = self._lanes, {}
        for lane in lanes.values():
            self._turn_away(lane)

    # -- intake

    def take_task(self, task: Signal) -> None:
        """A TASK arrived: run it if it is for an Axon here, else nothing (PROTOCOL 6.9)."""
        lane = self._chosen(task)
        if lane is not None:
            self._accept(lane, task)

    def take_routed(self, task: Signal) -> None:
        """A TASK came through the queue group: run it, or pass it on when no single Axon here can do it."""
        lane = self._chosen(task)
        if lane is not None:
            self._accept(lane, task)
        if lane is not None or task.neuron is not None:
            return
        wanted = texts(task.payload.get("capabilities"))
        if not wanted or not set(wanted) <= {each for axon in self.serving for each in axon.capabilities}:
            # Nobody with our profile can do it, so it was never for this group.
            return
        self.uncovered += 1
        told = ", ".join(sorted(set(wanted)))
        if told not in self._told and len(self._told) < TOLD:
            self._told.add(told)
            logger.warning("a TASK is passed on: no single Axon here covers %s", told)
        self._handover.take(task, wanted)

    def take_award(self, award: Signal) -> None:
        """A TASK_AWARDED arrived: run it if it is for an Axon here, and for this host of it.

        An award that takes the place of another one ends that one's run.
        """
        # Every host of the bus hears every award: most have nothing to end, and need not read on.
        if award.trace_id in self._running or any(lane.waiting for lane in self._lanes.values()):
            withdrawn = award.meta.get("cosmo.withdraws")
            if isinstance(withdrawn, str):
                self._end(award.trace_id, withdrawn)
        lane = self._lanes.get(award.neuron or "")
        if lane is None or not self._ours(award):
            return
        payload: dict[str, Any] = {
            key: award.payload[key] for key in ("input", "context_ref", "finalize") if key in award.payload
        }
        if payload.get("input") is None:
            payload["input"] = self._input_offered(award)
        # The award's own id: every reply hangs under an event that crossed the bus (DESIGN 6.7).
        task = Signal(
            id=award.id,
            trace_id=award.trace_id,
            parent_id=award.parent_id,
            type=SignalType.TASK,
            directed=Directed(id=lane.axon.neuron_id),
            ts=award.ts,
            payload=payload,
            meta=award.meta,
        )
        self._accept(lane, task)

    def note_bid(self, bid: Signal, offer: Signal) -> bool:
        """A bid goes out from here. Returns whether its neuron lives here, so that this host is to serve the award."""
        if bid.neuron not in self._lanes:
            return False
        self._bids.note(bid, offer)
        return True

    def _input_offered(self, award: Signal) -> dict[str, Any]:
        """What an award of the draft protocol is about: it only names the offer (PROTOCOL 2.2)."""
        offered = self._bids.offered(award)
        if isinstance(offered, dict):
            return offered
        # Anybody can send one: no warning for each.
        logger.info("%s has no input, and the offer it is about is unknown here", award.id)
        return {}

    def _ours(self, award: Signal) -> bool:
        """Whether this host won, and not another one of a neuron with the same name."""
        instance = award.meta.get("cosmo.instance")
        if isinstance(instance, str):
            return instance == self._link.instance
        # A released peer's award only names the winning bid.
        return self._bids.may_have_won(award)

    def _chosen(self, task: Signal) -> _Lane | None:
        if task.neuron is not None:
            return self._lanes.get(task.neuron)
        wanted = texts(task.payload.get("capabilities"))
        if wanted:
            return self._covering(wanted)
        return next((lane for lane in self._lanes.values() if lane.axon.catch_all), None)

    def _covering(self, capabilities: list[str]) -> _Lane | None:
        return next((lane for lane in self._lanes.values() if lane.axon.covers(capabilities)), None)

    def _accept(self, lane: _Lane, task: Signal) -> None:
        if task.trace_id in self._tombstones:
            self._refuse(lane, task, "TRACE_STOPPED", "this trace was stopped", recoverable=False)
        elif lane.running < lane.limit:
            self._run(lane, task)
        elif len(lane.waiting) < lane.axon.max_waiting:
            lane.waiting.append(task)
        else:
            self._work.spawn(self._say(lane.axon.overloaded(task)), "refusing a task")

    def _turn_away(self, lane: _Lane) -> None:
        while lane.waiting:
            self._refuse(lane, lane.waiting.popleft(), "NEURON_LEFT", "the neuron left before its turn came")

    def _refuse(
        self, lane: _Lane, task: Signal, code: str, message: str, *, recoverable: bool = True
    ) -> None:
        error = lane.axon.error(task, code, message, recoverable=recoverable)
        self._work.spawn(self._say(error), "refusing a task")

    # -- running

    def _run(self, lane: _Lane, task: Signal) -> None:
        trace_id = task.trace_id
        lane.running += 1
        running = self._work.spawn(
            self._serve(lane, task), "running a neuron", then=lambda done: self._ended(lane, trace_id, done)
        )
        self._running.setdefault(trace_id, {})[running] = task.id

    def _ended(self, lane: _Lane, trace_id: str, done: asyncio.Task[None]) -> None:
        lane.running -= 1
        running = self._running[trace_id]
        running.pop(done, None)
        if not running:
            del self._running[trace_id]
        while lane.waiting and lane.running < lane.limit:
            self._accept(lane, lane.waiting.popleft())

    async def _serve(self, lane: _Lane, task: Signal) -> None:
        axon = lane.axon
        try:
            reply = await axon.handle_task(task)
        except asyncio.CancelledError:
            # A STOP wants no answer. Whoever waits for a Dendrite that goes home should not wait in vain.
            if self._closing and task.trace_id not in self._tombstones:
                await self._say(axon.error(task, "NEURON_LEFT", "its host was shut down", recoverable=True))
            raise
        except Exception as error:
            logger.exception("axon %s failed on %s", axon.neuron_id, task.id)
            reply = axon.error(task, "AXON_EXCEPTION", str(error))
        try:
            await self._deliver(reply)
        except EnvelopeError as error:
            await self._say(axon.error(task, "OUTPUT_NOT_SERIALIZABLE", str(error)))
            return
        except SynapseError as error:
            logger.warning("the reply of %s to %s could not be sent: %s", axon.neuron_id, task.id, error)
            if self._link.synapse.connected:
                await self._say(axon.error(task, "OUTPUT_REFUSED", f"the bus refused the reply: {error}"))
            return
        if task.payload.get("finalize") is True and reply.type is SignalType.AGENT_OUTPUT:
            await self._say(axon.final(reply))

    async def _deliver(self, signal: Signal) -> None:
        """Publish what somebody waits for. While the bus is away it is held, and sent once everybody may be back."""
        try:
            await self._link.publish(signal)
        except SynapseError:
            if self._closing or self._link.synapse.connected:
                raise
            if not await self._link.returned(self._clock, HOLD_S):
                raise
            await self._clock.sleep(RETURN_S)
            await self._link.publish(signal)

    async def _say(self, signal: Signal) -> None:
        try:
            await self._deliver(signal)
        except SynapseError as error:
            logger.warning("%s of %s is lost: %s", signal.type, signal.trace_id, error)

    def running(self, neuron_id: str) -> int:
        """How many tasks an Axon works on."""
        lane = self._lanes.get(neuron_id)
        return 0 if lane is None else lane.running

    def _end(self, trace_id: str, task_id: str) -> None:
        """End the run of one task without a reply: somebody else does it now."""
        for lane in self._lanes.values():
            lane.waiting = deque(task for task in lane.waiting if task.id != task_id)
        for run, served in self._running.get(trace_id, {}).items():
            if served == task_id:
                run.cancel()

    async def cancel(self, trace_id: str) -> int:
        """End all work of a stopped trace; no replies are sent. Returns how many runs were cancelled."""
        dropped = 0
        for lane in self._lanes.values():
            kept = [task for task in lane.waiting if task.trace_id != trace_id]
            dropped += len(lane.waiting) - len(kept)
            lane.waiting = deque(kept)
        running = list(self._running.get(trace_id, ()))
        for each in running:
            each.cancel()
        if running:
            await asyncio.wait(running, timeout=1.0)
        return len(running) + dropped
