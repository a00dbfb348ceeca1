"""The `emit_*` methods of a Dendrite (PROTOCOL 6.19).

Generated from `cosmo_sdk/payloads.py` by `python -m cosmo_sdk._tools.generate`: change the table.
"""

from __future__ import annotations

from typing import Any, Protocol

from cosmo_sdk import payloads
from cosmo_sdk._payload import Payload
from cosmo_sdk.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.ids import ULIDS, Ids


class GuardedLink(Protocol):
    """The part of `Link` that emitters need."""

    async def emit(self, signal: Signal) -> None:
        """Publish, if this Dendrite's role and the type allow it."""
        ...


class Emitters:
    """Says things in a Dendrite's own name, through the guards of `emit()`.

    Every method returns the Signal as published, and raises RoleError on a worker and SynapseError when the bus is
    not connected.
    """

    def __init__(
        self, link: GuardedLink, dendrite_id: str, *, clock: Clock = SYSTEM_CLOCK, ids: Ids = ULIDS
    ) -> None:
        self._link = link
        self._dendrite_id = dendrite_id
        self._clock = clock
        self._ids = ids

    async def _emit(
        self,
        payload: Payload,
        trace_id: str,
        parent_id: str | None,
        neuron: str | None,
        meta: dict[str, Any] | None,
    ) -> Signal:
        signal = Signal(
            id=self._ids.event(),
            trace_id=trace_id,
            parent_id=parent_id,
            type=payload.type,
            directed=Directed(id=neuron or self._dendrite_id),
            ts=self._clock.now(),
            payload=payload.to_wire(),
            meta={} if meta is None else meta,
        )
        await self._link.emit(signal)
        return signal

    async def emit_final(
        self,
        *,
        trace_id: str,
        parent_id: str,
        result: Any,
        cost: dict[str, Any] | None = None,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Publish a FINAL: the workflow's conclusion.

        Args:
            trace_id: The trace.
            parent_id: The event that caused it.
            result: The answer to whoever started the workflow.
            cost: Rolled-up cost of the workflow.
            neuron: In whose name; this Dendrite's when left out.
            meta: Annotations without meaning to the protocol.
        """
        return await self._emit(
            payloads.Final(
                result=result,
                cost=cost,
            ),
            trace_id,
            parent_id,
            neuron,
            meta,
        )

    async def emit_error(
        self,
        *,
        trace_id: str,
        code: str,
        message: str,
        parent_id: str | None = None,
        recoverable: bool = False,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Publish an ERROR: the workflow failed.

        Args:
            trace_id: The trace.
            code: A short machine-readable code (PROTOCOL 6.21).
            message: What went wrong, for people.
            parent_id: The event that caused it.
            recoverable: Whether trying again may help.
            neuron: In whose name; this Dendrite's when left out.
            meta: Annotations without meaning to the protocol.
        """
        return await self._emit(
            payloads.Error(
                code=code,
                message=message,
                recoverable=recoverable,
            ),
            trace_id,
            parent_id,
            neuron,
            meta,
        )

    async def emit_plan(
        self,
        *,
        trace_id: str,
        parent_id: str,
        steps: list[Any],
        rationale: str | None = None,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Publish a PLAN: the steps an agent means to take.

        Args:
            trace_id: The trace.
            parent_id: The event that caused it.
            steps: In order; objects, or plain sentences.
            rationale: Why this way.
            neuron: In whose name; this Dendrite's when left out.
            meta: Annotations without meaning to the protocol.
        """
        return await self._emit(
            payloads.Plan(
                steps=steps,
                rationale=rationale,
            ),
            trace_id,
            parent_id,
            neuron,
            meta,
        )

    async def emit_thought_delta(
        self,
        *,
        trace_id: str,
        parent_id: str,
        delta: str,
        seq: int | None = None,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Publish a THOUGHT_DELTA: a piece of reasoning, streamed.

        Args:
            trace_id: The trace.
            parent_id: The event that caused it.
            delta: The next piece of text.
            seq: Its number in the stream.
            neuron: In whose name; this Dendrite's when left out.
            meta: Annotations without meaning to the protocol.
        """
        return await self._emit(
            payloads.ThoughtDelta(
                delta=delta,
                seq=seq,
            ),
            trace_id,
            parent_id,
            neuron,
            meta,
        )

    async def emit_tool_call(
        self,
        *,
        trace_id: str,
        parent_id: str,
        tool: str,
        args: dict[str, Any],
        call_id: str | None = None,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Publish a TOOL_CALL: ask a tool to act.

        Args:
            trace_id: The trace.
            parent_id: The event that caused it.
            tool: The tool's name.
            args: Its arguments.
            call_id: The caller's own name for this call, echoed in the result.
            neuron: In whose name; this Dendrite's when left out.
            meta: Annotations without meaning to the protocol.
        """
        return await self._emit(
            payloads.ToolCall(
                tool=tool,
                args=args,
                call_id=call_id,
            ),
            trace_id,
            parent_id,
            neuron,
            meta,
        )

    async def emit_tool_result(
        self,
        *,
        trace_id: str,
        parent_id: str,
        tool: str,
        result: Any = None,
        error: str | None = None,
        call_id: str | None = None,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Publish a TOOL_RESULT: what a tool answered: a result or an error.

        Args:
            trace_id: The trace.
            parent_id: The event that caused it.
            tool: The tool's name.
            result: What it returned.
            error: Why it failed.
            call_id: The caller's name for the call.
            neuron: In whose name; this Dendrite's when left out.
            meta: Annotations without meaning to the protocol.
        """
        return await self._emit(
            payloads.ToolResult(
                tool=tool,
                result=result,
                error=error,
                call_id=call_id,
            ),
            trace_id,
            parent_id,
            neuron,
            meta,
        )

    async def emit_memory_append(
        self,
        *,
        trace_id: str,
        parent_id: str,
        key: str,
        value: Any,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Publish a MEMORY_APPEND: note something under a key, for whoever follows the trace.

        Args:
            trace_id: The trace.
            parent_id: The event that caused it.
            key: Under which name.
            value: What to note.
            neuron: In whose name; this Dendrite's when left out.
            meta: Annotations without meaning to the protocol.
        """
        return await self._emit(
            payloads.MemoryAppend(
                key=key,
                value=value,
            ),
            trace_id,
            parent_id,
            neuron,
            meta,
        )

    async def emit_critique(
        self,
        *,
        trace_id: str,
        parent_id: str,
        target_event_id: str,
        issues: list[dict[str, Any]],
        verdict: str,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Publish a CRITIQUE: a judgement on another Signal.

        Args:
            trace_id: The trace.
            parent_id: The event that caused it.
            target_event_id: The Signal judged, `evt_...`.
            issues: What is wrong with it.
            verdict: pass, fail or revise by convention.
            neuron: In whose name; this Dendrite's when left out.
            meta: Annotations without meaning to the protocol.
        """
        return await self._emit(
            payloads.Critique(
                target_event_id=target_event_id,
                issues=issues,
                verdict=verdict,
            ),
            trace_id,
            parent_id,
            neuron,
            meta,
        )

    async def emit_escalation(
        self,
        *,
        trace_id: str,
        parent_id: str,
        reason: str,
        target: str | None = None,
        context: dict[str, Any] | None = None,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Publish an ESCALATION: hand a problem to somebody else.

        Args:
            trace_id: The trace.
            parent_id: The event that caused it.
            reason: Why this participant cannot go on.
            target: Who should take over, a neuron id.
            context: What they need to know.
            neuron: In whose name; this Dendrite's when left out.
            meta: Annotations without meaning to the protocol.
        """
        return await self._emit(
            payloads.Escalation(
                reason=reason,
                target=target,
                context=context,
            ),
            trace_id,
            parent_id,
            neuron,
            meta,
        )

    async def emit_consensus(
        self,
        *,
        trace_id: str,
        parent_id: str,
        members: list[str],
        verdict: str,
        votes: dict[str, Any] | None = None,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Publish a CONSENSUS: what a group agreed on.

        Args:
            trace_id: The trace.
            parent_id: The event that caused it.
            members: Who took part.
            verdict: What they decided.
            votes: Who voted how.
            neuron: In whose name; this Dendrite's when left out.
            meta: Annotations without meaning to the protocol.
        """
        return await self._emit(
            payloads.Consensus(
                members=members,
                verdict=verdict,
                votes=votes,
            ),
            trace_id,
            parent_id,
            neuron,
            meta,
        )

    async def emit_context_sync(
        self,
        *,
        trace_id: str,
        parent_id: str,
        snapshot: dict[str, Any],
        version: str | None = None,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Publish a CONTEXT_SYNC: a snapshot of the state that everybody should share.

        Args:
            trace_id: The trace.
            parent_id: The event that caused it.
            snapshot: The state.
            version: Which version of it.
            neuron: In whose name; this Dendrite's when left out.
            meta: Annotations without meaning to the protocol.
        """
        return await self._emit(
            payloads.ContextSync(
                snapshot=snapshot,
                version=version,
            ),
            trace_id,
            parent_id,
            neuron,
            meta,
        )

    async def emit_audit(
        self,
        *,
        trace_id: str,
        parent_id: str,
        kind: str,
        domain: str,
        outcome: str,
        attempt: int = 1,
        component: str | None = None,
        direction: str | None = None,
        signal: str | None = None,
        policy_id: str | None = None,
        policy_version: str | None = None,
        card_id: str | None = None,
        reason: str | None = None,
        hash: str | None = None,
        took_ms: int | None = None,
        neuron: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> Signal:
        """Publish an AUDIT: a policy stepped in.

        Args:
            trace_id: The trace.
            parent_id: The event that caused it.
            kind: What happened: GUARD_RETRY, GUARDED, EVAL_RETRY, TOOL_RETRY, TRANSIENT_RETRY and so on.
            domain: Whose rule it was: security, eval, tool, reliability or governance.
            outcome: How it ended: re_asked, resent, recovered, exhausted, refused, redacted and so on.
            attempt: Which try this was, from 1.
            component: The part that stepped in.
            direction: Whether it judged what came in or what went out.
            signal: The Signal it judged.
            policy_id: The policy applied.
            policy_version: The policy's version.
            card_id: The policy card it is on.
            reason: Why, for people.
            hash: A digest of what was judged.
            took_ms: How long judging took, milliseconds.
            neuron: In whose name; this Dendrite's when left out.
            meta: Annotations without meaning to the protocol.
        """
        return await self._emit(
            payloads.Audit(
                kind=kind,
                domain=domain,
                outcome=outcome,
                attempt=attempt,
                component=component,
                direction=direction,
                signal=signal,
                policy_id=policy_id,
                policy_version=policy_version,
                card_id=card_id,
                reason=reason,
                hash=hash,
                took_ms=took_ms,
            ),
            trace_id,
            parent_id,
            neuron,
            meta,
        )
