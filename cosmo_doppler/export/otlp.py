"""Traces as OpenTelemetry spans, in the JSON encoding of OTLP: one `TracesData` for each trace, each on a line.

What lasts becomes a span (work, auctions, tools, memory, questions), under one for the trace as a whole; every other
signal is an event of the span it belongs to. Ids follow from the ids of traces and events, so exporting again gives
the same spans. A trace that another one caused links to the span of its cause. Times are those of arrival.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.node import Node, Portal
from cosmo_doppler.model.sayings import describe
from cosmo_doppler.model.spans import Span
from cosmo_doppler.model.traces import OVER, Trace
from cosmo_doppler.store import Store
from cosmo_sdk.ids import decode_ulid

SCOPE = "cosmo-doppler"

LONGEST_PAYLOAD = 8_192
"""Characters of a payload in an attribute; a longer one is cut, and says so."""

_NOBODY = "cosmonapse"
"""The service of spans that name no participant."""

_INTERNAL, _CLIENT, _PRODUCER, _CONSUMER = 1, 3, 4, 5
_KINDS = {
    "TASK_OFFER": _PRODUCER,
    "TASK": _CONSUMER,
    "TASK_AWARDED": _CONSUMER,
    "TOOL_CALL": _CLIENT,
    "RECALL": _CLIENT,
    "IMPRINT": _CLIENT,
}
_OK, _ERROR = 1, 2


def otlp_lines(board: Board, store: Store, trace_ids: Iterable[str]) -> Iterator[bytes]:
    """Each trace as a `TracesData` on a line of its own, as OpenTelemetry collectors read them from files.

    Args:
        board: what is known.
        store: where the frames are.
        trace_ids: in full.

    Raises:
        KeyError: no such trace.
    """
    for trace_id in trace_ids:
        data = traces_data(board, store, board.traces[trace_id])
        yield json.dumps(data, separators=(",", ":")).encode() + b"\n"


def traces_data(board: Board, store: Store, trace: Trace) -> dict[str, Any]:
    """One trace as a `TracesData`: the spans of each participant under a resource of its name."""
    trace.timed(board.now)
    spans: dict[str, list[dict[str, Any]]] = {_NOBODY: [_whole(board, trace)]}
    by_span: dict[int, dict[str, Any]] = {}
    for node in sorted(trace.rows, key=_arrival):
        if node.span is not None and node.span.node is node:
            made = by_span[id(node.span)] = _span(board, store, trace, node, node.span)
            spans.setdefault(_text(node.who) or _NOBODY, []).append(made)
        else:
            holder = by_span.get(id(_around(node)), spans[_NOBODY][0])
            holder["events"].append(_event(store, node))
    return {"resourceSpans": [_resource(who, made) for who, made in spans.items()]}


def otlp_trace_id(trace_id: str) -> str:
    """The 16 bytes of the ULID in an id, as hex; of an id that holds none, as many of its digest."""
    return _bytes_of(trace_id).hex()


def otlp_span_id(event_id: str) -> str:
    """The last 8 bytes of the ULID in an id, which are chance, as hex; of an id that holds none, of its digest."""
    taken = _bytes_of(event_id)[8:]
    return (taken if any(taken) else _digest(event_id)[:8]).hex()


def _bytes_of(id: str) -> bytes:
    value = decode_ulid(id.rpartition("_")[2])
    # All zeros is no id in OpenTelemetry.
    return value.to_bytes(16, "big") if value else _digest(id)


def _digest(id: str) -> bytes:
    return hashlib.sha256(id.encode("utf-8", "replace")).digest()[:16]


def _root_id(trace_id: str) -> str:
    """Of the span of a trace as a whole, which no event stands for."""
    return _digest(f"whole {trace_id}")[:8].hex()


def _node_id(node: Node) -> str:
    return otlp_span_id(node.id or f"{node.trace_id} {node.seq}")


def _around(node: Node) -> Span | None:
    """The span a signal belongs to: that of what it answers, else the one it happened in."""
    if node.parent is not None and node.parent.span is not None:
        return node.parent.span
    return node.within


def _whole(board: Board, trace: Trace) -> dict[str, Any]:
    ended = trace.last_at if trace.ended_at is None else trace.ended_at
    span = {
        "traceId": otlp_trace_id(trace.id),
        "spanId": _root_id(trace.id),
        "name": _text(trace.title, 120) or "trace",
        "kind": _INTERNAL,
        "startTimeUnixNano": _nanoseconds(trace.started_at),
        "endTimeUnixNano": _nanoseconds(max(ended, trace.started_at)),
        "attributes": _attributes(
            {
                "cosmo.trace_id": trace.id,
                "cosmo.status": trace.status,
                "cosmo.signals": trace.signals,
                "cosmo.open": True if trace.status not in OVER else None,
            }
        ),
        "events": [],
        "status": _status(trace.status == "failed", trace.status == "done"),
    }
    cause = _cause(board.portal_to(trace.id))
    if cause is not None:
        trace_id, span_id, event_id = cause
        attributes = _attributes({"cosmo.caused_by": event_id})
        span["links"] = [{"traceId": trace_id, "spanId": span_id, "attributes": attributes}]
    return span


def _cause(portal: Portal | None) -> tuple[str, str, str] | None:
    """Trace and span of what caused a trace, and the event that did."""
    node = portal.parent if portal is not None else None
    if node is None:
        return None
    cause, above = node, node.span if node.span is not None else _around(node)
    if above is not None and above.node is not None:
        return otlp_trace_id(node.trace_id), _node_id(above.node), cause.id
    return otlp_trace_id(node.trace_id), _root_id(node.trace_id), cause.id


def _span(board: Board, store: Store, trace: Trace, node: Node, span: Span) -> dict[str, Any]:
    above = span.over.node if span.over is not None else None
    # Whatever nests it in another trace is told by a link, not by a parent.
    parent = _node_id(above) if above is not None and above.trace_id == trace.id else _root_id(trace.id)
    end = max(trace.last_at, node.at) if span.end is None else span.end
    return {
        "traceId": otlp_trace_id(trace.id),
        "spanId": _node_id(node),
        "parentSpanId": parent,
        "name": _name(board, node),
        "kind": _KINDS.get(node.type, _INTERNAL),
        "startTimeUnixNano": _nanoseconds(span.start),
        "endTimeUnixNano": _nanoseconds(max(end, span.start)),
        "attributes": _told(store, node, {"cosmo.part": span.part, "cosmo.open": span.end is None or None}),
        "events": [],
        "status": _status(span.outcome == "ERROR", span.end is not None),
    }


def _name(board: Board, node: Node) -> str:
    auction = board.auctions.get(node.id) if node.type == "TASK_OFFER" else None
    if auction is not None and auction.capabilities:
        return _text(f"{node.type} {' '.join(auction.capabilities)}", 120)
    return _text(f"{node.type} {node.who}".rstrip(), 120)


def _event(store: Store, node: Node) -> dict[str, Any]:
    return {
        "timeUnixNano": _nanoseconds(node.at),
        "name": _text(node.type, 120) or "signal",
        "attributes": _told(store, node, {"cosmo.who": node.who or None}),
    }


def _told(store: Store, node: Node, more: dict[str, str | bool | None]) -> list[dict[str, Any]]:
    header = store.header(node.seq)
    payload = json.dumps(header.read_payload(), ensure_ascii=False)
    return _attributes(
        {
            "cosmo.event_id": node.id or None,
            "cosmo.type": node.type,
            "cosmo.says": describe(header) or None,
            "cosmo.payload": payload[:LONGEST_PAYLOAD],
            "cosmo.payload_cut": len(payload) > LONGEST_PAYLOAD or None,
            **more,
        }
    )


def _resource(who: str, spans: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "resource": {"attributes": _attributes({"service.name": who})},
        "scopeSpans": [{"scope": {"name": SCOPE}, "spans": spans}],
    }


def _attributes(values: dict[str, str | int | bool | None]) -> list[dict[str, Any]]:
    """Those that have a value, as `KeyValue`s."""
    return [{"key": key, "value": _any_value(value)} for key, value in values.items() if value is not None]


def _any_value(value: str | int | bool) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    # 64-bit integers are strings in this encoding.
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": _text(value)}


def _status(failed: bool, well: bool) -> dict[str, Any]:
    return {"code": _ERROR} if failed else {"code": _OK} if well else {}


def _nanoseconds(at: float) -> str:
    """Epoch seconds, known to the microsecond."""
    return str(max(0, round(at * 1e6)) * 1000)


def _text(text: str, limit: int = LONGEST_PAYLOAD) -> str:
    """Text that can be UTF-8, which half a surrogate pair cannot."""
    return text[:limit].encode("utf-8", "replace").decode()


def _arrival(node: Node) -> int:
    return node.seq
