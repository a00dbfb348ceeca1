"""An Axon: a Neuron function with an identity, and the shape of its replies (PROTOCOL 7.1)."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from cosmo_sdk._payload import ImprintOp, RecallMode
from cosmo_sdk.ambient import handling
from cosmo_sdk.clock import SYSTEM_CLOCK, Clock, within
from cosmo_sdk.engram.base import EngramBinding, EngramNotBound, ImprintReceipt, RecallResult
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.hooks import LifecycleHooks
from cosmo_sdk.ids import ULIDS, Ids
from cosmo_sdk.signal_types import SignalType

if TYPE_CHECKING:
    from cosmo_sdk.dendrite._memory import Memory

logger = logging.getLogger(__name__)

NeuronFn = Callable[..., Awaitable[Any] | Any]
"""`(input, context) -> result`; a coroutine function, or a plain one, which runs in a thread.

May also declare `recall` and `imprint`, which then ask the memories bound to the Axon.
"""

ContextFetcher = Callable[[str], Awaitable[list[Any]]]
"""Turns a `context_ref` into the `context` list a Neuron function receives."""

Detector = Callable[[Any], Any]
Rule = TypeVar("Rule", bound=Callable[..., Any])


class Axon(LifecycleHooks):
    """Hosts one Neuron function under a name.

    Args:
        neuron_id: its name on the bus.
        neuron_fn: the function that does the work.
        capabilities: what it can do; capability-routed tasks and offers look here.
        version: free text, announced with REGISTER.
        catch_all: also takes TASKs that name neither a neuron nor capabilities.
        neuron_kind: its kind, announced with REGISTER.
        context_fetcher: resolves `context_ref`; without one the context is empty.
        engrams: memories its function may ask by name.
        timeout_s: how long the function may take; then an ERROR `TASK_TIMEOUT`, recoverable, goes out.
        max_concurrent: runs at a time; further ones wait their turn.
        clock: measures `timeout_s` and dates replies, until a Dendrite hosts it: then that one's clock does.

    Raises:
        ValueError: an empty neuron_id, or limits that are not positive.
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
        engrams: Sequence[EngramBinding] = (),
        timeout_s: float | None = None,
        max_concurrent: int | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        super().__init__(clock)
        if not neuron_id:
            raise ValueError("neuron_id is empty: an Axon needs a name on the bus")
        if timeout_s is not None and timeout_s <= 0:
            raise ValueError(f"timeout_s={timeout_s} is not positive")
        if max_concurrent is not None and max_concurrent < 1:
            raise ValueError(f"max_concurrent={max_concurrent}: at least one run at a time")
        self.neuron_id = neuron_id
        self.neuron_fn = neuron_fn
        self.capabilities = list(capabilities or ())
        self.version = version
        self.catch_all = catch_all
        self.neuron_kind = neuron_kind
        self.timeout_s = timeout_s
        self.max_concurrent = max_concurrent
        self._clock = clock
        self._ids: Ids = ULIDS
        self._context_fetcher = context_fetcher
        self._bindings = {binding.name: binding for binding in engrams}
        self._slots = None if max_concurrent is None else asyncio.Semaphore(max_concurrent)
        self._memory: Memory | None = None
        self._before: list[Callable[..., Any]] = []
        self._detectors: list[tuple[SignalType, Detector]] = []
        self._output_rules: list[Detector] = []
        self._extras = self._declared(neuron_fn)
        self._blocks = not _is_coroutine_function(neuron_fn)

    def covers(self, capabilities: Sequence[str]) -> bool:
        """Whether it has every one of the capabilities."""
        return set(capabilities) <= set(self.capabilities)

    def bind(self, memory: Memory | None, clock: Clock, ids: Ids) -> None:
        """Give it the memories, the time and the ids of the Dendrite that hosts it; None takes the memories away.

        Raises:
            RuntimeError: another Dendrite hosts it.
        """
        if memory is not None and self._memory is not None and memory is not self._memory:
            raise RuntimeError(
                f"axon {self.neuron_id!r} is attached to another Dendrite: detach it there first"
            )
        self._memory = memory
        self._clock = self._hook_clock = clock
        self._ids = ids

    # -- rules around the function

    def before_task(self, fn: Rule) -> Rule:
        """Call `fn(input, context)` before the Neuron: a dict it returns replaces the input; raising refuses the task."""
        self._before.append(fn)
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
        """Call `fn(result)`: what it returns, unless None, is the output."""
        self._output_rules.append(fn)
        return fn

    def _detects(self, type: SignalType, fn: Rule) -> Rule:
        self._detectors.append((type, fn))
        # Errors are looked for first, then questions, however they were registered.
        self._detectors.sort(key=lambda detector: _DETECTED.index(detector[0]))
        return fn

    # -- work

    async def handle_task(self, task: Signal) -> Signal:
        """Run the Neuron for a TASK and return the reply, published by nobody. Works on an Axon attached nowhere.

        Returns:
            AGENT_OUTPUT, CLARIFICATION, PERMISSION or ERROR; whatever the function raises becomes an ERROR.
        """
        if self._slots is None:
            return await self._handle(task)
        async with self._slots:
            return await self._handle(task)

    def error(self, task: Signal, code: str, message: str, *, recoverable: bool = False) -> Signal:
        """The ERROR that answers a TASK in this Axon's name."""
        payload = {"code": code, "message": message, "recoverable": recoverable}
        return self._reply(task, SignalType.ERROR, payload)

    def final(self, output: Signal) -> Signal:
        """The FINAL that concludes a workflow with an AGENT_OUTPUT of this Axon."""
        return self._reply(output, SignalType.FINAL, {"result": output.payload.get("output")})

    async def _handle(self, task: Signal) -> Signal:
        with handling(task.trace_id, task.id):
            try:
                if self.timeout_s is None:
                    return await self._shape(task, await self._run(task))
                running = asyncio.ensure_future(self._run(task))
                try:
                    result = await within(self._clock, running, self.timeout_s)
                except TimeoutError:
                    # The function may have met a timeout of its own; ours leaves it cancelled.
                    if running.done() and not running.cancelled():
                        raise
                    late = f"no result within {self.timeout_s:g} s"
                    return self.error(task, "TASK_TIMEOUT", late, recoverable=True)
                return await self._shape(task, result)
            except Exception as error:
                logger.info("neuron %s failed on %s", self.neuron_id, task.id, exc_info=True)
                return self.error(
                    task,
                    "NEURON_EXCEPTION",
                    str(error) or type(error).__name__,
                    recoverable=getattr(error, "recoverable", False) is True,
                )

    async def _run(self, task: Signal) -> Any:
        asked = task.payload.get("input")
        given: Any = asked if asked is not None else {}
        reference = task.payload.get("context_ref")
        context = [] if reference is None else await self._fetch(reference)
        for rule in self._before:
            changed = await _maybe(rule(given, context))
            if isinstance(changed, dict):
                given = changed
        if self._blocks:
            # A plain function may take its time: off the loop with it.
            return await _maybe(await asyncio.to_thread(self.neuron_fn, given, context, **self._extras))
        return await self.neuron_fn(given, context, **self._extras)

    async def _fetch(self, reference: Any) -> list[Any]:
        if not isinstance(reference, str) or self._context_fetcher is None:
            return []
        try:
            return await self._context_fetcher(reference)
        except Exception:
            logger.warning("context %s of %s could not be fetched", reference, self.neuron_id, exc_info=True)
            return []

    async def _shape(self, task: Signal, result: Any) -> Signal:
        for type, detect in self._detectors:
            found = await _maybe(detect(result))
            if isinstance(found, dict):
                return self._reply(task, type, _MARKED[type](found))
        for rule in self._output_rules:
            replaced = await _maybe(rule(result))
            result = result if replaced is None else replaced
        if isinstance(result, dict):
            for marker, type in _MARKERS:
                if result.get(marker):
                    return self._reply(task, type, _MARKED[type](result))
            return self._reply(task, SignalType.AGENT_OUTPUT, {"output": result})
        return self._reply(task, SignalType.AGENT_OUTPUT, {"output": {"value": result}})

    def _reply(self, cause: Signal, type: SignalType, payload: dict[str, Any]) -> Signal:
        return Signal(
            id=self._ids.event(),
            trace_id=cause.trace_id,
            parent_id=cause.id,
            type=type,
            directed=Directed(id=self.neuron_id),
            ts=self._clock.now(),
            payload=payload,
        )

    # -- memory

    def _declared(self, fn: NeuronFn) -> dict[str, Any]:
        """The helpers the function asks for by naming them."""
        if not self._bindings:
            return {}
        try:
            names = inspect.signature(fn).parameters
        except (TypeError, ValueError):
            return {}
        takes_any = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in names.values())
        helpers: dict[str, Any] = {"recall": self.recall, "imprint": self.imprint}
        return {name: helper for name, helper in helpers.items() if takes_any or name in names}

    def _bound(self, name: str) -> tuple[Memory, EngramBinding]:
        binding = self._bindings.get(name)
        if binding is None:
            raise EngramNotBound(
                f"axon {self.neuron_id!r} has no memory called {name!r}: pass engrams=[EngramBinding(...)]"
            )
        if self._memory is None:
            raise EngramNotBound(
                f"axon {self.neuron_id!r} is attached to no Dendrite, so it can ask no memory"
            )
        return self._memory, binding

    async def recall(
        self,
        name: str,
        *,
        query: dict[str, Any],
        filters: dict[str, Any] | None = None,
        context_ref: str | None = None,
        deadline_ms: int | None = None,
        recall_mode: RecallMode | None = None,
        min_confidence: float | None = None,
    ) -> RecallResult:
        """Ask a bound memory; see `Dendrite.recall`.

        Raises:
            EngramNotBound: no memory has that name here.
        """
        memory, binding = self._bound(name)
        return await memory.recall(
            engram_id=binding.directed_id,
            engram_kind=binding.directed_type,
            query=query,
            filters=filters,
            context_ref=context_ref,
            deadline_ms=binding.default_deadline_ms if deadline_ms is None else deadline_ms,
            recall_mode=recall_mode or binding.default_recall_mode,
            min_confidence=min_confidence,
        )

    async def imprint(
        self,
        name: str,
        *,
        op: ImprintOp,
        entry: dict[str, Any],
        merge_key: str | None = None,
        await_ack: bool = False,
        deadline_ms: int | None = None,
    ) -> ImprintReceipt | None:
        """Have a bound memory write; see `Dendrite.imprint`.

        Raises:
            EngramNotBound: no memory has that name here.
        """
        memory, binding = self._bound(name)
        return await memory.imprint(
            engram_id=binding.directed_id,
            engram_kind=binding.directed_type,
            op=op,
            entry=entry,
            merge_key=merge_key,
            await_ack=await_ack,
            deadline_ms=binding.default_deadline_ms if deadline_ms is None else deadline_ms,
        )


