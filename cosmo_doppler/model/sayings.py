"""What every type of signal says: in a column, as short as can be, and as an English clause about who it names.

The one place that knows how a payload is told. Plain strings, bounded in length, not yet safe for a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cosmo_doppler.model.coordination.telling import in_short, sentence
from cosmo_doppler.model.wording import LIMIT, finite, say, short_id
from cosmo_sdk.header import Header

GIST = 90
"""Longest text quoted in a clause, characters."""

Payload = Mapping[str, Any]


def describe(header: Header) -> str:
    """What a signal says, in one short line for a column: of coordination its event; why it is none, when malformed."""
    coordinated = in_short(header)
    if coordinated is not None:
        return coordinated
    if header.problem and header.type not in _DESCRIBE:
        return header.problem if not header.type else f"{header.problem}  {say(header.read_payload())}"
    payload = header.read_payload()
    # Every part is one line already; the wider gaps between parts are meant.
    text = _DESCRIBE[header.type](payload)
    text = text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"
    return f"{header.problem}  {text}".strip() if header.problem else text


def clause(header: Header) -> str:
    """One clause about a signal whose subject is the participant it names: "bids $0.002, ready in 300 ms".

    What a mirror tells of coordination is a whole sentence, because what happened elsewhere is nobody's signal.
    Never raises: a payload that is not what its type promises is shown as JSON.
    """
    if header.problem:
        return f"is no valid signal: {say(header.problem, GIST)}"
    coordinated = sentence(header)
    if coordinated is not None:
        return coordinated
    payload = header.read_payload()
    try:
        return _CLAUSES[header.type](payload)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return _gist(payload)


# -- columns


def _number(value: Any) -> str:
    number = finite(value)
    return say(value, 20) or "?" if number is None else f"{number:g}"


def _many(number: int, one: str, more: str = "") -> str:
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"


def _price(cost: float) -> str:
    """With four decimals, or as many as six digits need."""
    short = f"{cost:.4f}"
    return short if float(short) == cost else f"{cost:.6g}"


def _words(value: Any) -> str:
    return ", ".join(say(item, 40) for item in value[:12]) if isinstance(value, list) else say(value, 80)


def _bid(payload: dict[str, Any]) -> str:
    parts = []
    if "cost" in payload:
        parts.append(f"cost {_number(payload['cost'])}")
    if payload.get("eta_ms") is not None:
        parts.append(f"eta {_number(payload['eta_ms'])} ms")
    if payload.get("confidence") is not None:
        parts.append(f"conf {_number(payload['confidence'])}")
    return "  ".join(parts)


def _award(payload: dict[str, Any]) -> str:
    bid = payload.get("winning_bid")
    return _bid(bid) if isinstance(bid, dict) else ""


def _plan(payload: dict[str, Any]) -> str:
    steps = payload.get("steps")
    return f"{_many(len(steps), 'step')}  {_words(steps)}" if isinstance(steps, list) else ""


def _offer(payload: dict[str, Any]) -> str:
    window = payload.get("deadline_ms")
    need = _words(payload.get("capabilities") or [])
    lead = "  ".join(part for part in (need, f"{_number(window)} ms" if window else "") if part)
    return "  ".join(part for part in (lead, say(payload.get("input"))) if part)


def _task(payload: dict[str, Any]) -> str:
    asked = payload.get("input")
    if isinstance(asked, dict):
        for wrapper, key in (
            ("clarification", "answer"),
            ("permission", "granted"),
            ("escalation", "reason"),
        ):
            inner = asked.get(wrapper)
            if isinstance(inner, dict):
                return f"{wrapper}: {say(inner.get(key))}"
    return say(asked)


def _error(payload: dict[str, Any]) -> str:
    retry = "  (recoverable)" if payload.get("recoverable") is True else ""
    return f"{say(payload.get('code'), 60)}  {say(payload.get('message'))}{retry}".strip()


def _decision(payload: dict[str, Any]) -> str:
    verdict = "granted" if payload.get("granted") is True else "denied"
    return "  ".join(part for part in (verdict, say(payload.get("reason"))) if part)


def _stop(payload: dict[str, Any]) -> str:
    return "  ".join(
        part
        for part in ("rollback" if payload.get("rollback") is True else "", say(payload.get("reason")))
        if part
    )


def _stopped(payload: dict[str, Any]) -> str:
    counts = f"cancelled {_number(payload.get('cancelled', 0))}  compensated {_number(payload.get('compensated', 0))}"
    return counts + ("  rolled back" if payload.get("rolled_back") is True else "")


def _tool_result(payload: dict[str, Any]) -> str:
    outcome = f"error: {say(payload['error'])}" if payload.get("error") else say(payload.get("result"))
    return "  ".join(part for part in (say(payload.get("tool"), 60), outcome) if part)


def _recalled(payload: dict[str, Any]) -> str:
    hits = payload.get("hits")
    count = len(hits) if isinstance(hits, list) else 0
    return say(payload["error"]) if payload.get("error") else _many(count, "hit")


def _imprinted(payload: dict[str, Any]) -> str:
    return (
        say(payload["error"])
        if payload.get("error")
        else f"{say(payload.get('op'), 20)}  {short_id(say(payload.get('id'), 40))}"
    )


def _register(payload: dict[str, Any]) -> str:
    return "  ".join(
        part for part in (say(payload.get("role"), 20), _words(payload.get("capabilities") or [])) if part
    )


def _intervention(payload: dict[str, Any]) -> str:
    kind, trace = say(payload.get("type"), 40), say(payload.get("trace_id"), 60)
    what = f"{kind} of {short_id(trace)}" if kind and trace else kind
    waiting = payload.get("waiting")
    return "  ".join(
        part
        for part in (
            say(payload.get("event"), 40),
            what,
            f"{_number(waiting)} waiting" if waiting else "",
            say(payload.get("reason")),
        )
        if part
    )


def _key(*names: str) -> Callable[[dict[str, Any]], str]:
    def describe(payload: dict[str, Any]) -> str:
        return "  ".join(part for part in (say(payload.get(name)) for name in names) if part)

    return describe


_DESCRIBE: dict[str, Callable[[dict[str, Any]], str]] = {
    "TASK": _task,
    "AGENT_OUTPUT": _key("output"),
    "FINAL": _key("result"),
    "ERROR": _error,
    "TASK_OFFER": _offer,
    "BID": _bid,
    "TASK_AWARDED": _award,
    "TASK_DECLINED": _key("reason"),
    "THOUGHT_DELTA": _key("delta"),
    "AUDIT": _key("kind", "domain", "outcome", "reason"),
    "PLAN": _plan,
    "TOOL_CALL": _key("tool", "args"),
    "TOOL_RESULT": _tool_result,
    "MEMORY_APPEND": _key("key", "value"),
    "CRITIQUE": _key("verdict", "issues"),
    "ESCALATION": _key("reason", "target"),
    "CONSENSUS": _key("verdict", "votes"),
    "CONTEXT_SYNC": _key("version", "snapshot"),
    "CLARIFICATION": _key("question"),
    "PERMISSION": _key("action", "reason"),
    "CLARIFICATION_ANSWER": _key("answer"),
    "PERMISSION_DECISION": _decision,
    "RECALL": _key("query", "recall_mode"),
    "RECALLED": _recalled,
    "IMPRINT": _key("op", "entry"),
    "IMPRINTED": _imprinted,
    "REGISTER": _register,
    "DEREGISTER": _key("reason"),
    "HEARTBEAT": _key("status"),
    "DISCOVER": _key("neuron", "capabilities"),
    "STOP": _stop,
    "STOPPED": _stopped,
    "GATE": _intervention,
    "CHAOS": _intervention,
}


# -- clauses


def _gist(value: Any) -> str:
    return say(value, GIST)


def _quoted(value: Any) -> str:
    text = _gist(value)
    return f'"{text}"' if text else "nothing in particular"


def _with(args: Any) -> str:
    text = _gist(args)
    return f" with {text}" if text else ""


def _because(payload: Payload) -> str:
    return f" because {_gist(payload['reason'])}" if payload.get("reason") else ""


def _needing(payload: Payload) -> str:
    needs = payload.get("capabilities")
    return f", needs {_gist(', '.join(needs))}" if needs else ""


def _bid_clause(payload: Payload) -> str:
    parts = [f"bids ${_price(float(payload['cost']))}"]
    if payload.get("eta_ms") is not None:
        parts.append(f"ready in {int(payload['eta_ms'])} ms")
    if payload.get("confidence") is not None:
        parts.append(f"{float(payload['confidence']):.0%} sure")
    return ", ".join(parts)


def _offer_clause(payload: Payload) -> str:
    window = f", bids for {int(payload['deadline_ms'])} ms" if payload.get("deadline_ms") else ""
    return f"offers {_quoted(payload['input'])}{_needing(payload)}{window}"


def _error_clause(payload: Payload) -> str:
    again = ", worth another try" if payload.get("recoverable") else ""
    return f"fails: {_gist(payload['message'])} ({_gist(payload['code'])}){again}"


def _decision_clause(payload: Payload) -> str:
    return f"{'grants' if payload['granted'] else 'denies'} the permission{_because(payload)}"


def _outcome(payload: Payload, done: str) -> str:
    return f"cannot: {_gist(payload['error'])}" if payload.get("error") else done


def _stopped_clause(payload: Payload) -> str:
    return (
        f"stopped: {_many(int(payload.get('cancelled', 0)), 'task')} cancelled, "
        f"{_many(int(payload.get('compensated', 0)), 'write')} undone"
    )


_CLAUSES: dict[str, Callable[[Payload], str]] = {
    "TASK": lambda p: f"is asked {_quoted(p['input'])}{_needing(p)}",
    "AGENT_OUTPUT": lambda p: f"answers {_quoted(p['output'])}",
    "FINAL": lambda p: f"concludes {_quoted(p['result'])}",
    "ERROR": _error_clause,
    "TASK_OFFER": _offer_clause,
    "BID": _bid_clause,
    "TASK_AWARDED": lambda p: f"wins {_quoted(p['input'])}",
    "TASK_DECLINED": lambda p: f"is declined{_because(p)}",
    "THOUGHT_DELTA": lambda p: f"thinks {_quoted(p['delta'])}",
    "AUDIT": lambda p: f"audits {_gist(p['kind'])}: {_gist(p['outcome'])}",
    "PLAN": lambda p: f"plans {_many(len(p['steps']), 'step')}: {_gist('; '.join(map(_gist, p['steps'])))}",
    "TOOL_CALL": lambda p: f"calls {_gist(p['tool'])}{_with(p['args'])}",
    "TOOL_RESULT": lambda p: _outcome(p, f"gets from {_gist(p['tool'])} {_gist(p.get('result'))}"),
    "MEMORY_APPEND": lambda p: f"notes {_gist(p['key'])}: {_gist(p['value'])}",
    "CRITIQUE": lambda p: f"judges {_gist(p['verdict'])}, {_many(len(p['issues']), 'issue')}",
    "ESCALATION": lambda p: f"escalates{_because(p)}",
    "CONSENSUS": lambda p: f"agrees on {_gist(p['verdict'])} with {_gist(_words(p['members']))}",
    "CONTEXT_SYNC": lambda p: f"shares its context {_gist(p['snapshot'])}",
    "CLARIFICATION": lambda p: f"asks {_quoted(p['question'])}",
    "PERMISSION": lambda p: f"asks leave to {_gist(p['action'])}{_because(p)}",
    "CLARIFICATION_ANSWER": lambda p: f"answers the question {_quoted(p['answer'])}",
    "PERMISSION_DECISION": _decision_clause,
    "RECALL": lambda p: f"is asked to recall {_gist(p['query'])}",
    "RECALLED": lambda p: _outcome(p, f"recalls {_many(len(p['hits']), 'entry', 'entries')}"),
    "IMPRINT": lambda p: f"is asked to {_gist(p['op'])} {_quoted(p['entry'])}",
    "IMPRINTED": lambda p: _outcome(p, f"remembers ({_gist(p['op'])})"),
    "REGISTER": lambda p: f"is here as {_gist(p.get('role', 'neuron'))}: {_gist(_words(p['capabilities']))}",
    "DEREGISTER": lambda p: f"leaves{_because(p)}",
    "HEARTBEAT": lambda p: f"is alive: {_gist(p.get('status', 'ok'))}",
    "DISCOVER": lambda p: f"asks who is there{_needing(p)}",
    "STOP": lambda p: f"stop{' and undo' if p.get('rollback') else ''}{_because(p)}",
    "STOPPED": _stopped_clause,
}
