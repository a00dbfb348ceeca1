"""The memories a Dendrite hosts, and its questions to all others (PROTOCOL 8)."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from cosmo_sdk._payload import ImprintOp, RecallMode
from cosmo_sdk.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.dendrite._deferred import DeferredHandlers
from cosmo_sdk.dendrite._handlers import HandlerTable
from cosmo_sdk.engram.base import Engram, ImprintReceipt, RecallResult
from cosmo_sdk.engram.client import EngramClient
from cosmo_sdk.engram.host import EngramHost, Publishes
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.factories import deregister_signal
from cosmo_sdk.ids import ULIDS, Ids
from cosmo_sdk.signal_types import SignalType

_logger = logging.getLogger("cosmo_sdk.dendrite.memory")

_ROLLED_BACK_LIMIT = 1_000
"""How many rolled back traces are remembered, to refuse their late writes."""


class Rollback(NamedTuple):
    """What a STOP undid in the hosted memories."""

    compensated: int = 0
    """Writes undone."""
    errors: tuple[str, ...] = ()
    """Memories that could not, and why."""


class Memory:
    """Hosts Engrams: serves what is asked of them, and undoes or keeps what a trace wrote. Asks others' too.

    Of the Signals a Dendrite receives, RECALL and IMPRINT go to `serve`, RECALLED and IMPRINTED to `deliver`, FINAL
    and ERROR to `conclude`, and STOP to `end_trace`. `registrations` says who lives here.

    Args:
        link: sends requests, answers and presence.
        dendrite_id: who asks.
        clock: measures deadlines.
        ids: names requests.
        current_task: the `(trace_id, task id)` of the TASK being handled here, which questions belong to.
    """

    def __init__(
        self,
        link: Publishes,
        dendrite_id: str = "",
        *,
        clock: Clock = SYSTEM_CLOCK,
        ids: Ids = ULIDS,
        current_task: Callable[[], tuple[str, str] | None] = lambda: None,
    ) -> None:
        self._link = link
        self._clock = clock
        self._current_task = current_task
        self._hosts: dict[str, EngramHost] = {}
        self._serving: set[str] = set()
        self._rolled_back: OrderedDict[str, None] = OrderedDict()
        self.handlers: HandlerTable | None = None
        """Where the handlers go that Engrams bring along. Set once, by the Dendrite."""
        self.client = EngramClient(link, dendrite_id, clock=clock, ids=ids)

    # Hosting

    @property
    def engrams(self) -> dict[str, Engram]:
        """The hosted memories by id; a copy."""
        return {engram_id: host.engram for engram_id, host in self._hosts.items()}

    def attach_engram(self, engram: Engram) -> None:
        """Host a memory. On a running Dendrite it takes part from the next start on.

        Raises:
            ValueError: it has no id, or this Dendrite hosts one with the same id.
        """
        if not engram.engram_id:
            raise ValueError(f"{engram.__class__.__name__} has no engram_id")
        if engram.engram_id in self._hosts:
            raise ValueError(f"engram {engram.engram_id!r} is already attached")
        self._hosts[engram.engram_id] = EngramHost(engram, self._link, clock=self._clock)

    async def detach_engram(self, engram_id: str) -> None:
        """Stop hosting a memory: what it works on is finished, then it is deregistered and closed.

        Raises:
            KeyError: this Dendrite does not host it.
        """
        host = self._hosts.pop(engram_id, None)
        if host is None:
            raise KeyError(f"engram {engram_id!r} is not attached to this Dendrite")
        _bring_along(host.engram, None)
        await host.finish()
        if engram_id in self._serving:
            self._serving.remove(engram_id)
            await _close(host.engram)
            await self._link.publish(deregister_signal(directed=host.directed))

    def registrations(self) -> list[Signal]:
        """A fresh REGISTER for each memory that serves."""
        return [host.registration() for host in self._at_work()]

    def health_of(self, engram_id: str) -> str:
        """How a hosted memory is: `ok` or `degraded`."""
        host = self._hosts.get(engram_id)
        return "ok" if host is None else host.health

    async def start(self) -> None:
        """Connect the hosted memories. One that fails is logged; what it is asked is answered with the reason."""
        for engram_id, host in list(self._hosts.items()):
            try:
                await host.engram.connect()
            except Exception:
                host.faulty = True
                _logger.exception("engram %r did not connect", engram_id)
            self._serving.add(engram_id)
            _bring_along(host.engram, self.handlers)

    async def stop(self) -> None:
        """Give up open questions, finish what is under way, close the memories. They keep their data."""
        self.client.cancel(reason="the Dendrite was stopped")
        for engram_id, host in list(self._hosts.items()):
            await host.finish()
            if engram_id in self._serving:
                self._serving.remove(engram_id)
                await _close(host.engram)

    # Serving

    def serve(self, request: Signal) -> None:
        """Take a RECALL or IMPRINT for the hosted memories it addresses. Returns at once; they answer by Signal.

        Writes to one memory are done in the order of these calls, and a recall sees those made before it.
        """
        for host in self._addressed(request):
            host.serve(request, partial(self._refusal, request.trace_id))

    def serve_again(self, request: Signal) -> None:
        """Take an IMPRINT that came before: whoever asks again gets the same answer, and nothing is written twice."""
        for host in self._addressed(request):
            host.serve_again(request, partial(self._refusal, request.trace_id))

    def _addressed(self, request: Signal) -> list[EngramHost]:
        """By id, else by kind. Before 0.1.2 the address was in the payload."""
        directed = request.directed or Directed()
        engram_id = directed.id or request.payload.get("engram_id")
        kind = directed.type or request.payload.get("engram_kind")
        if engram_id:
            return [host for host in self._at_work() if host.engram.engram_id == engram_id]
        return [host for host in self._at_work() if kind and host.engram.engram_kind == kind]

    def _at_work(self) -> list[EngramHost]:
        return [host for engram_id, host in self._hosts.items() if engram_id in self._serving]

    def _refusal(self, trace_id: str) -> str:
        return "the trace was stopped and rolled back" if trace_id in self._rolled_back else ""

    async def end_trace(self, trace_id: str, *, rollback: bool) -> Rollback:
        """A STOP ended a trace: undo what it wrote here, or keep it. Its open questions are given up.

        After a rollback, writes of that trace that arrive late are refused.
        """
        self.client.cancel(trace_id, reason="the trace was stopped")
        if not rollback:
            await self._commit(trace_id)
            return Rollback()
        self._rolled_back[trace_id] = None
        while len(self._rolled_back) > _ROLLED_BACK_LIMIT:
            self._rolled_back.popitem(last=False)
        undone = await asyncio.gather(*(host.compensate(trace_id) for host in self._at_work()))
        return Rollback(
            compensated=sum(each.undone for each in undone),
            errors=tuple(filter(None, (e.error for e in undone))),
        )

    async def conclude(self, signal: Signal) -> None:
        """A FINAL or ERROR ended a trace: FINAL keeps its writes, ERROR leaves a later STOP the choice.

        Its open questions are given up.
        """
        self.client.cancel(signal.trace_id, reason=f"the trace ended with {signal.type}")
        if signal.type is SignalType.FINAL:
            await self._commit(signal.trace_id)

    async def _commit(self, trace_id: str) -> None:
        await asyncio.gather(*(host.commit(trace_id) for host in self._at_work()))

    def deliver(self, answer: Signal) -> None:
        """Hand a RECALLED or IMPRINTED to whoever here asked."""
        self.client.deliver(answer)

    # Asking

    async def recall(
        self,
        *,
        engram_id: str | None = None,
        engram_kind: str | None = None,
        query: dict[str, Any],
        filters: dict[str, Any] | None = None,
        context_ref: str | None = None,
        deadline_ms: int | None = None,
        recall_mode: RecallMode = "first",
        min_confidence: float | None = None,
        trace_id: str | None = None,
        parent_id: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> RecallResult:
        """Ask a memory, or all memories of a kind. Inside a TASK the question belongs to its trace.

        Args:
            engram_id: one memory; goes before `engram_kind`.
            engram_kind: every memory of this kind.
            query: text, tag, merge_key, top_k (PROTOCOL 8.4).
            filters: tags, since, until.
            context_ref: where more context lies.
            deadline_ms: how long to wait, milliseconds; 5,000 when left out.
            recall_mode: `first` answer; `merge` all answers before the deadline, one hit per entry, best first; `all`
                answers with every hit as it came.
            min_confidence: leave out hits that score lower.
            trace_id: the workflow.
            parent_id: the event that caused the question.
            meta: annotations.

        Raises:
            EngramNotBound: neither `engram_id` nor `engram_kind` (also a ValueError).
            EngramTimeout: nobody answered in time.
            EngramCancelled: the trace ended, or the Dendrite stopped.
            EngramError: nobody who answered could do it.
        """
        trace_id, parent_id = self._place(trace_id, parent_id)
        return await self.client.recall(
            engram_id=engram_id,
            engram_kind=engram_kind,
            query=query,
            filters=filters,
            context_ref=context_ref,
            deadline_ms=deadline_ms,
            recall_mode=recall_mode,
            min_confidence=min_confidence,
            trace_id=trace_id,
            parent_id=parent_id,
            meta=meta,
        )

    async def imprint(
        self,
        *,
        engram_id: str | None = None,
        engram_kind: str | None = None,
        op: ImprintOp,
        entry: dict[str, Any],
        merge_key: str | None = None,
        await_ack: bool = False,
        deadline_ms: int | None = None,
        trace_id: str | None = None,
        parent_id: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> ImprintReceipt | None:
        """Have a memory write something. Inside a TASK it belongs to its trace, and is undone with it.

        Args:
            engram_id: one memory; goes before `engram_kind`.
            engram_kind: every memory of this kind.
            op: add, append, merge, upsert or delete.
            entry: id, content, tags, meta (PROTOCOL 8.4).
            merge_key: which entry it is about; needed by merge and upsert.
            await_ack: wait for the receipt.
            deadline_ms: how long to wait for it, milliseconds; 5,000 when left out.
            trace_id: the workflow, which can be rolled back. Outside of a TASK, left out, the write stands alone.
            parent_id: the event that caused it.
            meta: annotations.

        Returns:
            The receipt, whose `error` says why nothing was written; None without `await_ack`.

        Raises:
            ValueError: an unknown op, no merge_key, no address.
            EngramTimeout: nobody answered in time.
            EngramCancelled: the trace ended, or the Dendrite stopped.
        """
        trace_id, parent_id = self._place(trace_id, parent_id)
        return await self.client.imprint(
            engram_id=engram_id,
            engram_kind=engram_kind,
            op=op,
            entry=entry,
            merge_key=merge_key,
            await_ack=await_ack,
            deadline_ms=deadline_ms,
            trace_id=trace_id,
            parent_id=parent_id,
            meta=meta,
        )

    def _place(self, trace_id: str | None, parent_id: str | None) -> tuple[str | None, str | None]:
        """Where in which trace a question stands: what the caller said, else under the TASK being handled."""
        task = self._current_task()
        if trace_id is not None or task is None:
            return trace_id, parent_id
        return task[0], parent_id or task[1]


async def _close(engram: Engram) -> None:
    try:
        await engram.close()
    except Exception:
        _logger.exception("engram %r did not close", engram.engram_id)


def _bring_along(engram: Engram, handlers: HandlerTable | None) -> None:
    """Give a Dendrite the handlers that a memory has for it; None: take them back."""
    # A memory of somebody else's may mean another thing by `host`, such as a machine.
    if isinstance(engram.host, DeferredHandlers):
        engram.host.move(handlers)
