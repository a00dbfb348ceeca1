"""An Axon: a Neuron function with an identity, and the shape of its replies (PROTOCOL 7.1)."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from cosmo_sdk._neuron_fn import NeuronFn as NeuronFn
from cosmo_sdk._neuron_fn import accepts_two, blocking, helpers_of, returns_at_once
from cosmo_sdk._replying import DETECTED, marked, reply_to
from cosmo_sdk._thoughts import Publish, Thoughts
from cosmo_sdk._threads import Threads
from cosmo_sdk.ambient import handling
from cosmo_sdk.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.engram.base import EngramBinding
from cosmo_sdk.engram.bound import BoundMemories
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import NeuronError
from cosmo_sdk.hooks import LifecycleHooks
from cosmo_sdk.ids import ULIDS, Ids
from cosmo_sdk.signal_types import SignalType

if TYPE_CHECKING:
    from cosmo_sdk.dendrite._deferred import DeferredHandlers
    from cosmo_sdk.dendrite._memory import Memory

logger = logging.getLogger(__name__)

ContextFetcher = Callable[[str], Awaitable[list[Any]] | list[Any]]
"""Turns a `context_ref` into the `context` list a Neuron function receives."""

Detector = Callable[[Any], Any]
Rule = TypeVar("Rule", bound=Callable[..., Any])

MAX_WAITING = 10_000
"""Tasks that may wait for a busy Axon, unless its `max_waiting` says otherwise."""

THREADS = 32
"""Plain functions of one Axon that run at a time, unless its `max_concurrent` says otherwise."""


class _ContextMissing(Exception):
    """The context of a task cannot be had, and its Axon does not work without."""

    code = "CONTEXT_UNAVAILABLE"
    recoverable = True


class Axon(LifecycleHooks):
    """Hosts one Neuron function under a name.

    A coroutine function runs on the loop and is cancelled by a STOP or by `timeout_s`. A plain function runs in a
    thread, which nothing can interrupt: after a STOP or a timeout it runs on, its result is dropped, and its place under
    `max_concurrent` is free only when it really ends. Such a thread does not keep the process from ending.

    Args:
        neuron_id: its name on the bus.
        neuron_fn: the function that does the work.
        capabilities: what it can do; capability-routed tasks and offers look here.
        version: free text, announced with REGISTER.
        catch_all: also takes TASKs that name neither a neuron nor capabilities.
        neuron_kind: its kind, announced with REGISTER.
        context_fetcher: resolves `context_ref`; without one the context is empty.
        require_context: a `context_ref` that cannot be resolved becomes an ERROR `CONTEXT_UNAVAILABLE`, recoverable;
            otherwise that is logged, and the function gets an empty context.
        engrams: memories its function may ask by name.
        timeout_s: how long a run may take; then an ERROR `TASK_TIMEOUT`, recoverable, goes out.
        max_concurrent: runs at a time; further ones wait their turn.
        max_waiting: runs that may wait; further ones are answered with ERROR `OVERLOADED`, recoverable.
        clock: measures `timeout_s` and dates replies, until a Dendrite hosts it: then that one's clock does.

    Raises:
        ValueError: an empty neuron_id, or limits that are not positive.
        TypeError: `neuron_fn` cannot be called with an input and a context, or `capabilities` is one text.
    """

    def __init__(
        self,
        *,
        neuron_id: str,
        neuron_fn: NeuronFn,
        capabilities: Sequence[str] | None = None,
        version: str | None = None,
        catch_all: bool = False,
        neuron_kind: str = "neuron",
        context_fetcher: ContextFetcher | None = None,
        require_context: bool = False,
        engrams: Sequence[EngramBinding] | None = None,
        timeout_s: float | None = None,
        max_concurrent: int | None = None,
        max_waiting: int = MAX_WAITING,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        super().__init__(clock)
        _check_limits(neuron_id, capabilities, timeout_s, max_concurrent, max_waiting)
        self.neuron_id = neuron_id
        self.neuron_fn = neuron_fn
        self.capabilities = list(capabilities or ())
        self.version = version
        self.catch_all = catch_all
        self.neuron_kind = neuron_kind
        self.timeout_s = timeout_s
        self.max_concurrent = max_concurrent
        self.max_waiting = max_waiting
        self._clock = clock
        self._ids: Ids = ULIDS
        self._context_fetcher = context_fetcher
        self._require_context = require_context
        self._memories = BoundMemories(neuron_id, engrams or ())
        self._slots = None if max_concurrent is None else asyncio.Semaphore(max_concurrent)
        self._waiting = 0
        self._host: DeferredHandlers | None = None
        self._before: list[tuple[Callable[..., Any], bool]] = []
        self._detectors: list[tuple[SignalType, Detector]] = []
        self._output_rules: list[Detector] = []
        self._thoughts = Thoughts(self._reply)
        helpers: dict[str, Any] = {
            "recall": self._memories.recall,
            "imprint": self._memories.imprint,
            "emit_thought_delta": self.emit_thought_delta,
        }
        self._extras = helpers_of(neuron_id, neuron_fn, helpers, offered=bool(engrams))
        # A plain function may take its time: off the loop with it.
        at_once = returns_at_once(neuron_fn)
        self._threads = None if at_once else Threads(f"cosmo-{neuron_id}", max_concurrent or THREADS)

    def __repr__(self) -> str:
        able = f", {', '.join(self.capabilities)}" if self.capabilities else ""
        return f"<Axon {self.neuron_id}{able}>"

    def covers(self, capabilities: Sequence[str]) -> bool:
        """Whether it has every one of the capabilities."""
        return set(capabilities) <= set(self.capabilities)

    @property
    def host(self) -> DeferredHandlers:
        """`@axon.host.on_x(...)`: handlers for the Dendrite that hosts it, added there when it takes part."""
        if self._host is None:
            # Late: the Dendrite's modules import this one.
            from cosmo_sdk.dendrite._deferred import DeferredHandlers

            self._host = DeferredHandlers()
        return self._host

    def bind(self, memory: Memory | None, clock: Clock, ids: Ids, publish: Publish | None = None) -> None:
        """Give it the memories, the time, the ids and the voice of the Dendrite that hosts it; None takes them away.

        Raises:
            RuntimeError: another Dendrite hosts it.
        """
        mine = self._memories.memory
        if memory is not None and mine is not None and memory is not mine:
            raise RuntimeError(
                f"axon {self.neuron_id!r} is attached to another Dendrite: detach it there first"
            )
        self._memories.memory = memory
        self._clock = self._hook_clock = clock
        self._ids = ids
        self._thoughts.publish = publish

    # -- rules around the function

    def before_task(self, fn: Rule) -> Rule:
        """Call `fn(input, context)`, or `fn(input)`, before the Neuron.

        A dict it returns replaces the input, None keeps it, raising refuses the task. Several are called in the order
        they were registered, each with what the one before left.
        """
        self._before.append((fn, accepts_two(fn)))
        return fn

    def detects_error(self, fn: Rule) -> Rule:
        """Call `fn(result)`: a dict it returns (`code`, `message`, `recoverable`) makes the reply an ERROR."""
        return self._detects(SignalType.ERROR, fn)

    def detects_clarification(self, fn: Rule) -> Rule:
        """Call `fn(result)`: a dict it returns (`question`, `context`) makes the reply a CLARIFICATION."""
        return self._detects(SignalType.CLARIFICATION, fn)

    def detects_permission(self, fn: Rule) -> Rule:
        """Call `fn(result)`: a dict it returns (`action`, `scope`, `reason`) makes the reply a PERMISSION."""
        return self._detects(SignalType.PERMISSION, fn)

    def detects_output(self, fn: Rule) -> Rule:
        """Call `fn(result)`: what it returns, unless None, is the output. The first of several that answers does it."""
        self._output_rules.append(fn)
        return fn

    def _detects(self, type: SignalType, fn: Rule) -> Rule:
        self._detectors.append((type, fn))
        # Errors are looked for first, then questions, however they were registered.
        self._detectors.sort(key=lambda detector: DETECTED.index(detector[0]))
        return fn

    # -- work

    async def handle_task(self, task: Signal) -> Signal:
        """Run the Neuron for a TASK and return the reply, published by nobody. Works on an Axon attached nowhere.

        Returns:
            AGENT_OUTPUT, CLARIFICATION, PERMISSION or ERROR; whatever the function raises becomes an ERROR.
        """
        if self._slots is None:
            return await self._handle(task)
        if self._slots.locked() and self._waiting >= self.max_waiting:
            return self.overloaded(task)
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            return await self._handle(task)
        finally:
            self._slots.release()

    def overloaded(self, task: Signal) -> Signal:
        """The ERROR that turns a TASK away because too many wait already."""
        return self.error(task, "OVERLOADED", f"{self.max_waiting} tasks wait here already", recoverable=True)

    def error(
        self,
        task: Signal,
        code: str,
        message: str,
        *,
        recoverable: bool = False,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """The ERROR that answers a TASK in this Axon's name.

        Args:
            task: what failed.
            code: for programs, such as `NEURON_ERROR` (PROTOCOL 6.21).
            message: for people.
            recoverable: whether another attempt may succeed.
            meta: further facts.
        """
        payload = {"code": code, "message": message, "recoverable": recoverable}
        return self._reply(task, SignalType.ERROR, payload, meta)

    def final(self, output: Signal) -> Signal:
        """The FINAL that concludes a workflow with an AGENT_OUTPUT of this Axon."""
        return self._reply(output, SignalType.FINAL, {"result": output.payload.get("output")})

    async def _handle(self, task: Signal) -> Signal:
        with handling(task.trace_id, task.id), self._thoughts.about(task):
            try:
                if self.timeout_s is None:
                    return await self._work(task)
                return await self._in_time(task, self.timeout_s)
            except Exception as error:
                logger.info("neuron %s failed on %s", self.neuron_id, task.id, exc_info=True)
                code = getattr(error, "code", None)
                return self.error(
                    task,
                    code if isinstance(code, str) and code else "NEURON_EXCEPTION",
                    str(error) or type(error).__name__,
                    recoverable=getattr(error, "recoverable", False) is True,
                    meta=error.meta if isinstance(error, NeuronError) else None,
                )

    async def _in_time(self, task: Signal, seconds: float) -> Signal:
        """Work on a task for so long. A function that does not let itself be cancelled is left to itself."""
        working = asyncio.ensure_future(self._work(task))
        alarm = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait([working, alarm], return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            late = f"no result within {seconds:g} s"
            return self.error(task, "TASK_TIMEOUT", late, recoverable=True)
        finally:
            alarm.cancel()
            if not working.done():
                working.cancel()
                working.add_done_callback(_heard)

    async def _work(self, task: Signal) -> Signal:
        return await self._shape(task, await self._run(task))

    async def _run(self, task: Signal) -> Any:
        asked = task.payload.get("input")
        given: Any = asked if asked is not None else {}
        reference = task.payload.get("context_ref")
        context = [] if reference is None else await self._fetch(reference)
        for rule, takes_context in self._before:
            changed = await _maybe(rule(given, context) if takes_context else rule(given))
            if changed is not None and not isinstance(changed, dict):
                raise TypeError(
                    f"before_task {_name(rule)} returned a {type(changed).__name__}: "
                    "a dict replaces the input, None keeps it"
                )
            given = given if changed is None else changed
        if self._threads is None:
            return await self.neuron_fn(given, context, **self._extras)
        helpers = {name: blocking(helper) for name, helper in self._extras.items()}
        return await _maybe(await self._threads.run(self.neuron_fn, given, context, **helpers))

    async def _fetch(self, reference: Any) -> list[Any]:
        """The context a TASK refers to; empty where that cannot be had, unless it is required."""
        fetch = self._context_fetcher
        if fetch is None or not isinstance(reference, str):
            if self._require_context:
                raise _ContextMissing(f"axon {self.neuron_id!r} cannot fetch {reference!r:.80}")
            return []
        try:
            return list(await _maybe(fetch(reference)) or ())
        except Exception as error:
            if self._require_context:
                raise _ContextMissing(f"{reference}: {str(error) or type(error).__name__}") from error
            logger.warning("context %s of %s could not be fetched", reference, self.neuron_id, exc_info=True)
            return []

    async def _shape(self, task: Signal, result: Any) -> Signal:
        for type, detect in self._detectors:
            found = await _maybe(detect(result))
            if isinstance(found, dict):
                return self._reply(task, type, marked(type, found))
        for rule in self._output_rules:
            replaced = await _maybe(rule(result))
            if replaced is not None:
                result = replaced
                break
        return self._reply(task, *reply_to(result))

    def _reply(
        self, cause: Signal, type: SignalType, payload: dict[str, Any], meta: dict[str, Any] | None = None
    ) -> Signal:
        return Signal(
            id=self._ids.event(),
            trace_id=cause.trace_id,
            parent_id=cause.id,
            type=type,
            directed=Directed(id=self.neuron_id),
            ts=self._clock.now(),
            payload=payload,
            meta=dict(meta or {}),
        )

    # -- progress

    async def emit_thought_delta(self, delta: str) -> None:
        """Say something while working on a TASK: a THOUGHT_DELTA under it, numbered from 0. Roles do not matter.

        A Neuron function gets this by declaring a parameter `emit_thought_delta`. On an Axon attached nowhere it
        speaks to nobody. A thought that cannot be sent, or comes after its TASK is over, is counted in
        `thoughts_lost` and fails nothing.

        Raises:
            RuntimeError: called outside of a TASK.
        """
        await self._thoughts.say(delta)

    @property
    def thoughts_lost(self) -> int:
        """Thoughts that nobody could be told of."""
        return self._thoughts.lost


def _check_limits(
    neuron_id: str,
    capabilities: Sequence[str] | None,
    timeout_s: float | None,
    max_concurrent: int | None,
    max_waiting: int,
) -> None:
    if not neuron_id:
        raise ValueError("neuron_id is empty: an Axon needs a name on the bus")
    if isinstance(capabilities, str):
        raise TypeError(f"capabilities={capabilities!r} is one text: a list of texts is meant")
    if timeout_s is not None and timeout_s <= 0:
        raise ValueError(f"timeout_s={timeout_s} is not positive")
    if max_concurrent is not None and max_concurrent < 1:
        raise ValueError(f"max_concurrent={max_concurrent}: at least one run at a time")
    if max_waiting < 0:
        raise ValueError(f"max_waiting={max_waiting} is negative")


async def _maybe(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


def _name(fn: Any) -> str:
    return getattr(fn, "__name__", None) or repr(fn)


def _heard(abandoned: asyncio.Future[Any]) -> None:
    """Whatever work that was given up ends with is no surprise to anybody."""
    if not abandoned.cancelled():
        abandoned.exception()
