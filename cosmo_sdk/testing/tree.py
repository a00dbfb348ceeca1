"""Signals as trees, one line each: what a failing test shows of what happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import json

from cosmo_sdk.envelope import Signal

WIDTH = 110
"""Characters of what is said of one Signal, past its branch; longer payloads are cut."""

LINES = 60
"""Signals shown; the rest is counted."""


def draw(signals: Iterable[Signal], *, limit: int = LINES) -> str:
    """The Signals of each trace as a tree: who was caused by whom, when, by whom, with what.

    Args:
        signals: in order of arrival. A Signal whose cause is not among them stands at the top of its trace.
        limit: Signals shown at most. The latest are kept: what matters for a failure is its end.
    """
    every = list(signals)
    shown = every[-limit:] if limit else []
    if not shown:
        return "(nothing)" if not every else f"({len(every):,} signals)"
    lines = [f"... {len(every) - len(shown):,} earlier signals"] if len(shown) < len(every) else []
    traces: dict[str, list[Signal]] = {}
    for signal in shown:
        traces.setdefault(signal.trace_id, []).append(signal)
    start = shown[0].ts
    for trace_id, members in traces.items():
        lines.append(_plain(trace_id))
        lines.extend(_branches(members, start))
    return "\n".join(lines)


def _branches(members: Sequence[Signal], start: datetime) -> Iterator[str]:
    present = {signal.id for signal in members}
    children: dict[str | None, list[Signal]] = {}
    for signal in members:
        cause = signal.parent_id if signal.parent_id in present and signal.parent_id != signal.id else None
        children.setdefault(cause, []).append(signal)
    drawn: set[int] = set()
    yield from _below(None, "", children, drawn, start)
    # Whoever causes each other in a circle hangs under nobody.
    for signal in members:
        if id(signal) not in drawn:
            drawn.add(id(signal))
            yield f"?─ {_describe(signal, start)}"


def _below(
    cause: str | None, indent: str, children: dict[str | None, list[Signal]], drawn: set[int], start: datetime
) -> Iterator[str]:
    """The lines of all that one Signal led to. Without recursion: a trace may be deeper than Python's stack."""
    pending = [(signal, indent, last) for signal, last in _marked(children.get(cause, []))]
    expanded: set[str] = set()
    while pending:
        signal, indent, last = pending.pop()
        drawn.add(id(signal))
        yield f"{indent}{'└─ ' if last else '├─ '}{_describe(signal, start)}"
        if signal.id not in expanded:
            # A duplicate's id comes up twice; what it led to is shown under the first.
            expanded.add(signal.id)
            deeper = indent + ("   " if last else "│  ")
            pending.extend((child, deeper, end) for child, end in _marked(children.get(signal.id, [])))


def _marked(siblings: Sequence[Signal]) -> list[tuple[Signal, bool]]:
    """Last first, as a stack wants them, each with whether it is the last."""
    return [(signal, index == len(siblings) - 1) for index, signal in enumerate(siblings)][::-1]


def _describe(signal: Signal, start: datetime) -> str:
    after = (signal.ts - start).total_seconds()
    arrow = "" if signal.neuron is None else f" {'→' if signal.target is not None else '·'} {signal.neuron}"
    line = _plain(f"{signal.type}{arrow}  {after:+.3f}s  …{signal.id[-8:]}  {_said(signal)}")
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def _said(signal: Signal) -> str:
    try:
        return json.encode(signal.payload).decode()
    except (TypeError, ValueError, RecursionError):
        return repr(signal.payload)


def _plain(text: str) -> str:
    """Without anything a terminal would obey: names and payloads may come from anywhere."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
