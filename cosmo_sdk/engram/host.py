"""One hosted memory at work: takes requests in order, answers each of them, whatever happens (PROTOCOL 8.3)."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from inspect import isawaitable
from typing import Any, NamedTuple, Protocol, TypeVar

from cosmo_sdk.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.engram.base import OVERLOADED, Engram, EngramError, EngramOverloaded, RollbackIncomplete
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import EnvelopeError, SynapseError
from cosmo_sdk.factories import imprinted_signal, recalled_signal, register_signal
from cosmo_sdk.signal_types import SignalType

_logger = logging.getLogger("cosmo_sdk.engram.host")

MAX_UNDER_WAY = 1_000
"""Requests one memory works on at a time; further ones are answered with an overload error."""

ANSWERED = 1_000
"""Writes whose answer is remembered, for when they are asked for again."""

UNJOURNALED = 1_000
"""Traces whose writes are counted for a memory that cannot undo them."""

STANDALONE = "cosmo.standalone"
"""The meta key of a write that belongs to no workflow."""

R = TypeVar("R")


class RolledBack(NamedTuple):
    """What became of the request to undo a trace."""

    undone: int
    """Writes undone."""
    error: str = ""
    """Why that was not all."""


class Publishes(Protocol):
    """The part of a Dendrite's link that answering needs."""

    async def publish(self, signal: Signal) -> None:
        """Send a Signal, unguarded."""
        ...


