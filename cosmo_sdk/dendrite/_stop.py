"""STOP and STOPPED: ending a trace everywhere, and keeping it ended (PROTOCOL 6.15)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from cosmo_sdk.clock import Clock, within
from cosmo_sdk.dendrite._asked import AskedTasks
from cosmo_sdk.dendrite._hosting import Hosting
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.dendrite._memory import Memory
from cosmo_sdk.dendrite._pathways import PathwayTable
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.ids import Ids
from cosmo_sdk.signal_types import SignalType

LATCHED_S = 600.0
"""How long a stopped trace stays stopped here, seconds."""

LATCHED = 65_536
"""How many stopped traces are remembered."""


class Tombstones:
    """Traces that were stopped, for a while."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stopped: OrderedDict[str, float] = OrderedDict()

    def add(self, trace_id: str) -> None:
        """The trace is stopped from now on."""
        self._stopped[trace_id] = self._clock.monotonic() + LATCHED_S
        self._stopped.move_to_end(trace_id)
        while len(self._stopped) > LATCHED:
            self._stopped.popitem(last=False)

    def __contains__(self, trace_id: str) -> bool:
        until = self._stopped.get(trace_id)
        return until is not None and self._clock.monotonic() < until


class _Acks:
    """The STOPPED signals to one STOP, until enough of them are there."""

    def __init__(self, expected: int | None, *, ours: str | None) -> None:
        self.heard: list[Signal] = []
        self.complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._expected = expected
        self._ours = ours

    def add(self, ack: Signal) -> None:
        """One more. Complete when all work known of is reported cancelled, and this Dendrite's own ack is there."""
        self.heard.append(ack)
        if self._ours is not None and ack.neuron == self._ours:
            self._ours = None
        cancelled = ack.payload.get("cancelled")
        if self._expected is not None and isinstance(cancelled, int):
            self._expected -= cancelled
        if (
            self._ours is None
            and self._expected is not None
            and self._expected <= 0
            and not self.complete.done()
        ):
            self.complete.set_result(None)


class Stopper:
    """Sends STOP, and does here what a STOP says."""

    def __init__(
        self,
        link: Link,
        pathways: PathwayTable,
        hosting: Hosting,
        memory: Memory,
        tombstones: Tombstones,
        asked: AskedTasks,
        dendrite_id: Callable[[], str],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._link = link
        self._pathways = pathways
        self._hosting = hosting
        self._memory = memory
        self._tombstones = tombstones
        self._asked = asked
        self._dendrite_id = dendrite_id
        self._clock = clock
        self._ids = ids
        self._collecting: dict[str, _Acks] = {}

    async def emit_stop(self, *, trace_id: str, rollback: bool = False, reason: str | None = None) -> Signal:
        """Broadcast a STOP for a whole trace. A peer that does not hear it is not stopped.

        Args:
            trace_id: what to stop.
            rollback: memories undo what the trace wrote.
            reason: for people.

        Raises:
            RoleError: this Dendrite is a worker.
        """
        self._link.require_orchestrator("emit_stop")
        return await self.broadcast(self.stop_signal(trace_id, rollback=rollback, reason=reason))

    async def broadcast(self, stop: Signal) -> Signal:
        """Publish a STOP that this Dendrite also hears itself. No guard: the caller has its own."""
        await self._link.ensure_subscribed(SignalType.STOP)
        await self._link.publish(stop)
        return stop

    async def stop_trace(
        self,
        trace_id: str,
        *,
        rollback: bool = False,
        reason: str | None = None,
        collect_acks: bool = False,
        timeout_s: float = 1.0,
    ) -> list[Signal]:
        """Broadcast a STOP, and say who obeyed if asked to.

        Args:
            trace_id: what to stop.
            rollback: memories undo what the trace wrote.
            reason: for people.
            collect_acks: wait for the STOPPED signals. No longer than it takes for all the work on the trace that
                this Dendrite knows of to be reported cancelled; with `rollback`, or when it knows of none, all the time.
            timeout_s: for how long, seconds.

        Returns:
            The STOPPED signals, one for each Dendrite that had a stake; empty without `collect_acks`.

        Raises:
            RoleError: this Dendrite is a worker.
        """
        self._link.require_orchestrator("stop_trace")
        stop = self.stop_signal(trace_id, rollback=rollback, reason=reason)
        await self._link.ensure_subscribed(SignalType.STOP, SignalType.STOPPED)
        if not collect_acks:
            await self._link.publish(stop)
            return []
        known = self._asked.running(trace_id)
        # Memories may have something to undo wherever they live: nobody knows how many will answer a rollback.
        expected = known if known and not rollback else None
        acks = _Acks(expected, ours=self._dendrite_id() if self._pathways.has(trace_id) else None)
        self._collecting[stop.id] = acks
        try:
            await self._link.publish(stop)
            with suppress(TimeoutError):
                await within(self._clock, acks.complete, timeout_s)
        finally:
            del self._collecting[stop.id]
        return acks.heard

    def note_ack(self, signal: Signal) -> None:
        """A STOPPED arrived."""
        acks = self._collecting.get(signal.parent_id or "")
        if acks is not None:
            acks.add(signal)

    def stopped(self, trace_id: str) -> bool:
        """Whether a STOP ended the trace within the last while, as far as was heard here."""
        return trace_id in self._tombstones

    def latch(self, stop: Signal) -> bool:
        """From now on the trace is stopped here. Returns whether somebody followed it: those Pathways are closed."""
        self._tombstones.add(stop.trace_id)
        # The Pathway has heard of the STOP itself (the walk delivered it), now it closes.
        return self._pathways.stop_trace(stop)

    async def obey(self, stop: Signal, *, followed: bool) -> None:
        """Do what a STOP says: end work and memory writes of its trace; answer if there was anything to end."""
        trace_id = stop.trace_id
        rollback = stop.payload.get("rollback") is True
        cancelled = await self._hosting.cancel(trace_id)
        undone = await self._memory.end_trace(trace_id, rollback=rollback)
        if not (cancelled or followed or undone.compensated or undone.errors):
            return
        node = self._dendrite_id()
        await self._link.publish(
            Signal(
                id=self._ids.event(),
                trace_id=trace_id,
                parent_id=stop.id,
                type=SignalType.STOPPED,
                directed=Directed(id=node),
                ts=self._clock.now(),
                payload={
                    "rolled_back": rollback and not undone.errors,
                    "cancelled": cancelled,
                    "compensated": undone.compensated,
                    "node": node,
                },
                meta={"cosmo.rollback_errors": list(undone.errors)} if undone.errors else {},
            )
        )

    def stop_signal(self, trace_id: str, *, rollback: bool, reason: str | None) -> Signal:
        """A STOP, not sent yet."""
        payload: dict[str, object] = {"rollback": rollback}
        if reason is not None:
            payload["reason"] = reason
        return Signal(
            id=self._ids.event(),
            trace_id=trace_id,
            type=SignalType.STOP,
            ts=self._clock.now(),
            payload=payload,
        )
