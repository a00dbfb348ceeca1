"""Sending TASKs: the dispatch family (PROTOCOL 6.10)."""

from __future__ import annotations

from typing import Any

import msgspec

from cosmo_sdk.ambient import current_task
from cosmo_sdk.clock import Clock
from cosmo_sdk.dendrite._asked import AskedTasks
from cosmo_sdk.dendrite._finding import Finder
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.dendrite._pathways import PathwayTable
from cosmo_sdk.dendrite._retrying import retrying
from cosmo_sdk.dendrite._stop import Stopper
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.ids import Ids
from cosmo_sdk.pathway import Pathway, Scope
from cosmo_sdk.retry import RetryStrategy
from cosmo_sdk.signal_types import TERMINAL_TYPES, SignalType


class TaskSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asked for, passed on as one value."""

    input: dict[str, Any]
    neuron: str | None = None
    capabilities: list[str] | None = None
    trace_id: str | None = None
    parent_id: str | None = None
    context_ref: str | None = None
    finalize: bool = False
    meta: dict[str, Any] | None = None
    open_call: bool = False
    inherit_trace: bool = False

    def signal(self, clock: Clock, ids: Ids) -> Signal:
        """The TASK.

        Raises:
            ValueError: it is for nobody.
        """
        if not (self.neuron or self.capabilities or self.open_call):
            raise ValueError(
                "a TASK needs neuron= or capabilities=; open_call=True offers it to every catch_all Axon instead"
            )
        trace_id, parent_id = place(self.trace_id, self.parent_id, self.inherit_trace)
        payload: dict[str, Any] = {"input": self.input}
        if self.context_ref is not None:
            payload["context_ref"] = self.context_ref
        if self.capabilities:
            payload["capabilities"] = list(self.capabilities)
        if self.finalize:
            payload["finalize"] = True
        return Signal(
            id=ids.event(),
            trace_id=trace_id or ids.trace(),
            parent_id=parent_id,
            type=SignalType.TASK,
            directed=Directed(id=self.neuron) if self.neuron else None,
            ts=clock.now(),
            payload=payload,
            meta=dict(self.meta or {}),
        )


def place(trace_id: str | None, parent_id: str | None, inherit_trace: bool) -> tuple[str | None, str | None]:
    """Where new work stands: what the caller said, else below the TASK being handled, in a trace of its own."""
    task = current_task()
    if task is None:
        return trace_id, parent_id
    if trace_id is None and inherit_trace:
        trace_id = task[0]
    return trace_id, parent_id if parent_id is not None else task[1]


class Dispatcher:
    """Builds and sends TASKs. Every method needs an orchestrator."""

    def __init__(
        self,
        link: Link,
        pathways: PathwayTable,
        stopper: Stopper,
        asked: AskedTasks,
        clock: Clock,
        ids: Ids,
        *,
        finder: Finder,
        resolve_ms: int | None = None,
    ) -> None:
        self._link = link
        self._pathways = pathways
        self._stopper = stopper
        self._asked = asked
        self._clock = clock
        self._ids = ids
        self._finder = finder
        self._resolve_ms = resolve_ms

    async def dispatch_task(
        self,
        *,
        neuron: str | None = None,
        input: dict[str, Any],
        trace_id: str | None = None,
        parent_id: str | None = None,
        context_ref: str | None = None,
        capabilities: list[str] | None = None,
        finalize: bool = False,
        meta: dict[str, Any] | None = None,
        open_call: bool = False,
        inherit_trace: bool = False,
    ) -> Signal:
        """Publish a TASK and return it. Nothing is awaited, no registry is consulted.

        Args:
            neuron: who is to do it.
            input: what the Neuron function receives.
            trace_id: the workflow; a new one when left out.
            parent_id: the event that caused it; the TASK being handled when left out.
            context_ref: where more context lies, `ctx://<kind>/<id>[@<version>]`.
            capabilities: without `neuron`: whoever has all of these takes it, one of each group of equals.
            finalize: the worker follows its AGENT_OUTPUT with a FINAL.
            meta: annotations.
            open_call: allow a TASK for nobody in particular; `catch_all` Axons take it.
            inherit_trace: inside a task, stay on its trace.

        Raises:
            RoleError: this Dendrite is a worker.
            ValueError: the TASK is for nobody.
        """
        self._link.require_orchestrator("dispatch_task")
        spec = TaskSpec(
            neuron=neuron,
            input=input,
            trace_id=trace_id,
            parent_id=parent_id,
            context_ref=context_ref,
            capabilities=capabilities,
            finalize=finalize,
            meta=meta,
            open_call=open_call,
            inherit_trace=inherit_trace,
        )
        return await self._send(spec.signal(self._clock, self._ids))

    async def dispatch(
        self,
        *,
        neuron: str | None = None,
        input: dict[str, Any],
        trace_id: str | None = None,
        parent_id: str | None = None,
        context_ref: str | None = None,
        capabilities: list[str] | None = None,
        scope: Scope = "all",
        finalize: bool | None = None,
        meta: dict[str, Any] | None = None,
        open_call: bool = False,
        inherit_trace: bool = False,
    ) -> Pathway:
        """Publish a TASK and return the Pathway of its trace, open before the TASK went out.

        Args:
            neuron: see `dispatch_task`, as for all others not named here.
            input: what the Neuron function receives.
            trace_id: the workflow.
            parent_id: the event that caused it.
            context_ref: where more context lies.
            capabilities: what the worker must have.
            scope: `terminal` delivers FINAL, ERROR, CLARIFICATION and PERMISSION only.
            finalize: when left out, True under `scope="terminal"`.
            meta: annotations.
            open_call: allow a TASK for nobody in particular.
            inherit_trace: inside a task, stay on its trace.

        Raises:
            RoleError: this Dendrite is a worker.
            ValueError: the TASK is for nobody, or the scope is unknown.
        """
        self._link.require_orchestrator("dispatch")
        spec = TaskSpec(
            neuron=neuron,
            input=input,
            trace_id=trace_id,
            parent_id=parent_id,
            context_ref=context_ref,
            capabilities=capabilities,
            finalize=scope == "terminal" if finalize is None else finalize,
            meta=meta,
            open_call=open_call,
            inherit_trace=inherit_trace,
        )
        return await self._follow(spec, scope)

    async def dispatch_and_subscribe(
        self,
        *,
        neuron: str | None = None,
        input: dict[str, Any],
        trace_id: str | None = None,
        parent_id: str | None = None,
        context_ref: str | None = None,
        capabilities: list[str] | None = None,
        scope: Scope = "all",
        finalize: bool | None = None,
        meta: dict[str, Any] | None = None,
        open_call: bool = False,
        inherit_trace: bool = False,
    ) -> Pathway:
        """As `dispatch`: the caller wires `@pw.on(...)` on what comes back."""
        return await self.dispatch(
            neuron=neuron,
            input=input,
            trace_id=trace_id,
            parent_id=parent_id,
            context_ref=context_ref,
            capabilities=capabilities,
            scope=scope,
            finalize=finalize,
            meta=meta,
            open_call=open_call,
            inherit_trace=inherit_trace,
        )

    async def dispatch_and_wait(
        self,
        *,
        neuron: str | None = None,
        input: dict[str, Any],
        capabilities: list[str] | None = None,
        timeout_s: float | None = 30.0,
        scope: Scope = "all",
        finalize: bool | None = None,
        retry: RetryStrategy | None = None,
        trace_id: str | None = None,
        parent_id: str | None = None,
        context_ref: str | None = None,
        meta: dict[str, Any] | None = None,
        open_call: bool = False,
        inherit_trace: bool = False,
    ) -> Signal:
        """Publish a TASK and return what it comes to.

        Under `scope="all"` that is the next AGENT_OUTPUT, question, ERROR or FINAL; under `scope="terminal"` the FINAL
        or ERROR. An ERROR is returned, not raised: look at `.type`. After a timeout the worker goes on.

        Args:
            neuron: see `dispatch_task`, as for all others not named here.
            input: what the Neuron function receives.
            capabilities: what the worker must have.
            timeout_s: how long to wait, seconds; None waits for ever.
            scope: what to wait for.
            finalize: when left out, True under `scope="terminal"`.
            retry: try again as this strategy says; its timeout goes before `timeout_s`.
            trace_id: the workflow.
            parent_id: the event that caused it.
            context_ref: where more context lies.
            meta: annotations.
            open_call: allow a TASK for nobody in particular.
            inherit_trace: inside a task, stay on its trace.

        Raises:
            TimeoutError: nothing came in time.
            PathwayClosedError: the trace was stopped, or this Dendrite was.
        """
        self._link.require_orchestrator("dispatch_and_wait")
        spec = TaskSpec(
            neuron=neuron,
            input=input,
            trace_id=trace_id,
            parent_id=parent_id,
            context_ref=context_ref,
            capabilities=capabilities,
            finalize=scope == "terminal" if finalize is None else finalize,
            meta=meta,
            open_call=open_call,
            inherit_trace=inherit_trace,
        )
        if retry is not None:
            return await self._retry(spec, scope, retry, timeout_s)
        return await self._resolve(spec, scope, timeout_s)

    async def run_with_retry(
        self,
        *,
        retry: RetryStrategy,
        neuron: str | None = None,
        input: dict[str, Any],
        capabilities: list[str] | None = None,
        timeout_s: float | None = 30.0,
        scope: Scope = "all",
        finalize: bool | None = None,
        trace_id: str | None = None,
        parent_id: str | None = None,
        context_ref: str | None = None,
        meta: dict[str, Any] | None = None,
        open_call: bool = False,
        inherit_trace: bool = False,
    ) -> Signal:
        """Dispatch and wait, again and again as the strategy says (PROTOCOL 6.16).

        Each abandoned attempt is stopped first, so that a stalled worker cannot outlive the retry. A STOP by somebody
        else, or this Dendrite's own end, is never retried.

        Returns:
            The resolving Signal; the last ERROR when every attempt failed with one.

        Raises:
            TimeoutError: the last attempt timed out.
            PathwayClosedError: the trace was stopped, or this Dendrite was.
        """
        return await self.dispatch_and_wait(
            neuron=neuron,
            input=input,
            capabilities=capabilities,
            timeout_s=timeout_s,
            scope=scope,
            finalize=finalize,
            retry=retry,
            trace_id=trace_id,
            parent_id=parent_id,
            context_ref=context_ref,
            meta=meta,
            open_call=open_call,
            inherit_trace=inherit_trace,
        )

    async def send(self, spec: TaskSpec) -> Signal:
        """Publish what a collaborator asks for. No guard: the caller has its own."""
        return await self._send(spec.signal(self._clock, self._ids))

    # -- inside

    async def _send(self, task: Signal, pathway: Pathway | None = None) -> Signal:
        if self._resolve_ms is not None:
            capabilities: list[str] = task.payload.get("capabilities", [])
            # An open call is for nobody in particular.
            if task.neuron is not None or capabilities:
                await self._finder.require(task.neuron, capabilities, self._resolve_ms / 1000)
        if pathway is not None and (cause := pathway.cause) is not None:
            # Stopped while this was getting ready: then nothing goes out any more.
            raise cause
        self._asked.note(task)
        if task.neuron is None and task.payload.get("capabilities"):
            await self._link.publish_routed(task)
        else:
            await self._link.publish(task)
        return task

    async def _follow(self, spec: TaskSpec, scope: Scope) -> Pathway:
        task = spec.signal(self._clock, self._ids)
        pathway = self._pathways.open(task.trace_id, parent_id=task.id, scope=scope)
        try:
            await self._pathways.listen()
            await self._send(task, pathway)
        except BaseException:
            await pathway.close()
            raise
        return pathway

    async def _resolve(self, spec: TaskSpec, scope: Scope, timeout_s: float | None) -> Signal:
        pathway = await self._follow(spec, scope)
        try:
            deadline = None if timeout_s is None else self._clock.monotonic() + timeout_s
            signal = await pathway.wait(timeout_s)
            # A question is no end: under this scope the caller wants the outcome (DESIGN 6.6).
            while scope != "all" and signal.type not in TERMINAL_TYPES:
                left = None if deadline is None else max(0.0, deadline - self._clock.monotonic())
                signal = await pathway.wait(left)
            return signal
        finally:
            await pathway.close()

    async def _retry(
        self, spec: TaskSpec, scope: Scope, retry: RetryStrategy, timeout_s: float | None
    ) -> Signal:
        timeout_s = timeout_s if retry.timeout_s is None else retry.timeout_s
        first = place(spec.trace_id, None, spec.inherit_trace)[0] or self._ids.trace()
        traces: list[str] = []

        async def attempt(number: int) -> Signal:
            vigil.check()
            fresh = number > 0 and retry.new_trace
            traces.append(self._ids.trace() if fresh else first)
            vigil.traces.append(traces[-1])
            meta = {**(spec.meta or {}), "attempt": number}
            again = msgspec.structs.replace(spec, trace_id=traces[-1], meta=meta)
            return await self._resolve(again, scope, timeout_s)

        async def abandon(number: int) -> None:
            if retry.new_trace:
                stop = self._stopper.stop_signal(
                    traces[number], rollback=retry.rollback_on_retry, reason=retry.reason
                )
                vigil.own_stops.add(stop.id)
                await self._stopper.broadcast(stop)

        with self._pathways.vigil() as vigil:
            return await retrying(retry, attempt, abandon=abandon, vigil=vigil)
