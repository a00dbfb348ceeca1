"""What a signal says, as a short English clause: for logs, pipes and screen readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cosmo_doppler.model.wording import say
from cosmo_doppler.tui.safe import safe
from cosmo_sdk.header import Header

GIST = 90
"""Longest text quoted from a payload, characters."""

Payload = Mapping[str, Any]


def gist(value: Any) -> str:
    """The most telling part of a JSON value in one line, safe for a terminal."""
    return safe(say(value, GIST))


def describe(header: Header) -> str:
    """One clause about a signal whose subject is the participant it names: "bids $0.002, ready in 300 ms".

    Never raises: a payload that is not what its type promises is shown as JSON.
    """
    if header.problem:
        return f"is no valid signal: {safe(header.problem, GIST)}"
    payload = header.read_payload()
    try:
        return _CLAUSES[header.type](payload)
    except (KeyError, TypeError, ValueError, AttributeError):
        return gist(payload)


def _quoted(value: Any) -> str:
    text = gist(value)
    return f'"{text}"' if text else "nothing in particular"


def _because(payload: Payload) -> str:
    return f" because {gist(payload['reason'])}" if payload.get("reason") else ""


def _needing(payload: Payload) -> str:
    needs = payload.get("capabilities")
    return f", needs {gist(', '.join(needs))}" if needs else ""


def _bid(payload: Payload) -> str:
    parts = [f"bids ${float(payload['cost']):.4f}"]
    if payload.get("eta_ms") is not None:
        parts.append(f"ready in {int(payload['eta_ms'])} ms")
    if payload.get("confidence") is not None:
        parts.append(f"{float(payload['confidence']):.0%} sure")
    return ", ".join(parts)


def _offer(payload: Payload) -> str:
    window = f", bids for {int(payload['deadline_ms'])} ms" if payload.get("deadline_ms") else ""
    return f"offers {_quoted(payload['input'])}{_needing(payload)}{window}"


def _error(payload: Payload) -> str:
    again = ", worth another try" if payload.get("recoverable") else ""
    return f"fails: {gist(payload['message'])} ({gist(payload['code'])}){again}"


def _decision(payload: Payload) -> str:
    return f"{'grants' if payload['granted'] else 'denies'} the permission{_because(payload)}"


def _outcome(payload: Payload, done: str) -> str:
    return f"cannot: {gist(payload['error'])}" if payload.get("error") else done


def _stopped(payload: Payload) -> str:
    return (
        f"stopped: {int(payload.get('cancelled', 0))} tasks cancelled, "
        f"{int(payload.get('compensated', 0))} writes undone"
    )


_CLAUSES: dict[str, Callable[[Payload], str]] = {
    "TASK": lambda p: f"is asked {_quoted(p['input'])}{_needing(p)}",
    "AGENT_OUTPUT": lambda p: f"answers {_quoted(p['output'])}",
    "FINAL": lambda p: f"concludes {_quoted(p['result'])}",
    "ERROR": _error,
    "TASK_OFFER": _offer,
    "BID": _bid,
    "TASK_AWARDED": lambda p: f"wins {_quoted(p['input'])}",
    "TASK_DECLINED": lambda p: f"is declined{_because(p)}",
    "THOUGHT_DELTA": lambda p: f"thinks {_quoted(p['delta'])}",
    "AUDIT": lambda p: f"audits {gist(p['kind'])}: {gist(p['outcome'])}",
    "PLAN": lambda p: f"plans {len(p['steps'])} steps: {gist('; '.join(map(gist, p['steps'])))}",
    "TOOL_CALL": lambda p: f"calls {gist(p['tool'])} with {gist(p['args'])}",
    "TOOL_RESULT": lambda p: _outcome(p, f"gets from {gist(p['tool'])} {gist(p.get('result'))}"),
    "MEMORY_APPEND": lambda p: f"notes {gist(p['key'])}: {gist(p['value'])}",
    "CRITIQUE": lambda p: f"judges {gist(p['verdict'])}, {len(p['issues'])} issues",
    "ESCALATION": lambda p: f"escalates{_because(p)}",
    "CONSENSUS": lambda p: f"agrees on {gist(p['verdict'])} with {gist(', '.join(p['members']))}",
    "CONTEXT_SYNC": lambda p: f"shares its context {gist(p['snapshot'])}",
    "CLARIFICATION": lambda p: f"asks {_quoted(p['question'])}",
    "PERMISSION": lambda p: f"asks leave to {gist(p['action'])}{_because(p)}",
    "CLARIFICATION_ANSWER": lambda p: f"answers the question {_quoted(p['answer'])}",
    "PERMISSION_DECISION": _decision,
    "RECALL": lambda p: f"is asked to recall {gist(p['query'])}",
    "RECALLED": lambda p: _outcome(p, f"recalls {len(p['hits'])} entries"),
    "IMPRINT": lambda p: f"is asked to {gist(p['op'])} {_quoted(p['entry'])}",
    "IMPRINTED": lambda p: _outcome(p, f"remembers ({gist(p['op'])})"),
    "REGISTER": lambda p: f"is here as {gist(p.get('role', 'neuron'))}: {gist(', '.join(p['capabilities']))}",
    "DEREGISTER": lambda p: f"leaves{_because(p)}",
    "HEARTBEAT": lambda p: f"is alive: {gist(p.get('status', 'ok'))}",
    "DISCOVER": lambda p: f"asks who is there{_needing(p)}",
    "STOP": lambda p: f"stop{' and undo' if p.get('rollback') else ''}{_because(p)}",
    "STOPPED": _stopped,
}
