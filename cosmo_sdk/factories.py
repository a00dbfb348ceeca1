"""One function per type that builds its Signal (PROTOCOL 2.2).

Generated from `cosmo_sdk/payloads.py` by `python -m cosmo_sdk._tools.generate`: change the table.
"""

from __future__ import annotations

from typing import Any

from cosmo_sdk import payloads
from cosmo_sdk._payload import ImprintOp, ParticipantRole, RecallMode
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.ids import new_trace_id
from cosmo_sdk.signal_types import SignalType


def task_signal(
    *,
    input: dict[str, Any],
    trace_id: str | None = None,
    parent_id: str | None = None,
    directed: Directed | None = None,
    context_ref: str | None = None,
    capabilities: list[str] | None = None,
    finalize: bool = False,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """TASK: ask a Neuron for work.

    Args:
        input: What the Neuron function receives.
        trace_id: The trace; a new one when left out.
        parent_id: The event that caused it.
        directed: Addressee or producer (PROTOCOL 1.6).
        context_ref: Where more context lies, `ctx://<kind>/<id>[@<version>]`.
        capabilities: Any one participant that has all of these may take the task.
        finalize: The worker follows its AGENT_OUTPUT with a FINAL.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=new_trace_id() if trace_id is None else trace_id,
        parent_id=parent_id,
        type=SignalType.TASK,
        directed=directed,
        payload=payloads.Task(
            input=input,
            context_ref=context_ref,
            capabilities=capabilities,
            finalize=finalize,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def agent_output_signal(
    *,
    trace_id: str,
    parent_id: str,
    output: Any,
    directed: Directed | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """AGENT_OUTPUT: what a Neuron made of its task.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        output: The Neuron function's result; an object in released peers.
        directed: Addressee or producer (PROTOCOL 1.6).
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.AGENT_OUTPUT,
        directed=directed,
        payload=payloads.AgentOutput(
            output=output,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def final_signal(
    *,
    trace_id: str,
    parent_id: str,
    result: Any,
    directed: Directed | None = None,
    cost: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """FINAL: the workflow's conclusion.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        result: The answer to whoever started the workflow.
        directed: Addressee or producer (PROTOCOL 1.6).
        cost: Rolled-up cost of the workflow.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.FINAL,
        directed=directed,
        payload=payloads.Final(
            result=result,
            cost=cost,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def error_signal(
    *,
    trace_id: str,
    code: str,
    message: str,
    parent_id: str | None = None,
    directed: Directed | None = None,
    recoverable: bool = False,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """ERROR: the workflow failed.

    Args:
        trace_id: The trace.
        code: A short machine-readable code (PROTOCOL 6.21).
        message: What went wrong, for people.
        parent_id: The event that caused it.
        directed: Addressee or producer (PROTOCOL 1.6).
        recoverable: Whether trying again may help.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.ERROR,
        directed=directed,
        payload=payloads.Error(
            code=code,
            message=message,
            recoverable=recoverable,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def task_offer_signal(
    *,
    input: dict[str, Any],
    trace_id: str | None = None,
    parent_id: str | None = None,
    directed: Directed | None = None,
    capabilities: list[str] | None = None,
    deadline_ms: int | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """TASK_OFFER: put work up for auction.

    Args:
        input: What the winner's Neuron function will receive.
        trace_id: The trace; a new one when left out.
        parent_id: The event that caused it.
        directed: Addressee or producer (PROTOCOL 1.6).
        capabilities: Only participants that have all of these should bid.
        deadline_ms: How long bids are accepted, milliseconds.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=new_trace_id() if trace_id is None else trace_id,
        parent_id=parent_id,
        type=SignalType.TASK_OFFER,
        directed=directed,
        payload=payloads.TaskOffer(
            input=input,
            capabilities=capabilities,
            deadline_ms=deadline_ms,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def bid_signal(
    *,
    trace_id: str,
    parent_id: str,
    cost: float,
    directed: Directed | None = None,
    eta_ms: int | None = None,
    confidence: float | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """BID: offer to do the work.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        cost: Price, US dollars by convention.
        directed: Addressee or producer (PROTOCOL 1.6).
        eta_ms: Promised time to an answer, milliseconds.
        confidence: Self-assessment, 0 to 1.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.BID,
        directed=directed,
        payload=payloads.Bid(
            cost=cost,
            eta_ms=eta_ms,
            confidence=confidence,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def task_awarded_signal(
    *,
    trace_id: str,
    parent_id: str,
    input: dict[str, Any],
    directed: Directed | None = None,
    winning_bid: dict[str, Any] | None = None,
    context_ref: str | None = None,
    finalize: bool = False,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """TASK_AWARDED: tell the winner of an auction, and give it the work.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        input: What the Neuron function receives.
        directed: Addressee or producer (PROTOCOL 1.6).
        winning_bid: The cost, eta_ms and confidence it won with.
        context_ref: Where more context lies.
        finalize: The worker follows its AGENT_OUTPUT with a FINAL.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.TASK_AWARDED,
        directed=directed,
        payload=payloads.TaskAwarded(
            input=input,
            winning_bid=winning_bid,
            context_ref=context_ref,
            finalize=finalize,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def task_declined_signal(
    *,
    trace_id: str,
    parent_id: str,
    directed: Directed | None = None,
    reason: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """TASK_DECLINED: tell a bidder that it did not win.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        directed: Addressee or producer (PROTOCOL 1.6).
        reason: Why, e.g. `not selected` or `late`.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.TASK_DECLINED,
        directed=directed,
        payload=payloads.TaskDeclined(
            reason=reason,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def thought_delta_signal(
    *,
    trace_id: str,
    parent_id: str,
    delta: str,
    directed: Directed | None = None,
    seq: int | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """THOUGHT_DELTA: a piece of reasoning, streamed.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        delta: The next piece of text.
        directed: Addressee or producer (PROTOCOL 1.6).
        seq: Its number in the stream.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.THOUGHT_DELTA,
        directed=directed,
        payload=payloads.ThoughtDelta(
            delta=delta,
            seq=seq,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def audit_signal(
    *,
    trace_id: str,
    parent_id: str,
    kind: str,
    domain: str,
    outcome: str,
    directed: Directed | None = None,
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
    meta: dict[str, Any] | None = None,
) -> Signal:
    """AUDIT: a policy stepped in.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        kind: What happened: GUARD_RETRY, GUARDED, EVAL_RETRY, TOOL_RETRY, TRANSIENT_RETRY and so on.
        domain: Whose rule it was: security, eval, tool, reliability or governance.
        outcome: How it ended: re_asked, resent, recovered, exhausted, refused, redacted and so on.
        directed: Addressee or producer (PROTOCOL 1.6).
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
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.AUDIT,
        directed=directed,
        payload=payloads.Audit(
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
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def plan_signal(
    *,
    trace_id: str,
    parent_id: str,
    steps: list[Any],
    directed: Directed | None = None,
    rationale: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """PLAN: the steps an agent means to take.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        steps: In order; objects, or plain sentences.
        directed: Addressee or producer (PROTOCOL 1.6).
        rationale: Why this way.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.PLAN,
        directed=directed,
        payload=payloads.Plan(
            steps=steps,
            rationale=rationale,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def tool_call_signal(
    *,
    trace_id: str,
    tool: str,
    args: dict[str, Any],
    parent_id: str | None = None,
    directed: Directed | None = None,
    call_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """TOOL_CALL: ask a tool to act.

    Args:
        trace_id: The trace.
        tool: The tool's name.
        args: Its arguments.
        parent_id: The event that caused it.
        directed: Addressee or producer (PROTOCOL 1.6).
        call_id: The caller's own name for this call, echoed in the result.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.TOOL_CALL,
        directed=directed,
        payload=payloads.ToolCall(
            tool=tool,
            args=args,
            call_id=call_id,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def tool_result_signal(
    *,
    trace_id: str,
    parent_id: str,
    tool: str,
    directed: Directed | None = None,
    result: Any = None,
    error: str | None = None,
    call_id: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """TOOL_RESULT: what a tool answered: a result or an error.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        tool: The tool's name.
        directed: Addressee or producer (PROTOCOL 1.6).
        result: What it returned.
        error: Why it failed.
        call_id: The caller's name for the call.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.TOOL_RESULT,
        directed=directed,
        payload=payloads.ToolResult(
            tool=tool,
            result=result,
            error=error,
            call_id=call_id,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def memory_append_signal(
    *,
    trace_id: str,
    parent_id: str,
    key: str,
    value: Any,
    directed: Directed | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """MEMORY_APPEND: note something under a key, for whoever follows the trace.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        key: Under which name.
        value: What to note.
        directed: Addressee or producer (PROTOCOL 1.6).
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.MEMORY_APPEND,
        directed=directed,
        payload=payloads.MemoryAppend(
            key=key,
            value=value,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def critique_signal(
    *,
    trace_id: str,
    parent_id: str,
    target_event_id: str,
    issues: list[dict[str, Any]],
    verdict: str,
    directed: Directed | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """CRITIQUE: a judgement on another Signal.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        target_event_id: The Signal judged, `evt_...`.
        issues: What is wrong with it.
        verdict: pass, fail or revise by convention.
        directed: Addressee or producer (PROTOCOL 1.6).
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.CRITIQUE,
        directed=directed,
        payload=payloads.Critique(
            target_event_id=target_event_id,
            issues=issues,
            verdict=verdict,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def escalation_signal(
    *,
    trace_id: str,
    parent_id: str,
    reason: str,
    directed: Directed | None = None,
    target: str | None = None,
    context: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """ESCALATION: hand a problem to somebody else.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        reason: Why this participant cannot go on.
        directed: Addressee or producer (PROTOCOL 1.6).
        target: Who should take over, a neuron id.
        context: What they need to know.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.ESCALATION,
        directed=directed,
        payload=payloads.Escalation(
            reason=reason,
            target=target,
            context=context,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def consensus_signal(
    *,
    trace_id: str,
    parent_id: str,
    members: list[str],
    verdict: str,
    directed: Directed | None = None,
    votes: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """CONSENSUS: what a group agreed on.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        members: Who took part.
        verdict: What they decided.
        directed: Addressee or producer (PROTOCOL 1.6).
        votes: Who voted how.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.CONSENSUS,
        directed=directed,
        payload=payloads.Consensus(
            members=members,
            verdict=verdict,
            votes=votes,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def context_sync_signal(
    *,
    trace_id: str,
    parent_id: str,
    snapshot: dict[str, Any],
    directed: Directed | None = None,
    version: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """CONTEXT_SYNC: a snapshot of the state that everybody should share.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        snapshot: The state.
        directed: Addressee or producer (PROTOCOL 1.6).
        version: Which version of it.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.CONTEXT_SYNC,
        directed=directed,
        payload=payloads.ContextSync(
            snapshot=snapshot,
            version=version,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def clarification_signal(
    *,
    trace_id: str,
    parent_id: str,
    question: str,
    directed: Directed | None = None,
    context: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """CLARIFICATION: ask before going on.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        question: What the agent needs to know.
        directed: Addressee or producer (PROTOCOL 1.6).
        context: What helps to answer.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.CLARIFICATION,
        directed=directed,
        payload=payloads.Clarification(
            question=question,
            context=context,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def permission_signal(
    *,
    trace_id: str,
    parent_id: str,
    action: str,
    directed: Directed | None = None,
    scope: dict[str, Any] | str | None = None,
    reason: str | None = None,
    context: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """PERMISSION: ask for leave before acting.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        action: What the agent wants to do.
        directed: Addressee or producer (PROTOCOL 1.6).
        scope: How far the leave should reach.
        reason: Why it wants to.
        context: What helps to decide.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.PERMISSION,
        directed=directed,
        payload=payloads.Permission(
            action=action,
            scope=scope,
            reason=reason,
            context=context,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def clarification_answer_signal(
    *,
    trace_id: str,
    parent_id: str,
    answer: Any,
    directed: Directed | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """CLARIFICATION_ANSWER: answer a CLARIFICATION; its id is this Signal's parent.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        answer: The answer, any JSON.
        directed: Addressee or producer (PROTOCOL 1.6).
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.CLARIFICATION_ANSWER,
        directed=directed,
        payload=payloads.ClarificationAnswer(
            answer=answer,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def permission_decision_signal(
    *,
    trace_id: str,
    parent_id: str,
    granted: bool,
    directed: Directed | None = None,
    reason: str | None = None,
    ttl_ms: int | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """PERMISSION_DECISION: decide on a PERMISSION; its id is this Signal's parent.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        granted: Whether the agent may.
        directed: Addressee or producer (PROTOCOL 1.6).
        reason: Why, or why not.
        ttl_ms: How long the leave lasts, milliseconds.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.PERMISSION_DECISION,
        directed=directed,
        payload=payloads.PermissionDecision(
            granted=granted,
            reason=reason,
            ttl_ms=ttl_ms,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def recall_signal(
    *,
    trace_id: str,
    query: dict[str, Any],
    parent_id: str | None = None,
    directed: Directed | None = None,
    filters: dict[str, Any] | None = None,
    context_ref: str | None = None,
    deadline_ms: int | None = None,
    min_confidence: float | None = None,
    recall_mode: RecallMode = "first",
    meta: dict[str, Any] | None = None,
) -> Signal:
    """RECALL: ask a memory.

    Args:
        trace_id: The trace.
        query: text, tag, merge_key, top_k (PROTOCOL 8.4).
        parent_id: The event that caused it.
        directed: Addressee or producer (PROTOCOL 1.6).
        filters: tags, since, until.
        context_ref: Where more context lies.
        deadline_ms: How long the asker waits, milliseconds.
        min_confidence: Hits that score lower are of no use.
        recall_mode: Which answers the asker waits for.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.RECALL,
        directed=directed,
        payload=payloads.Recall(
            query=query,
            filters=filters,
            context_ref=context_ref,
            deadline_ms=deadline_ms,
            min_confidence=min_confidence,
            recall_mode=recall_mode,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def recalled_signal(
    *,
    trace_id: str,
    parent_id: str,
    engram_id: str,
    hits: list[dict[str, Any]],
    directed: Directed | None = None,
    truncated: bool = False,
    took_ms: int | None = None,
    error: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """RECALLED: what a memory remembers.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        engram_id: Whose memory it is.
        hits: Objects of id, entry and score.
        directed: Addressee or producer (PROTOCOL 1.6).
        truncated: Whether there was more than fits.
        took_ms: How long it took, milliseconds.
        error: Why it failed; absent when it did not.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.RECALLED,
        directed=directed,
        payload=payloads.Recalled(
            engram_id=engram_id,
            hits=hits,
            truncated=truncated,
            took_ms=took_ms,
            error=error,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def imprint_signal(
    *,
    trace_id: str,
    op: ImprintOp,
    entry: dict[str, Any],
    parent_id: str | None = None,
    directed: Directed | None = None,
    merge_key: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """IMPRINT: have a memory keep, change or forget something.

    Args:
        trace_id: The trace.
        op: What to do.
        entry: id, content, tags, meta (PROTOCOL 8.4).
        parent_id: The event that caused it.
        directed: Addressee or producer (PROTOCOL 1.6).
        merge_key: Which entry it is about; needed by merge and upsert.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.IMPRINT,
        directed=directed,
        payload=payloads.Imprint(
            op=op,
            entry=entry,
            merge_key=merge_key,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def imprinted_signal(
    *,
    trace_id: str,
    parent_id: str,
    engram_id: str,
    op: str,
    directed: Directed | None = None,
    id: str | None = None,
    version: int | None = None,
    took_ms: int | None = None,
    error: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """IMPRINTED: what a memory did.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        engram_id: Whose memory it is.
        op: What was asked.
        directed: Addressee or producer (PROTOCOL 1.6).
        id: The entry written, `eng_...`.
        version: Its version now, from 1.
        took_ms: How long it took, milliseconds.
        error: Why it failed; absent when it did not.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.IMPRINTED,
        directed=directed,
        payload=payloads.Imprinted(
            engram_id=engram_id,
            op=op,
            id=id,
            version=version,
            took_ms=took_ms,
            error=error,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def register_signal(
    *,
    directed: Directed,
    role: ParticipantRole = "neuron",
    capabilities: list[str] | None = None,
    version: str | None = None,
    engram: bool = False,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """REGISTER: a participant is here.

    Args:
        directed: The participant it is about.
        role: What it is.
        capabilities: What it can do, in the order it declares them.
        version: Its version.
        engram: Set by memories, for peers that do not read `role`.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        type=SignalType.REGISTER,
        directed=directed,
        payload=payloads.Register(
            role=role,
            capabilities=capabilities or [],
            version=version,
            engram=engram,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def deregister_signal(
    *,
    directed: Directed,
    reason: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """DEREGISTER: a participant leaves.

    Args:
        directed: The participant it is about.
        reason: Why.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        type=SignalType.DEREGISTER,
        directed=directed,
        payload=payloads.Deregister(
            reason=reason,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def heartbeat_signal(
    *,
    directed: Directed,
    status: str = "ok",
    load: float | None = None,
    in_flight: int | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """HEARTBEAT: a participant is still here.

    Args:
        directed: The participant it is about.
        status: How it is.
        load: How busy it is, 0 to 1.
        in_flight: How many tasks it works on.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        type=SignalType.HEARTBEAT,
        directed=directed,
        payload=payloads.Heartbeat(
            status=status,
            load=load,
            in_flight=in_flight,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def discover_signal(
    *,
    trace_id: str | None = None,
    parent_id: str | None = None,
    directed: Directed | None = None,
    neuron: str | None = None,
    capabilities: list[str] | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """DISCOVER: ask who is here.

    Args:
        trace_id: The trace; a new one when left out.
        parent_id: The event that caused it.
        directed: Addressee or producer (PROTOCOL 1.6).
        neuron: Only this participant.
        capabilities: Only those that have all of these.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=new_trace_id() if trace_id is None else trace_id,
        parent_id=parent_id,
        type=SignalType.DISCOVER,
        directed=directed,
        payload=payloads.Discover(
            neuron=neuron,
            capabilities=capabilities,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def stop_signal(
    *,
    trace_id: str,
    parent_id: str | None = None,
    directed: Directed | None = None,
    rollback: bool = False,
    reason: str | None = None,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """STOP: end a trace.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        directed: Addressee or producer (PROTOCOL 1.6).
        rollback: Whether memories undo what the trace wrote.
        reason: Why.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.STOP,
        directed=directed,
        payload=payloads.Stop(
            rollback=rollback,
            reason=reason,
        ).to_wire(),
        meta={} if meta is None else meta,
    )


def stopped_signal(
    *,
    trace_id: str,
    parent_id: str | None = None,
    directed: Directed | None = None,
    node: str | None = None,
    rolled_back: bool = False,
    cancelled: int = 0,
    compensated: int = 0,
    meta: dict[str, Any] | None = None,
) -> Signal:
    """STOPPED: what a participant ended because of a STOP.

    Args:
        trace_id: The trace.
        parent_id: The event that caused it.
        directed: Addressee or producer (PROTOCOL 1.6).
        node: Who ended it; released peers put their namespace here.
        rolled_back: Whether memory writes were undone.
        cancelled: How many running tasks were cancelled.
        compensated: How many memory writes were undone.
        meta: Annotations without meaning to the protocol.
    """
    return Signal(
        trace_id=trace_id,
        parent_id=parent_id,
        type=SignalType.STOPPED,
        directed=directed,
        payload=payloads.Stopped(
            node=node,
            rolled_back=rolled_back,
            cancelled=cancelled,
            compensated=compensated,
        ).to_wire(),
        meta={} if meta is None else meta,
    )