def _is_coroutine_function(fn: Any) -> bool:
    """Whether calling it is sure to return at once: an `async def`, bound, partial, or a `__call__` of an object."""
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(getattr(fn, "__call__", None))  # noqa: B004


async def _maybe(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


def _picked(result: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: result[name] for name in names if result.get(name) is not None}


def _clarification(result: dict[str, Any]) -> dict[str, Any]:
    return {"question": str(result.get("question") or ""), **_picked(result, "context")}


def _permission(result: dict[str, Any]) -> dict[str, Any]:
    return {"action": str(result.get("action") or ""), **_picked(result, "scope", "reason", "context")}


def _error(result: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": str(result.get("code") or "NEURON_ERROR"),
        "message": str(result.get("message") or ""),
        "recoverable": bool(result.get("recoverable")),
    }


_DETECTED = (SignalType.ERROR, SignalType.CLARIFICATION, SignalType.PERMISSION)
_MARKERS = (
    ("__error__", SignalType.ERROR),
    ("__clarification__", SignalType.CLARIFICATION),
    ("__permission__", SignalType.PERMISSION),
)
_MARKED: dict[SignalType, Callable[[dict[str, Any]], dict[str, Any]]] = {
    SignalType.ERROR: _error,
    SignalType.CLARIFICATION: _clarification,
    SignalType.PERMISSION: _permission,
}
