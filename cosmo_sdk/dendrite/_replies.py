"""Answering questions: CLARIFICATION, PERMISSION, ESCALATION (PROTOCOL 6.13, 6.14)."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from cosmo_sdk.clock import Clock
from cosmo_sdk.dendrite._asked import EARLIER, ORIGINAL_INPUT, AskedTasks
from cosmo_sdk.dendrite._dispatch import Dispatcher, TaskSpec
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.dendrite._pathways import PathwayTable
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import AlreadyAnswered, DendriteProtocolError, PathwayStopped
from cosmo_sdk.ids import Ids
from cosmo_sdk.signal_types import TERMINAL_TYPES, SignalType

logger = logging.getLogger("cosmo_sdk.dendrite")

_DECIDED_BY = {
    SignalType.CLARIFICATION: SignalType.CLARIFICATION_ANSWER,
    SignalType.PERMISSION: SignalType.PERMISSION_DECISION,
}


REMEMBERED = 4096
"""Questions answered from here that are remembered."""


class Replies:
    """Closes open questions, in the discrete form or by dispatching the asker again.

    A second discrete answer hurts nobody, the first one counts: it goes out, marked `meta["cosmo.repeat"]`. A second
    dispatch makes the asker do its work twice: it is refused unless asked for.
    """

    def __init__(
        self,
        link: Link,
        pathways: PathwayTable,
        dispatcher: Dispatcher,
        asked: AskedTasks,
        stopped: Callable[[str], bool],
        dendrite_id: Callable[[], str],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._link = link
        self._pathways = pathways
        self._dispatcher = dispatcher
        self._dendrite_id = dendrite_id
        self._clock = clock
        self._ids = ids
        self._asked = asked
        self._stopped = stopped
        self._answered: OrderedDict[str, str] = OrderedDict()

    async def await_decision(self, request: Signal, *, timeout_s: float | None = 30.0) -> Signal:
        """The discrete answer to a CLARIFICATION or PERMISSION, also one that came before this call.

        Args:
            request: the question.
            timeout_s: how long to wait, seconds; None waits for ever.

        Raises:
            DendriteProtocolError: `request` is neither.
            TimeoutError: nobody answered in time.
            PathwayClosedError: the trace ended or was stopped, or this Dendrite was.
        """
        wanted = _DECIDED_BY.get(request.type)
        if wanted is None:
            raise DendriteProtocolError(
                f"await_decision() takes a CLARIFICATION or PERMISSION, not {request.type}"
            )
        await self._link.ensure_subscribed(wanted, SignalType.STOP, *TERMINAL_TYPES)
        return await self._pathways.await_answer(request, wanted, timeout_s)

    async def answer_clarification(
        self, request: Signal, *, answer: Any, meta: dict[str, Any] | None = None
    ) -> Signal:
        """Publish a CLARIFICATION_ANSWER. Whoever awaits it goes on; the asking Neuron is not run again.

        Raises:
            DendriteProtocolError: `request` is no CLARIFICATION.
        """
        _expect(request, SignalType.CLARIFICATION, "answer_clarification")
        return await self._answer(request, SignalType.CLARIFICATION_ANSWER, {"answer": answer}, meta)

    async def grant_permission(
        self,
        request: Signal,
        *,
        reason: str | None = None,
        ttl_ms: int | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Publish a PERMISSION_DECISION that grants.

        Args:
            request: the PERMISSION.
            reason: for people.
            ttl_ms: how long it holds, milliseconds; for whoever enforces it.
            meta: annotations.

        Raises:
            DendriteProtocolError: `request` is no PERMISSION.
        """
        _expect(request, SignalType.PERMISSION, "grant_permission")
        verdict = _verdict(granted=True, reason=reason, ttl_ms=ttl_ms)
        return await self._answer(request, SignalType.PERMISSION_DECISION, verdict, meta)

    async def deny_permission(
        self, request: Signal, *, reason: str | None = None, meta: dict[str, Any] | None = None
    ) -> Signal:
        """Publish a PERMISSION_DECISION that denies.

        Raises:
            DendriteProtocolError: `request` is no PERMISSION.
        """
        _expect(request, SignalType.PERMISSION, "deny_permission")
        verdict = _verdict(granted=False, reason=reason, ttl_ms=None)
        return await self._answer(request, SignalType.PERMISSION_DECISION, verdict, meta)

    async def respond_to_clarification(
        self,
        signal: Signal,
        *,
        answer: Any,
        extra: dict[str, Any] | None = None,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
        again: bool = False,
    ) -> Signal:
        """Dispatch the asker again with the answer, on the same trace; the one form that makes it go on.

        Args:
            signal: the CLARIFICATION.
            answer: any JSON.
            extra: more keys beside question and answer.
            neuron: somebody else than the asker.
            meta: annotations.
            again: dispatch although it was answered so from here before.

        The TASK also carries, as far as this Dendrite knows them, the `original_input`, the `earlier` questions of the
        same work with their answers, and the `context_ref` and `finalize` of the original TASK.

        Raises:
            DendriteProtocolError: not a CLARIFICATION, or it names nobody.
            AlreadyAnswered: it was answered by dispatch from here before.
            PathwayStopped: the trace was stopped: nothing starts on it again.
            RoleError: this Dendrite is a worker.
        """
        _expect(signal, SignalType.CLARIFICATION, "respond_to_clarification")
        said = {"question": signal.payload.get("question", ""), "answer": answer, **self._original(signal)}
        said |= extra or {}
        target = neuron or signal.neuron
        return await self._redispatch(signal, "clarification", {"clarification": said}, target, meta, again)

    async def respond_to_permission(
        self,
        signal: Signal,
        *,
        granted: bool,
        reason: str | None = None,
        ttl_ms: int | None = None,
        extra: dict[str, Any] | None = None,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
        again: bool = False,
    ) -> Signal:
        """Dispatch the asker again with the verdict, on the same trace. Arguments as for a clarification.

        Raises:
            DendriteProtocolError: not a PERMISSION, or it names nobody.
            AlreadyAnswered: it was answered by dispatch from here before.
            PathwayStopped: the trace was stopped.
            RoleError: this Dendrite is a worker.
        """
        _expect(signal, SignalType.PERMISSION, "respond_to_permission")
        said = {
            "action": signal.payload.get("action", ""),
            **_verdict(granted=granted, reason=reason, ttl_ms=ttl_ms),
            **self._original(signal),
        }
        said |= extra or {}
        target = neuron or signal.neuron
        return await self._redispatch(signal, "permission", {"permission": said}, target, meta, again)

    async def respond_to_escalation(
        self,
        signal: Signal,
        *,
        neuron: str | None = None,
        input: dict[str, Any] | None = None,
        meta: dict[str, Any] | None = None,
        again: bool = False,
    ) -> Signal:
        """Dispatch whom an ESCALATION names, on the same trace.

        Args:
            signal: the ESCALATION.
            neuron: somebody else than its target.
            input: instead of its reason and context.
            meta: annotations.
            again: dispatch although it was answered from here before.

        Raises:
            DendriteProtocolError: not an ESCALATION, or there is nobody to dispatch.
            AlreadyAnswered: it was answered from here before.
            PathwayStopped: the trace was stopped.
            RoleError: this Dendrite is a worker.
        """
        _expect(signal, SignalType.ESCALATION, "respond_to_escalation")
        said = {
            "reason": signal.payload.get("reason", ""),
            "context": signal.payload.get("context") or {},
            "from": signal.neuron,
            **self._original(signal),
        }
        target = neuron or signal.payload.get("target")
        given = {"escalation": said} if input is None else input
        return await self._redispatch(signal, "escalation", given, target, meta, again)

    # -- inside

    def _original(self, request: Signal) -> dict[str, Any]:
        """What was asked of the asker in the first place, when this Dendrite saw it go by."""
        asked = self._asked.behind(request)
        known: dict[str, Any] = {ORIGINAL_INPUT: asked.input} if asked.input else {}
        if asked.earlier:
            known[EARLIER] = list(asked.earlier)
        return known

    async def _answer(
        self, request: Signal, type: SignalType, payload: dict[str, Any], meta: dict[str, Any] | None
    ) -> Signal:
        answer = Signal(
            id=self._ids.event(),
            trace_id=request.trace_id,
            parent_id=request.id,
            type=type,
            directed=Directed(id=self._dendrite_id()),
            ts=self._clock.now(),
            payload=payload,
            meta=dict(meta or {}),
        )
        if self._pathways.decided(request, type):
            logger.warning("%s was answered already; the first answer counts", request.id)
            answer.meta["cosmo.repeat"] = True
        await self._link.publish(answer)
        return answer

    async def _redispatch(
        self,
        request: Signal,
        kind: str,
        input: dict[str, Any],
        target: Any,
        meta: dict[str, Any] | None,
        again: bool,
    ) -> Signal:
        self._link.require_orchestrator(f"respond_to_{kind}")
        if not isinstance(target, str) or not target:
            raise DendriteProtocolError(f"this {request.type} names nobody to dispatch: pass neuron=")
        if self._stopped(request.trace_id):
            raise PathwayStopped(request.trace_id, "the trace was stopped")
        if not again and (task_id := self._answered.get(request.id)) is not None:
            raise AlreadyAnswered(request.id, task_id)
        asked = self._asked.behind(request)
        spec = TaskSpec(
            neuron=target,
            input=input,
            trace_id=request.trace_id,
            parent_id=request.id,
            context_ref=asked.context_ref,
            finalize=asked.finalize,
            meta=meta,
        )
        # Noted before it is out, so that two answers at the same time do not both go.
        self._answered[request.id] = "a TASK on its way"
        try:
            task = await self._dispatcher.send(spec)
        except BaseException:
            self._answered.pop(request.id, None)
            raise
        self._answered[request.id] = task.id
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
        return task


def _verdict(*, granted: bool, reason: str | None, ttl_ms: int | None) -> dict[str, Any]:
    verdict: dict[str, Any] = {"granted": granted}
    if reason is not None:
        verdict["reason"] = reason
    if ttl_ms is not None:
        verdict["ttl_ms"] = ttl_ms
    return verdict


def _expect(signal: Signal, type: SignalType, operation: str) -> None:
    if signal.type is not type:
        raise DendriteProtocolError(f"{operation}() takes a {type}, not {signal.type}")