class EngramHost:
    """Works one Engram for a Dendrite.

    Writes are done one after the other, in the order they were asked for. A recall waits for the writes asked for
    before it, and for nothing else.

    Args:
        engram: the memory.
        link: sends its answers.
        clock: measures how long it took.
        max_under_way: how many requests it works on at a time.
    """

    def __init__(
        self,
        engram: Engram,
        link: Publishes,
        *,
        clock: Clock = SYSTEM_CLOCK,
        max_under_way: int = MAX_UNDER_WAY,
    ) -> None:
        self.engram = engram
        self._link = link
        self._clock = clock
        self._max_under_way = max_under_way
        self._last_write: asyncio.Task[Any] | None = None
        self._under_way: set[asyncio.Task[Any]] = set()
        self._answers: OrderedDict[str, Signal | None] = OrderedDict()
        """Of the latest writes: what was answered, None while they are under way."""
        self._unjournaled: OrderedDict[str, int] = OrderedDict()
        self.faulty = False
        """Whether the last thing the memory was asked for failed inside it."""

    @property
    def health(self) -> str:
        """`ok`, or `degraded` after a fault that was none of the asker's, until something works again."""
        return "degraded" if self.faulty else "ok"

    @property
    def directed(self) -> Directed:
        """Its address, as its answers carry it."""
        return Directed(id=self.engram.engram_id, type=self.engram.engram_kind)

    def registration(self) -> Signal:
        """A fresh REGISTER."""
        engram = self.engram
        return register_signal(
            directed=Directed(
                id=engram.engram_id, type=engram.engram_kind, capabilities=list(engram.capabilities)
            ),
            capabilities=list(engram.capabilities),
            version=engram.version,
            engram=True,
        )

    def serve(self, request: Signal, refused: Callable[[], str] = str) -> None:
        """Take a RECALL or IMPRINT. Returns at once; the answer is a Signal.

        Args:
            request: what is asked.
            refused: called when a write's turn has come; a text is why it is not done.
        """
        if len(self._under_way) >= self._max_under_way:
            failure = self._failure(request, f"{OVERLOADED}: {self._max_under_way} requests are under way")
            self._spawn(self._link.publish(failure))
        elif request.type is SignalType.IMPRINT:
            self._remember(request, None)
            self._write(partial(self._answer, request, partial(self._imprint, request, refused)))
        else:
            answering = partial(self._answer, request, partial(self._recall, request))
            self._spawn(_after(self._last_write, answering))

    def serve_again(self, request: Signal, refused: Callable[[], str] = str) -> None:
        """Take a write that was asked for before: its answer may not have arrived. Nothing is written twice."""
        if request.id not in self._answers:
            # Too long ago for us; the memory itself knows.
            self.serve(request, refused)
        elif (answer := self._answers[request.id]) is not None:
            self._spawn(self._link.publish(answer))

    async def compensate(self, trace_id: str) -> RolledBack:
        """Undo what a trace wrote, after the writes asked for before. What stays all the same is said."""
        done = await self._write(partial(self._compensate, trace_id))
        return RolledBack(0, f"{self.engram.engram_id}: could not undo") if done is None else done

    async def _compensate(self, trace_id: str) -> RolledBack:
        name, stay = self.engram.engram_id, self._unjournaled.pop(trace_id, 0)
        if stay:
            return RolledBack(0, f"{name}: keeps no journal, {stay} of this trace's writes stay")
        try:
            return RolledBack(await self.engram.compensate(trace_id))
        except RollbackIncomplete as error:
            return RolledBack(error.undone, f"{name}: {error}")
        except Exception as error:
            _logger.exception("engram %r could not undo %s", name, trace_id)
            return RolledBack(0, f"{name}: could not undo: {error.__class__.__name__}: {error}")

    async def commit(self, trace_id: str) -> None:
        """Keep what a trace wrote, after the writes asked for before."""
        self._unjournaled.pop(trace_id, None)
        await self._write(partial(self.engram.commit, trace_id))

    async def finish(self, within_s: float = 5.0) -> None:
        """Wait until nothing is under way; what takes longer than `within_s` seconds is cancelled, and logged."""
        if not self._under_way:
            return
        _, late = await asyncio.wait(set(self._under_way), timeout=within_s)
        for task in late:
            task.cancel()
        if late:
            _logger.warning("engram %r: %d requests cancelled at the stop", self.engram.engram_id, len(late))
            await asyncio.wait(late, timeout=within_s)

    def _spawn(self, work: Awaitable[R]) -> asyncio.Task[R | None]:
        task = asyncio.create_task(self._settled(work))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    def _write(self, work: Callable[[], Coroutine[Any, Any, R]]) -> asyncio.Task[R | None]:
        task = self._spawn(_after(self._last_write, work))
        self._last_write = task
        return task

    async def _settled(self, work: Awaitable[R]) -> R | None:
        """The result of work whose failure must neither go unheard nor spread."""
        try:
            return await work
        except SynapseError as error:
            # The bus is gone, so nobody can be told; the asker's deadline says it.
            _logger.warning("engram %r could not answer: %s", self.engram.engram_id, error)
        except Exception:
            _logger.exception("engram %r failed", self.engram.engram_id)
        return None

    async def _answer(self, request: Signal, work: Callable[[], Awaitable[Signal | None]]) -> None:
        try:
            answer = await work()
            self.faulty = False
        except EngramOverloaded as error:
            answer = self._failure(request, f"{OVERLOADED}: {error}")
        except EngramError as error:
            answer = self._failure(request, str(error))
        except Exception as error:
            _logger.exception("engram %r failed on %s %s", self.engram.engram_id, request.type, request.id)
            self.faulty = True
            answer = self._failure(request, f"engram_exception: {error.__class__.__name__}: {error}")
        if answer is not None:
            await self._send(request, answer)

    async def _send(self, request: Signal, answer: Signal) -> None:
        try:
            await self._link.publish(answer)
        except (EnvelopeError, SynapseError) as error:
            # It may be this answer that cannot be sent: no JSON, or too long. Whoever waits should hear of that.
            answer = self._failure(request, f"the answer could not be sent: {error}")
            await self._link.publish(answer)
        finally:
            if request.type is SignalType.IMPRINT:
                self._remember(request, answer)

    def _remember(self, request: Signal, answer: Signal | None) -> None:
        self._answers[request.id] = answer
        if len(self._answers) > ANSWERED:
            self._answers.popitem(last=False)

    def _count_unjournaled(self, trace_id: str) -> None:
        """A memory without a journal wrote something: a rollback of the trace will have to admit it."""
        if not self.engram.keeps_journal:
            self._unjournaled[trace_id] = self._unjournaled.get(trace_id, 0) + 1
            if len(self._unjournaled) > UNJOURNALED:
                self._unjournaled.popitem(last=False)

    async def _recall(self, request: Signal) -> Signal | None:
        asked = request.payload
        query = _object(asked, "query")
        served = self.engram.can_serve(query)
        if not (await served if isawaitable(served) else served):
            return None
        started = self._clock.monotonic()
        hits = await self.engram.recall(
            query,
            filters=asked.get("filters"),
            context_ref=asked.get("context_ref"),
            deadline_ms=asked.get("deadline_ms"),
            min_confidence=asked.get("min_confidence"),
        )
        return recalled_signal(
            trace_id=request.trace_id,
            parent_id=request.id,
            directed=self.directed,
            engram_id=self.engram.engram_id,
            hits=[{"id": hit.id, "entry": hit.entry, "score": hit.score} for hit in hits],
            # A backend may return a bare list, which says nothing about more.
            truncated=bool(getattr(hits, "truncated", False)),
            took_ms=self._since(started),
        )

    async def _imprint(self, request: Signal, refused: Callable[[], str]) -> Signal:
        asked = request.payload
        entry = _object(asked, "entry")
        reason = refused()
        if reason:
            raise EngramError(reason)
        trace_id = None if request.meta.get(STANDALONE) is True else request.trace_id
        started = self._clock.monotonic()
        receipt = await self.engram.imprint(
            str(asked.get("op", "")),
            entry,
            merge_key=asked.get("merge_key"),
            imprint_id=request.id,
            trace_id=trace_id,
        )
        if receipt.ok and trace_id is not None:
            self._count_unjournaled(trace_id)
        return imprinted_signal(
            trace_id=request.trace_id,
            parent_id=request.id,
            directed=self.directed,
            engram_id=self.engram.engram_id,
            op=receipt.op,
            id=receipt.id,
            version=receipt.version,
            took_ms=self._since(started) if receipt.took_ms is None else receipt.took_ms,
            error=receipt.error,
        )

    def _failure(self, request: Signal, reason: str) -> Signal:
        """The answer that says why there is none."""
        if request.type is SignalType.RECALL:
            return recalled_signal(
                trace_id=request.trace_id,
                parent_id=request.id,
                directed=self.directed,
                engram_id=self.engram.engram_id,
                hits=[],
                error=reason,
            )
        return imprinted_signal(
            trace_id=request.trace_id,
            parent_id=request.id,
            directed=self.directed,
            engram_id=self.engram.engram_id,
            op=str(request.payload.get("op", "")),
            error=reason,
        )

    def _since(self, started: float) -> int:
        return round((self._clock.monotonic() - started) * 1000)


async def _after(earlier: asyncio.Task[Any] | None, work: Callable[[], Awaitable[R]]) -> R:
    if earlier is not None:
        await asyncio.wait([earlier])
    return await work()


def _object(payload: dict[str, Any], name: str) -> dict[str, Any]:
    value = payload.get(name)
    if not isinstance(value, dict):
        raise EngramError(f"{name} is not an object")
    return value
