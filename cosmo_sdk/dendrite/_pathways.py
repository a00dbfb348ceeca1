"""Open Pathways by trace, and who waits for the answer to one request (PROTOCOL 6.11, 6.13)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from cosmo_sdk.clock import Clock, within
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.dendrite._retrying import Vigil
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import PathwayClosedError, PathwayShutDown, PathwayStopped
from cosmo_sdk.pathway import Pathway, Scope
from cosmo_sdk.signal_types import PATHWAY_TYPES, SignalType

REMEMBERED_DECISIONS = 256
"""Answers kept for who asks for them later."""

_SHUT_DOWN = "the Dendrite was stopped"


class PathwayTable:
    """Delivers Signals to the Pathways of their trace, and answers to who awaits them."""

    def __init__(self, link: Link, clock: Clock) -> None:
        self._link = link
        self._clock = clock
        self._listening = -1
        self._by_trace: dict[str, list[Pathway]] = {}
        self._awaited: dict[str, list[tuple[SignalType, str, asyncio.Future[Signal]]]] = {}
        self._vigils: set[Vigil] = set()
        self._decisions: OrderedDict[tuple[str, SignalType], Signal] = OrderedDict()

    async def listen(self) -> None:
        """Receive every type a Pathway may see."""
        if self._listening != self._link.epoch:
            epoch = self._link.epoch
            await self._link.ensure_subscribed(*PATHWAY_TYPES)
            self._listening = epoch

    def open(
        self, trace_id: str, *, parent_id: str | None, scope: Scope, role: str = "originator"
    ) -> Pathway:
        """A new Pathway on a trace; there may be several."""
        pathway = Pathway(
            trace_id, parent_id=parent_id, role=role, on_close=self._forget, scope=scope, clock=self._clock
        )
        self._by_trace.setdefault(trace_id, []).append(pathway)
        return pathway

    async def observe_pathway(self, trace_id: str) -> Pathway:
        """Watch a trace that somebody else started. Publishes nothing.

        Raises:
            ValueError: this Dendrite has a Pathway on that trace already.
        """
        if trace_id in self._by_trace:
            raise ValueError(f"{trace_id} already has a pathway on this Dendrite")
        await self.listen()
        return self.open(trace_id, parent_id=None, scope="all", role="observer")

    def deliver(self, signal: Signal) -> None:
        """Give a Signal to the Pathways of its trace."""
        pathways = self._by_trace.get(signal.trace_id)
        if pathways is not None:
            for pathway in tuple(pathways):
                pathway.deliver(signal)

    def has(self, trace_id: str) -> bool:
        """Whether a Pathway is open on the trace."""
        return trace_id in self._by_trace

    @contextmanager
    def vigil(self) -> Iterator[Vigil]:
        """For the time of the block: learn of STOPs and of this Dendrite's end also while no Pathway is open."""
        vigil = Vigil(self._clock)
        self._vigils.add(vigil)
        try:
            yield vigil
        finally:
            self._vigils.discard(vigil)

    # -- answers to one request

    def answer(self, signal: Signal) -> None:
        """Note an answer, and give it to whoever awaits it."""
        if signal.parent_id is None:
            return
        self._decisions.setdefault((signal.parent_id, signal.type), signal)
        while len(self._decisions) > REMEMBERED_DECISIONS:
            self._decisions.popitem(last=False)
        waiting = self._awaited.get(signal.parent_id, [])
        for wanted, _, future in waiting:
            if wanted is signal.type and not future.done():
                future.set_result(signal)

    def decided(self, request: Signal, wanted: SignalType) -> bool:
        """Whether an answer of this type was heard here lately."""
        return (request.id, wanted) in self._decisions

    async def await_answer(self, request: Signal, wanted: SignalType, timeout_s: float | None) -> Signal:
        """The first answer of a type whose parent is the request, also one that came before this call.

        Raises:
            TimeoutError: none came in time.
            PathwayClosedError: the trace ended or was stopped, or the Dendrite was.
        """
        known = self._decisions.get((request.id, wanted))
        if known is not None:
            return known
        future: asyncio.Future[Signal] = asyncio.get_running_loop().create_future()
        entry = (wanted, request.trace_id, future)
        self._awaited.setdefault(request.id, []).append(entry)
        try:
            return await within(self._clock, future, timeout_s)
        except TimeoutError:
            raise TimeoutError(f"no {wanted} to {request.id} within {timeout_s}s") from None
        finally:
            waiting = self._awaited[request.id]
            waiting.remove(entry)
            if not waiting:
                del self._awaited[request.id]

    # -- ends

    def stop_trace(self, stop: Signal) -> bool:
        """A STOP ended a trace. True when a Pathway was open on it."""
        trace_id = stop.trace_id
        for vigil in self._vigils:
            if trace_id in vigil.traces and stop.id not in vigil.own_stops:
                vigil.end(PathwayStopped(trace_id, "the trace was stopped"))
        pathways = list(self._by_trace.get(trace_id, ()))
        for pathway in pathways:
            pathway.end(PathwayStopped(trace_id, "the trace was stopped"))
        self._give_up(PathwayStopped, "the trace was stopped", only=trace_id)
        return bool(pathways)

    def close_all(self) -> None:
        """The Dendrite stops: nothing will be delivered any more."""
        for trace_id, pathways in list(self._by_trace.items()):
            for pathway in list(pathways):
                pathway.end(PathwayShutDown(trace_id, _SHUT_DOWN))
        for vigil in self._vigils:
            vigil.end(PathwayShutDown("".join(vigil.traces[-1:]), _SHUT_DOWN))
        self._give_up(PathwayShutDown, _SHUT_DOWN)

    def conclude(self, signal: Signal) -> None:
        """A FINAL or ERROR ended the trace: who awaits an answer on it will get none."""
        if self._awaited:
            self._give_up(PathwayClosedError, f"{signal.type} ended the trace", only=signal.trace_id)

    def _give_up(self, cause: type[PathwayClosedError], reason: str, *, only: str | None = None) -> None:
        """Nobody on a trace, or on any, will get the answer that is awaited."""
        for waiting in list(self._awaited.values()):
            for _, trace_id, future in waiting:
                if only in (None, trace_id) and not future.done():
                    future.set_exception(cause(trace_id, reason))

    def _forget(self, pathway: Pathway) -> None:
        pathways = self._by_trace.get(pathway.trace_id)
        if pathways is not None and pathway in pathways:
            pathways.remove(pathway)
            if not pathways:
                del self._by_trace[pathway.trace_id]
