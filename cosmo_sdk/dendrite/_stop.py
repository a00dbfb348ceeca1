"""STOP and STOPPED: ending a trace everywhere, and keeping it ended (PROTOCOL 6.15)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from cosmo_sdk.clock import Clock
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


class Stopper:
    """Sends STOP, and does here what a STOP says."""

    def __init__(
        self,
        link: Link,
        pathways: PathwayTable,
        hosting: Hosting,
        memory: Memory,
        tombstones: Tombstones,
        dendrite_id: Callable[[], str],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._link = link
        self._pathways = pathways
        self._hosting = hosting
        self._memory = memory
        self._tombstones = tombstones
        self._dendrite_id = dendrite_id
        self._clock = clock
        self._ids = ids
        self._collecting: dict[str, list[Signal]] = {}

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
        stop = self._signal(trace_id, rollback, reason)
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
            collect_acks: wait for the STOPPED signals.
            timeout_s: for how long, seconds.

        Returns:
            The STOPPED signals, one for each Dendrite that had a stake; empty without `collect_acks`.

        Raises:
            RoleError: this Dendrite is a worker.
        """
        self._link.require_orchestrator("stop_trace")
        stop = self._signal(trace_id, rollback, reason)
        await self._link.ensure_subscribed(SignalType.STOP, SignalType.STOPPED)
        if not collect_acks:
            await self._link.publish(stop)
            return []
        acks: list[Signal] = []
        self._collecting[stop.id] = acks
        try:
            await self._link.publish(stop)
            await self._clock.sleep(timeout_s)
        finally:
            del self._collecting[stop.id]
        return acks

    def note_ack(self, signal: Signal) -> None:
        """A STOPPED arrived."""
        acks = self._collecting.get(signal.parent_id or "")
        if acks is not None:
            acks.append(signal)

    async def obey(self, stop: Signal) -> None:
        """Do what a STOP says: end work, Pathways and memory writes of its trace; answer if there were any."""
        trace_id = stop.trace_id
        rollback = stop.payload.get("rollback") is True
        cancelled = await self._hosting.cancel(trace_id)
        # The Pathway hears of the STOP itself first (the walk delivered it), then it closes.
        followed = self._pathways.stop_trace(trace_id)
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

    def _signal(self, trace_id: str, rollback: bool, reason: str | None) -> Signal:
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
