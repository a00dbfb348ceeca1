"""STOP and STOPPED: ending a trace everywhere, and keeping it ended (PROTOCOL 6.15)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from cosmo_sdk.clock import Clock, within
from cosmo_sdk.dendrite._asked import AskedTasks
from cosmo_sdk.dendrite._hosting import Hosting
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.dendrite._memory import Memory
from cosmo_sdk.dendrite._pathways import PathwayTable
from cosmo_sdk.dendrite._reading import texts
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.ids import Ids
from cosmo_sdk.signal_types import SignalType

LATCHED_S = 600.0
"""How long a stopped trace stays stopped here, seconds."""

LATCHED = 65_536
"""How many stopped traces are remembered."""

ROLL_CALL = "cosmo.roll_call"
"""Meta key of a STOP with rollback: true asks hosts of memories to answer also when there was nothing to undo."""

MEMORIES = "cosmo.engrams"
"""Meta key of a STOPPED that was asked for so: the ids of the memories that did what the STOP says."""

IDLE = "cosmo.idle"
"""Meta key of a STOPPED that was asked for so: true when its sender had no stake."""


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
    """The STOPPED signals to one STOP, until enough of them are there.

    Args:
        runs: how much work is known that must be reported cancelled; None: nobody knows when all is told.
        ours: who we are, if we must answer too.
        memories: Engrams whose hosts must answer.
    """

    def __init__(self, runs: int | None, *, ours: str | None, memories: frozenset[str]) -> None:
        self.heard: list[Signal] = []
        self.complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._runs = runs
        self._ours = ours
        self._memories = set(memories)

    def add(self, ack: Signal) -> None:
        """One more. Complete when all that is known of has answered."""
        if ack.meta.get(IDLE) is not True:
            self.heard.append(ack)
        if ack.neuron == self._ours:
            self._ours = None
        self._memories.difference_update(texts(ack.meta.get(MEMORIES)))
        cancelled = ack.payload.get("cancelled")
        if self._runs is not None and isinstance(cancelled, int):
            self._runs -= cancelled
        if self._told_all and not self.complete.done():
            self.complete.set_result(None)

    @property
    def _told_all(self) -> bool:
        return self._runs is not None and self._runs <= 0 and self._ours is None and not self._memories


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
        self.registered: Callable[[], Awaitable[frozenset[str] | None]] = _unknown
        """Says which memories are registered, None where there is no registry. Set once, by the Dendrite."""

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
                this Dendrite knows of to be reported cancelled, and with `rollback` for all memories in its registry
                to answer; all the time when it knows of no work, and with `rollback` when it has no registry.
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
        runs: int | None = self._asked.running(trace_id) or None
        memories: frozenset[str] | None = frozenset()
        if rollback:
            # Memories may have something to undo wherever they live: only a registry knows them all.
            memories = await self.registered()
            if memories is None:
                runs = None
            elif memories:
                stop.meta[ROLL_CALL] = True
        acks = _Acks(
            runs,
            ours=self._dendrite_id() if self._pathways.has(trace_id) else None,
            memories=memories or frozenset(),
        )
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
        idle = not (cancelled or followed or undone.compensated or undone.errors)
        engrams = list(self._memory.engrams) if rollback and stop.meta.get(ROLL_CALL) is True else []
        if idle and not engrams:
            return
        meta: dict[str, Any] = {MEMORIES: engrams} if engrams else {}
        if idle:
            meta[IDLE] = True
        if undone.errors:
            meta["cosmo.rollback_errors"] = list(undone.errors)
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
                meta=meta,
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


async def _unknown() -> None:
    """No registry: nobody knows which memories there are."""
