"""A Pathway: one trace as its originator, or an observer, follows it (PROTOCOL 6.11)."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import islice
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, get_args

from cosmo_sdk.clock import SYSTEM_CLOCK, Clock, within
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import PathwayClosedError, PathwayShutDown
from cosmo_sdk.signal_types import TERMINAL_SCOPE_TYPES, TERMINAL_TYPES, WAIT_TYPES, SignalType

logger = logging.getLogger(__name__)

Scope = Literal["all", "terminal"]
"""What reaches `wait` and iteration: every type, or what ends the work or needs an answer."""

_SCOPES = get_args(Scope)

BUFFERED = 4096
"""Signals kept for a later `wait` or iteration; beyond that the oldest are dropped and counted."""

Callback = Callable[[Signal], Awaitable[Any] | Any]
C = TypeVar("C", bound=Callback)


class Pathway:
    """Everything a trace says, as it is said.

    `wait` and `wait_for` give the next Signal nobody has consumed yet, iteration gives every one from the start,
    callbacks run in order; none of the three disturbs the others. FINAL and ERROR close it.

    Args:
        trace_id: the trace to follow.
        parent_id: the event that opened it here.
        role: `originator` or `observer`.
        on_close: called once, when it closes.
        scope: see `Scope`; callbacks hear every type under both.
        clock: measures timeouts.

    Raises:
        ValueError: unknown scope.
    """

    def __init__(
        self,
        trace_id: str,
        *,
        parent_id: str | None = None,
        role: str = "originator",
        on_close: Callable[[Pathway], None] | None = None,
        scope: Scope = "all",
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if scope not in _SCOPES:
            raise ValueError(f'scope={scope!r} is neither "all" nor "terminal"')
        self.trace_id = trace_id
        self.parent_id = parent_id
        self.role = role
        self.scope: Scope = scope
        self.dropped = 0
        """Signals dropped from a full buffer before anybody consumed them, an iteration came to them, or a callback could
        run. The first is told in the log; `repr`, timeouts and the closing error tell how many."""
        self.withheld = 0
        """Signals of somebody who no longer does this work: the winner of an auction whose award passed on."""
        self._screen: Callable[[Signal], bool] | None = None
        self._on_close = [on_close] if on_close is not None else []
        self._clock = clock
        self._closed: PathwayClosedError | None = None
        self._callbacks: list[tuple[SignalType, Callback]] = []
        self._unconsumed: deque[Signal] = deque()
        self._history: deque[Signal] = deque()
        self._history_start = 0
        self._waiters: list[tuple[frozenset[SignalType], asyncio.Future[Signal]]] = []
        self._news: list[asyncio.Future[None]] = []
        self._pending: deque[Signal] = deque()
        self._caller: asyncio.Task[None] | None = None
        self._iterated = False
        self._callback_waits = False
        self._served_early: set[int] = set()

    def __repr__(self) -> str:
        state = "open" if self._closed is None else f"closed: {self._closed.reason}"
        dropped = f", {self.dropped} dropped" if self.dropped else ""
        withheld = f", {self.withheld} withheld" if self.withheld else ""
        return f"<Pathway {self.trace_id}, {self.role}, scope {self.scope}, {state}{dropped}{withheld}>"

    @property
    def closed(self) -> bool:
        """Whether nothing more will be delivered."""
        return self._closed is not None

    @property
    def cause(self) -> PathwayClosedError | None:
        """Why it closed; None while it is open."""
        if self._closed is None:
            return None
        cause = self._closed.again()
        if self.dropped:
            cause.add_note(f"{self.dropped} signals were dropped before anybody consumed them")
        return cause

    # -- what users call

    async def wait(self, timeout_s: float | None = None) -> Signal:
        """The next answer or question: AGENT_OUTPUT, CLARIFICATION, PERMISSION, ERROR or FINAL.

        Under `scope="terminal"` AGENT_OUTPUT is passed over. An ERROR is returned, not raised.

        Args:
            timeout_s: how long to wait, seconds; None waits until the Pathway closes.

        Raises:
            TimeoutError: nothing came in time.
            PathwayClosedError: it closed before; PathwayStopped after a STOP, PathwayShutDown when its Dendrite stopped.
        """
        return await self._next(WAIT_TYPES if self.scope == "all" else TERMINAL_SCOPE_TYPES, timeout_s)

    async def wait_for(self, type: SignalType, timeout_s: float | None = None) -> Signal:
        """The next Signal of one type. Raises as `wait` does."""
        return await self._next(frozenset({type}), timeout_s)

    def on(self, type: SignalType) -> Callable[[C], C]:
        """Decorator: call the function with every Signal of a type, one at a time, in order of arrival."""

        def register(callback: C) -> C:
            self._callbacks.append((type, callback))
            return callback

        return register

    async def close(self) -> None:
        """Stop following. What was buffered can still be waited for. Calling it again does nothing."""
        self.end(PathwayClosedError(self.trace_id))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def __aiter__(self) -> AsyncIterator[Signal]:
        position = 0
        self._iterated = True
        while True:
            if position < self._history_start:
                self._drop(self._history_start - position)
                position = self._history_start
            index = position - self._history_start
            if index < len(self._history):
                position += 1
                yield self._history[index]
            elif self._closed is not None:
                return
            else:
                news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._news.append(news)
                await news

    # -- what the Dendrite calls

    def deliver(self, signal: Signal) -> None:
        """Take in a Signal of the trace. Ignored once closed."""
        if self._closed is not None:
            return
        if self._screen is not None and not self._screen(signal):
            self.withheld += 1
            return
        if self.scope == "all" or signal.type in TERMINAL_SCOPE_TYPES:
            self._remember(signal)
        if signal.type in TERMINAL_TYPES:
            self._finish(PathwayClosedError(self.trace_id, f"{signal.type} ended the trace"))
        if self._caller is not None or (self._callbacks and self._calls_for(signal.type)):
            self._pending.append(signal)
            if self._caller is None:
                self._caller = asyncio.get_running_loop().create_task(self._call_back())
            elif self._callback_waits:
                # A callback waits for what comes next: it cannot wait for its own end.
                self._serve_early(signal)
            if len(self._pending) > BUFFERED:
                # The first is being called back about.
                late = self._pending[1]
                del self._pending[1]
                self._drop(1)
                self._settle(late)
        else:
            self._settle(signal)

    def screen(self, admits: Callable[[Signal], bool]) -> None:
        """From now on take in only Signals that `admits` lets through; the others are counted in `withheld`."""
        self._screen = admits

    def on_closed(self, listener: Callable[[Pathway], None]) -> None:
        """Call `listener(self)` once, when it closes."""
        self._on_close.append(listener)

    def end(self, reason: PathwayClosedError) -> None:
        """Close for a reason, which everybody who waits is told at once, whatever callbacks are doing."""
        if self._closed is None:
            self._finish(reason)
        self._dismiss()
        caller = self._caller
        if (
            isinstance(reason, PathwayShutDown)
            and caller is not None
            and caller is not asyncio.current_task()
        ):
            caller.cancel()

    # -- inside

    def _drop(self, count: int) -> None:
        if not self.dropped:
            logger.warning("%s: nobody keeps up with this pathway, signals are dropped", self.trace_id)
        self.dropped += count

    def _calls_for(self, type: SignalType) -> bool:
        return any(wanted is type for wanted, _ in self._callbacks)

    def _finish(self, reason: PathwayClosedError) -> None:
        self._closed = reason
        self._announce()
        listeners, self._on_close = self._on_close, []
        for listener in listeners:
            listener(self)

    def _remember(self, signal: Signal) -> None:
        if len(self._history) >= BUFFERED:
            self._history.popleft()
            self._history_start += 1
        self._history.append(signal)
        self._announce()

    def _announce(self) -> None:
        if self._news:
            news, self._news = self._news, []
            for waiting in news:
                if not waiting.done():
                    waiting.set_result(None)

    async def _call_back(self) -> None:
        """Run callbacks in order; who waits for a Signal is served after its callbacks."""
        try:
            while self._pending:
                signal = self._pending[0]
                for type, callback in list(self._callbacks):
                    if type is signal.type:
                        await self._run(callback, signal)
                self._settle(self._pending.popleft())
        finally:
            self._caller = None
            # Cancelled half-way: no further callbacks, but who waits is served.
            while self._pending:
                self._settle(self._pending.popleft())

    async def _run(self, callback: Callback, signal: Signal) -> None:
        try:
            result = callback(signal)
            if inspect.isawaitable(result):
                await result
        except Exception:
            logger.exception("a callback for %s on %s failed", signal.type, self.trace_id)

    def _settle(self, signal: Signal) -> None:
        """Serve whoever waits for this Signal, else keep it for who will."""
        if id(signal) in self._served_early:
            self._served_early.discard(id(signal))
        elif (self.scope == "all" or signal.type in TERMINAL_SCOPE_TYPES) and not self._serve(signal):
            if len(self._unconsumed) >= BUFFERED:
                self._make_room()
            self._unconsumed.append(signal)
        if self._closed is not None and not self._pending:
            self._dismiss()

    def _make_room(self) -> None:
        """Drop the oldest of the buffer that is no answer: a flood of thoughts must not cost one."""
        index = next((at for at, each in enumerate(self._unconsumed) if each.type not in WAIT_TYPES), 0)
        oldest = self._unconsumed[index]
        del self._unconsumed[index]
        # What somebody iterates over, or is called back about, did not get lost.
        if not self._iterated and not self._calls_for(oldest.type):
            self._drop(1)

    def _serve_early(self, signal: Signal) -> None:
        """Serve a Signal to who waits for it before its callbacks have run."""
        if (self.scope == "all" or signal.type in TERMINAL_SCOPE_TYPES) and self._serve(signal):
            self._served_early.add(id(signal))
        if self._closed is not None:
            self._dismiss()

    def _serve(self, signal: Signal) -> bool:
        """Give a Signal to everybody who waits for its type; whether anybody did."""
        if not self._waiters:
            return False
        served = False
        remaining = []
        for types, waiter in self._waiters:
            if waiter.done():
                continue
            if signal.type in types:
                waiter.set_result(signal)
                served = True
            else:
                remaining.append((types, waiter))
        self._waiters = remaining
        return served

    def _dismiss(self) -> None:
        """Tell everybody who still waits that nothing will come."""
        waiters, self._waiters = self._waiters, []
        for _, waiter in waiters:
            if not waiter.done() and (cause := self.cause) is not None:
                waiter.set_exception(cause)

    async def _next(self, types: frozenset[SignalType], timeout_s: float | None) -> Signal:
        for index, signal in enumerate(self._unconsumed):
            if signal.type in types:
                del self._unconsumed[index]
                return signal
        called_back = self._caller is not None and asyncio.current_task() is self._caller
        if called_back:
            for signal in islice(self._pending, 1, None):
                if signal.type in types and id(signal) not in self._served_early:
                    self._served_early.add(id(signal))
                    return signal
        ahead = not called_back and any(signal.type in types for signal in self._pending)
        if not ahead and (cause := self.cause) is not None:
            raise cause
        waiter: asyncio.Future[Signal] = asyncio.get_running_loop().create_future()
        entry = (types, waiter)
        self._waiters.append(entry)
        self._callback_waits = self._callback_waits or called_back
        try:
            return await within(self._clock, waiter, timeout_s)
        except TimeoutError:
            dropped = f" ({self.dropped} signals were dropped)" if self.dropped else ""
            raise TimeoutError(f"nothing arrived on {self.trace_id} within {timeout_s}s{dropped}") from None
        finally:
            if called_back:
                self._callback_waits = False
            if entry in self._waiters:
                self._waiters.remove(entry)
