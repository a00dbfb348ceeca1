"""A valid Signal of every type, for tests: each argument may be left out.

Every builder takes the same arguments around the fields of its payload:

    cause      the Signal that leads to this one: its trace is shared, its id is the parent
    neuron     `directed.id`; when left out, whoever the cause points at, where the type needs somebody
    trace_id   the trace, if not the cause's; a new one without a cause
    meta       annotations

Generated from `cosmo_sdk/payloads.py` by `python -m cosmo_sdk._tools.generate`: change the table.
"""

from __future__ import annotations

from typing import Any

from cosmo_sdk import payloads
from cosmo_sdk._payload import ImprintOp, ParticipantRole, RecallMode
from cosmo_sdk.envelope import Signal
from cosmo_sdk.testing.building import ENTRY, INPUT, MEMBERS, NONE, OUTPUT, QUERY, STATE, STEPS, build


def a_task(
    cause: Signal | None = None,
    *,
    input: dict[str, Any] = INPUT,
    context_ref: str | None = None,
    capabilities: list[str] | None = None,
    finalize: bool = False,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A TASK: ask a Neuron for work."""
    return build(
        payloads.Task(
            input=input,
            context_ref=context_ref,
            capabilities=capabilities,
            finalize=finalize,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def an_output(
    cause: Signal | None = None,
    *,
    output: Any = OUTPUT,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """An AGENT_OUTPUT: what a Neuron made of its task."""
    return build(
        payloads.AgentOutput(
            output=output,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_final(
    cause: Signal | None = None,
    *,
    result: Any = OUTPUT,
    cost: dict[str, Any] | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A FINAL: the workflow's conclusion."""
    return build(
        payloads.Final(
            result=result,
            cost=cost,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def an_error(
    cause: Signal | None = None,
    *,
    code: str = "AGENT_ERROR",
    message: str = "it broke",
    recoverable: bool = False,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """An ERROR: the workflow failed."""
    return build(
        payloads.Error(
            code=code,
            message=message,
            recoverable=recoverable,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def an_offer(
    cause: Signal | None = None,
    *,
    input: dict[str, Any] = INPUT,
    capabilities: list[str] | None = None,
    deadline_ms: int | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A TASK_OFFER: put work up for auction."""
    return build(
        payloads.TaskOffer(
            input=input,
            capabilities=capabilities,
            deadline_ms=deadline_ms,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_bid(
    cause: Signal | None = None,
    *,
    cost: float = 0.01,
    eta_ms: int | None = None,
    confidence: float | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A BID: offer to do the work."""
    return build(
        payloads.Bid(
            cost=cost,
            eta_ms=eta_ms,
            confidence=confidence,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def an_award(
    cause: Signal | None = None,
    *,
    input: dict[str, Any] = INPUT,
    winning_bid: dict[str, Any] | None = None,
    context_ref: str | None = None,
    finalize: bool = False,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A TASK_AWARDED: tell the winner of an auction, and give it the work."""
    return build(
        payloads.TaskAwarded(
            input=input,
            winning_bid=winning_bid,
            context_ref=context_ref,
            finalize=finalize,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_decline(
    cause: Signal | None = None,
    *,
    reason: str | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A TASK_DECLINED: tell a bidder that it did not win."""
    return build(
        payloads.TaskDeclined(
            reason=reason,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_thought_delta(
    cause: Signal | None = None,
    *,
    delta: str = "hm, ",
    seq: int | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A THOUGHT_DELTA: a piece of reasoning, streamed."""
    return build(
        payloads.ThoughtDelta(
            delta=delta,
            seq=seq,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def an_audit(
    cause: Signal | None = None,
    *,
    kind: str = "GUARD_RETRY",
    domain: str = "security",
    outcome: str = "recovered",
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
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """An AUDIT: a policy stepped in."""
    return build(
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
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_plan(
    cause: Signal | None = None,
    *,
    steps: list[Any] = STEPS,
    rationale: str | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A PLAN: the steps an agent means to take."""
    return build(
        payloads.Plan(
            steps=steps,
            rationale=rationale,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_tool_call(
    cause: Signal | None = None,
    *,
    tool: str = "search",
    args: dict[str, Any] = INPUT,
    call_id: str | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A TOOL_CALL: ask a tool to act."""
    return build(
        payloads.ToolCall(
            tool=tool,
            args=args,
            call_id=call_id,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_tool_result(
    cause: Signal | None = None,
    *,
    tool: str = "search",
    result: Any = None,
    error: str | None = None,
    call_id: str | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A TOOL_RESULT: what a tool answered: a result or an error."""
    return build(
        payloads.ToolResult(
            tool=tool,
            result=result,
            error=error,
            call_id=call_id,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_memory_append(
    cause: Signal | None = None,
    *,
    key: str = "note",
    value: Any = "remember this",
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A MEMORY_APPEND: note something under a key, for whoever follows the trace."""
    return build(
        payloads.MemoryAppend(
            key=key,
            value=value,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_critique(
    cause: Signal | None = None,
    *,
    target_event_id: str = "",
    issues: list[dict[str, Any]] = NONE,
    verdict: str = "pass",
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A CRITIQUE: a judgement on another Signal."""
    return build(
        payloads.Critique(
            target_event_id=target_event_id,
            issues=issues,
            verdict=verdict,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def an_escalation(
    cause: Signal | None = None,
    *,
    reason: str = "this is beyond me",
    target: str | None = None,
    context: dict[str, Any] | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """An ESCALATION: hand a problem to somebody else."""
    return build(
        payloads.Escalation(
            reason=reason,
            target=target,
            context=context,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_consensus(
    cause: Signal | None = None,
    *,
    members: list[str] = MEMBERS,
    verdict: str = "agreed",
    votes: dict[str, Any] | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A CONSENSUS: what a group agreed on."""
    return build(
        payloads.Consensus(
            members=members,
            verdict=verdict,
            votes=votes,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_context_sync(
    cause: Signal | None = None,
    *,
    snapshot: dict[str, Any] = STATE,
    version: str | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A CONTEXT_SYNC: a snapshot of the state that everybody should share."""
    return build(
        payloads.ContextSync(
            snapshot=snapshot,
            version=version,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_clarification(
    cause: Signal | None = None,
    *,
    question: str = "which one?",
    context: dict[str, Any] | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A CLARIFICATION: ask before going on."""
    return build(
        payloads.Clarification(
            question=question,
            context=context,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_permission(
    cause: Signal | None = None,
    *,
    action: str = "delete",
    scope: dict[str, Any] | str | None = None,
    reason: str | None = None,
    context: dict[str, Any] | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A PERMISSION: ask for leave before acting."""
    return build(
        payloads.Permission(
            action=action,
            scope=scope,
            reason=reason,
            context=context,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_clarification_answer(
    cause: Signal | None = None,
    *,
    answer: Any = "the first",
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A CLARIFICATION_ANSWER: answer a CLARIFICATION; its id is this Signal's parent."""
    return build(
        payloads.ClarificationAnswer(
            answer=answer,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_permission_decision(
    cause: Signal | None = None,
    *,
    granted: bool = True,
    reason: str | None = None,
    ttl_ms: int | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A PERMISSION_DECISION: decide on a PERMISSION; its id is this Signal's parent."""
    return build(
        payloads.PermissionDecision(
            granted=granted,
            reason=reason,
            ttl_ms=ttl_ms,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_recall(
    cause: Signal | None = None,
    *,
    query: dict[str, Any] = QUERY,
    filters: dict[str, Any] | None = None,
    context_ref: str | None = None,
    deadline_ms: int | None = None,
    min_confidence: float | None = None,
    recall_mode: RecallMode = "first",
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A RECALL: ask a memory."""
    return build(
        payloads.Recall(
            query=query,
            filters=filters,
            context_ref=context_ref,
            deadline_ms=deadline_ms,
            min_confidence=min_confidence,
            recall_mode=recall_mode,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_recalled(
    cause: Signal | None = None,
    *,
    engram_id: str = "",
    hits: list[dict[str, Any]] = NONE,
    truncated: bool = False,
    took_ms: int | None = None,
    error: str | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A RECALLED: what a memory remembers."""
    return build(
        payloads.Recalled(
            engram_id=engram_id,
            hits=hits,
            truncated=truncated,
            took_ms=took_ms,
            error=error,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def an_imprint(
    cause: Signal | None = None,
    *,
    op: ImprintOp = "add",
    entry: dict[str, Any] = ENTRY,
    merge_key: str | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """An IMPRINT: have a memory keep, change or forget something."""
    return build(
        payloads.Imprint(
            op=op,
            entry=entry,
            merge_key=merge_key,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def an_imprinted(
    cause: Signal | None = None,
    *,
    engram_id: str = "",
    op: str = "",
    id: str | None = None,
    version: int | None = None,
    took_ms: int | None = None,
    error: str | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """An IMPRINTED: what a memory did."""
    return build(
        payloads.Imprinted(
            engram_id=engram_id,
            op=op,
            id=id,
            version=version,
            took_ms=took_ms,
            error=error,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_register(
    cause: Signal | None = None,
    *,
    role: ParticipantRole = "neuron",
    capabilities: list[str] | None = None,
    version: str | None = None,
    engram: bool = False,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A REGISTER: a participant is here."""
    return build(
        payloads.Register(
            role=role,
            capabilities=capabilities or [],
            version=version,
            engram=engram,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_deregister(
    cause: Signal | None = None,
    *,
    reason: str | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A DEREGISTER: a participant leaves."""
    return build(
        payloads.Deregister(
            reason=reason,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_heartbeat(
    cause: Signal | None = None,
    *,
    status: str = "ok",
    load: float | None = None,
    in_flight: int | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A HEARTBEAT: a participant is still here."""
    return build(
        payloads.Heartbeat(
            status=status,
            load=load,
            in_flight=in_flight,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_discover(
    cause: Signal | None = None,
    *,
    neuron: str | None = None,
    capabilities: list[str] | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A DISCOVER: ask who is here."""
    return build(
        payloads.Discover(
            neuron=neuron,
            capabilities=capabilities,
        ),
        cause,
        None,
        trace_id,
        meta,
    )


def a_stop(
    cause: Signal | None = None,
    *,
    rollback: bool = False,
    reason: str | None = None,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A STOP: end a trace."""
    return build(
        payloads.Stop(
            rollback=rollback,
            reason=reason,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


def a_stopped(
    cause: Signal | None = None,
    *,
    node: str | None = None,
    rolled_back: bool = False,
    cancelled: int = 0,
    compensated: int = 0,
    neuron: str | None = None,
    trace_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """A STOPPED: what a participant ended because of a STOP."""
    return build(
        payloads.Stopped(
            node=node,
            rolled_back=rolled_back,
            cancelled=cancelled,
            compensated=compensated,
        ),
        cause,
        neuron,
        trace_id,
        meta,
    )


BUILDERS = {
    "TASK": a_task,
    "AGENT_OUTPUT": an_output,
    "FINAL": a_final,
    "ERROR": an_error,
    "TASK_OFFER": an_offer,
    "BID": a_bid,
    "TASK_AWARDED": an_award,
    "TASK_DECLINED": a_decline,
    "THOUGHT_DELTA": a_thought_delta,
    "AUDIT": an_audit,
    "PLAN": a_plan,
    "TOOL_CALL": a_tool_call,
    "TOOL_RESULT": a_tool_result,
    "MEMORY_APPEND": a_memory_append,
    "CRITIQUE": a_critique,
    "ESCALATION": an_escalation,
    "CONSENSUS": a_consensus,
    "CONTEXT_SYNC": a_context_sync,
    "CLARIFICATION": a_clarification,
    "PERMISSION": a_permission,
    "CLARIFICATION_ANSWER": a_clarification_answer,
    "PERMISSION_DECISION": a_permission_decision,
    "RECALL": a_recall,
    "RECALLED": a_recalled,
    "IMPRINT": an_imprint,
    "IMPRINTED": an_imprinted,
    "REGISTER": a_register,
    "DEREGISTER": a_deregister,
    "HEARTBEAT": a_heartbeat,
    "DISCOVER": a_discover,
    "STOP": a_stop,
    "STOPPED": a_stopped,
}
"""The builder of each type."""
