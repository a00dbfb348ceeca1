"""Asking memories across the bus: sends RECALL and IMPRINT, and matches the answers by parent (PROTOCOL 8.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, get_args

from cosmo_sdk import payloads
from cosmo_sdk._payload import ImprintOp, RecallMode
from cosmo_sdk.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.engram.answers import COMBINE, receipt, usable
from cosmo_sdk.engram.base import (
    EngramBinding,
    EngramCancelled,
    EngramNotBound,
    EngramTimeout,
    ImprintReceipt,
    RecallResult,
)
from cosmo_sdk.engram.host import STANDALONE, Publishes
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.ids import ULIDS, Ids

DEFAULT_DEADLINE_MS = 5_000
"""How long an answer is waited for unless the call says otherwise, milliseconds."""


@dataclass(eq=False)
class _Question:
    """A request under way."""

    request: Signal
    first_is_enough: bool
    expected: frozenset[str]
    """Who is known to be asked; empty when that is not known."""
    answers: list[Signal] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: str = ""

    def take(self, answer: Signal) -> None:
        """An answer; the last one that is waited for ends the wait."""
        self.answers.append(answer)
        heard = {each.payload.get("engram_id") or each.neuron for each in self.answers}
        if self.first_is_enough or (self.expected and self.expected <= heard):
            self.done.set()


class EngramClient:
    """Asks memories on behalf of one Dendrite, which hands it every RECALLED and IMPRINTED it sees.

    Args:
        link: sends the requests.
        issuer: the asking Dendrite's id, noted in `meta["cosmo.issuer"]`.
        clock: measures the deadlines.
        ids: names the requests.
    """

    def __init__(
        self, link: Publishes, issuer: str = "", *, clock: Clock = SYSTEM_CLOCK, ids: Ids = ULIDS
    ) -> None:
        self._link = link
        self._issuer = issuer
        self._clock = clock
        self._ids = ids
        self._open: dict[str, _Question] = {}
        self.registered: Callable[[str], Awaitable[frozenset[str]]] = _unknown
        """Says which memories of a kind are registered. Whoever has a registry sets it."""

    async def recall(
        self,
        *,
        binding: EngramBinding | None = None,
        engram_id: str | None = None,
        engram_kind: str | None = None,
        query: dict[str, Any],
        filters: dict[str, Any] | None = None,
        context_ref: str | None = None,
        deadline_ms: int | None = None,
        recall_mode: RecallMode | None = None,
        min_confidence: float | None = None,
        trace_id: str | None = None,
        parent_id: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> RecallResult:
        """Ask a memory, or all memories of a kind.

        Args:
            binding: the memory and its defaults, in place of the next two.
            engram_id: one memory; goes before `engram_kind`.
            engram_kind: every memory of this kind.
            query: text, tag, merge_key, top_k (PROTOCOL 8.4).
            filters: tags, since, until.
            context_ref: where more context lies.
            deadline_ms: how long to wait, milliseconds; 5,000 when left out.
            recall_mode: `first` takes the first answer. `merge` waits for all answers and keeps the best hit of each
                entry, best first. `all` waits for all answers and keeps every hit, in the order the answers came.
                All answers means those before the deadline, or the one answer of a memory asked by its id; where there
                is a registry, no more is waited for once every memory of the kind that is registered has answered.
            min_confidence: leave out hits that score lower.
            trace_id: the workflow; a new one when left out.
            parent_id: the event that caused the question.
            meta: annotations.

        Raises:
            EngramNotBound: nothing says which memory (also a ValueError, as are wrong modes).
            EngramTimeout: nobody answered in time.
            EngramCancelled: the trace ended, or the Dendrite stopped.
            EngramOverloaded: the memory sheds load.
            EngramError: nobody who answered could do it.
        """
        directed = _address(binding, engram_id, engram_kind)
        mode = recall_mode or (binding.default_recall_mode if binding else "first")
        if mode not in ("first", "merge", "all"):
            raise ValueError(f"recall_mode={mode!r} is not one of first, merge, all")
        wait_ms = _deadline(deadline_ms, binding)
        payload = payloads.Recall(
            query=query,
            filters=filters,
            context_ref=context_ref,
            deadline_ms=wait_ms,
            min_confidence=min_confidence,
            recall_mode=mode,
        )
        request = self._request(payload, directed, trace_id, parent_id, meta)
        single = mode == "first" or directed.id is not None
        known = frozenset[str]() if single or directed.type is None else await self.registered(directed.type)
        answers = await self._ask(request, wait_ms, first_is_enough=single, expected=known)
        return COMBINE[mode](usable(answers))

    async def imprint(
        self,
        *,
        binding: EngramBinding | None = None,
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
        """Have a memory write something.

        Args:
            binding: the memory and its defaults, in place of the next two.
            engram_id: one memory; goes before `engram_kind`.
            engram_kind: every memory of this kind.
            op: add, append, merge, upsert or delete.
            entry: id, content, tags, meta (PROTOCOL 8.4).
            merge_key: which entry it is about; needed by merge and upsert.
            await_ack: wait for the receipt.
            deadline_ms: how long to wait for it, milliseconds; 5,000 when left out.
            trace_id: the workflow, which can be rolled back; left out, the write stands alone and is final.
            parent_id: the event that caused it.
            meta: annotations.

        Returns:
            The first receipt, whose `error` says why nothing was written; None without `await_ack`.

        Raises:
            ValueError: an unknown op, or a merge_key is missing.
            EngramNotBound: nothing says which memory.
            EngramTimeout: nobody answered in time.
            EngramCancelled: the trace ended, or the Dendrite stopped.
        """
        if op not in get_args(ImprintOp):
            raise ValueError(f"op={op!r} is not one of {', '.join(get_args(ImprintOp))}")
        directed = _address(binding, engram_id, engram_kind)
        payload = payloads.Imprint(op=op, entry=entry, merge_key=merge_key)
        faults = payloads.check_payload(payload.type, payload.to_wire())
        if faults:
            raise ValueError(f"imprint: {'; '.join(faults)}")
        if trace_id is None:
            # Nobody knows the trace it gets, so nobody can ask for its rollback: no journal for it.
            meta = {STANDALONE: True, **(meta or {})}
        request = self._request(payload, directed, trace_id, parent_id, meta)
        if not await_ack:
            await self._link.publish(request)
            return None
        [answer, *_] = await self._ask(request, _deadline(deadline_ms, binding), first_is_enough=True)
        return receipt(answer)

    def deliver(self, answer: Signal) -> None:
        """Hand over a RECALLED or IMPRINTED. One that nobody waits for is no concern of ours."""
        question = self._open.get(answer.parent_id or "")
        if question is None or question.done.is_set():
            return
        question.take(answer)

    def cancel(self, trace_id: str | None = None, *, reason: str) -> int:
        """Give up what is being asked on a trace, or everything. Whoever waits gets EngramCancelled.

        Returns:
            How many questions that were.
        """
        given_up = [
            question
            for question in self._open.values()
            if (trace_id is None or question.request.trace_id == trace_id) and not question.done.is_set()
        ]
        for question in given_up:
            question.cancelled = reason
            question.done.set()
        return len(given_up)

    @property
    def waiting(self) -> int:
        """How many questions wait for their answers."""
        return len(self._open)

    def _request(
        self,
        payload: payloads.Recall | payloads.Imprint,
        directed: Directed,
        trace_id: str | None,
        parent_id: str | None,
        meta: dict[str, Any] | None,
    ) -> Signal:
        issuer = {"cosmo.issuer": self._issuer} if self._issuer else {}
        return Signal(
            id=self._ids.event(),
            trace_id=trace_id or self._ids.trace(),
            parent_id=parent_id,
            type=payload.type,
            directed=directed,
            ts=self._clock.now(),
            payload=payload.to_wire(),
            meta={**issuer, **(meta or {})},
        )

    async def _ask(
        self,
        request: Signal,
        wait_ms: int,
        *,
        first_is_enough: bool,
        expected: frozenset[str] = frozenset(),
    ) -> list[Signal]:
        """Publish a request and gather its answers: the first one, or those before the deadline."""
        question = _Question(request, first_is_enough, expected)
        self._open[request.id] = question
        try:
            await self._link.publish(request)
            await self._until(question.done, wait_ms / 1000)
        finally:
            del self._open[request.id]
        if question.cancelled:
            raise EngramCancelled(f"{request.type} on {request.trace_id} given up: {question.cancelled}")
        if not question.answers:
            address = request.directed
            whom = (address.id or f"any {address.type}") if address else "anybody"
            raise EngramTimeout(f"{request.type} to {whom}: no answer within {wait_ms} ms")
        return question.answers

    async def _until(self, done: asyncio.Event, seconds: float) -> None:
        """Wait for an event, by this client's clock, no longer than `seconds`."""
        waits = [asyncio.ensure_future(done.wait()), asyncio.ensure_future(self._clock.sleep(seconds))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _address(binding: EngramBinding | None, engram_id: str | None, engram_kind: str | None) -> Directed:
    if binding is not None:
        return binding.to_directed()
    if engram_id:
        return Directed(id=engram_id, type=engram_kind)
    if engram_kind:
        return Directed(type=engram_kind)
    raise EngramNotBound("say which memory: engram_id= or engram_kind=")


def _deadline(deadline_ms: int | None, binding: EngramBinding | None) -> int:
    if deadline_ms is not None:
        return deadline_ms
    if binding is not None and binding.default_deadline_ms is not None:
        return binding.default_deadline_ms
    return DEFAULT_DEADLINE_MS


async def _unknown(engram_kind: str) -> frozenset[str]:
    """Nobody says who is there."""
    return frozenset()
