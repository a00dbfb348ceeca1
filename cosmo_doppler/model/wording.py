"""Bus facts as short English. Plain strings, bounded in length, not yet safe for a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cosmo_sdk.header import Header

LIMIT = 240
"""Characters of a description at the most."""

_DEEPEST = 16
"""Wrappers of one key looked into for a telling text."""

_TEXT_KEYS = (
    "text",
    "prompt",
    "query",
    "question",
    "content",
    "task",
    "title",
    "q",
    "message",
    "summary",
    "response",
    "value",
)


def shorten(text: str, limit: int = LIMIT) -> str:
    """One line of at most `limit` characters, cut at the end with an ellipsis."""
    line = " ".join(text[: limit * 2].split())
    return line if len(line) <= limit and len(text) <= limit * 2 else line[: limit - 1] + "…"


def finite(value: Any) -> float | None:
    """A JSON number that can be calculated with, or None. JSON booleans are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def short_id(id: str) -> str:
    """The last 8 characters: the first are a timestamp and look alike."""
    return id[-8:]


def say(value: Any, limit: int = LIMIT) -> str:
    """Any JSON value as one line: its most telling text if it has one, else compact JSON."""
    for _ in range(_DEEPEST):
        if isinstance(value, str):
            return shorten(value, limit)
        if not isinstance(value, Mapping):
            break
        telling = next(
            (value[key] for key in _TEXT_KEYS if isinstance(value.get(key), str) and value[key]), None
        )
        if telling is not None:
            return shorten(telling, limit)
        inner = next(iter(value.values())) if len(value) == 1 else None
        if not isinstance(inner, str | Mapping):
            break
        value = inner
    if value is None or value == {}:
        return ""
    try:
        return shorten(msgspec.json.encode(value).decode("utf-8", "replace"), limit)
    except (TypeError, ValueError, RecursionError):
        return ""


def format_duration(seconds: float) -> str:
    """`812ms`, `1.9s`, `2m05s`, `1h04m`: at most five characters until ten hours."""
    if seconds < 0:
        seconds = 0.0
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds + 0.5), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m"


def format_age(seconds: float) -> str:
    """How long ago, to the second: `3s`, `2m05s`, `1h04m`."""
    whole = max(0, int(seconds))
    return f"{whole}s" if whole < 60 else format_duration(whole)


def format_bytes(count: int) -> str:
    """`512 B`, `48 kB`, `1.2 MB`; decimal units."""
    size = float(count)
    if size < 1000:
        return f"{count} B"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 1000 or unit == "GB":
            return f"{size:.1f} {unit}" if size < 10 else f"{size:.0f} {unit}"
    raise AssertionError("unreachable")


def format_cost(cost: float | None) -> str:
    """A price with as many digits as it needs, at least four decimals below one."""
    if cost is None:
        return ""
    if cost == 0:
        return "0"
    return f"{cost:.4f}" if abs(cost) < 1 else f"{cost:.2f}"


def _number(value: Any) -> str:
    number = finite(value)
    return say(value, 20) or "?" if number is None else f"{number:g}"


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
    return f"{len(steps)} steps  {_words(steps)}" if isinstance(steps, list) else ""


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
    return say(payload["error"]) if payload.get("error") else f"{count} hit{'' if count == 1 else 's'}"


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


def describe(header: Header) -> str:
    """What a signal says, in one short line; why it is none, when it is malformed."""
    if header.problem and header.type not in _DESCRIBE:
        return header.problem if not header.type else f"{header.problem}  {say(header.read_payload())}"
    payload = header.read_payload()
    # Every part is one line already; the wider gaps between parts are meant.
    text = _DESCRIBE[header.type](payload)
    text = text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"
    return f"{header.problem}  {text}".strip() if header.problem else text
