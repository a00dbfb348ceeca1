"""When what a signal began was over: the bars of a waterfall."""

from __future__ import annotations

from typing import Literal, NamedTuple

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.traces import Node, Trace

SpanKind = Literal["instant", "waiting", "working", "human"]

_ANSWERS: dict[str, frozenset[str]] = {
    "TASK": frozenset({"AGENT_OUTPUT", "ERROR", "FINAL", "STOPPED"}),
    "TASK_AWARDED": frozenset({"AGENT_OUTPUT", "ERROR", "FINAL", "STOPPED"}),
    "TOOL_CALL": frozenset({"TOOL_RESULT", "ERROR"}),
    "RECALL": frozenset({"RECALLED", "ERROR"}),
    "IMPRINT": frozenset({"IMPRINTED", "ERROR"}),
}
_QUESTIONS = frozenset({"CLARIFICATION", "PERMISSION", "ESCALATION"})


class Span(NamedTuple):
    """A signal's place in time, epoch seconds."""

    kind: SpanKind
    start: float
    end: float


def span_of(node: Node, trace: Trace, board: Board, now: float) -> Span:
    """What to draw for a signal. What nobody ended goes on until its trace ended, or until now."""
    latest = trace.ended_at if trace.ended_at is not None else max(now, trace.last_at)
    if node.type == "TASK_OFFER":
        return Span("waiting", node.at, _window_end(node, board, latest))
    if node.type in _QUESTIONS:
        request = board.requests.get(node.id)
        answered = request.answered_at if request is not None else None
        return Span("human", node.at, latest if answered is None else answered)
    answers = _ANSWERS.get(node.type)
    if answers is None:
        return Span("instant", node.at, node.at)
    ends = [child.at for child in node.children if child.type in answers]
    return Span("working", node.at, max(ends) if ends else latest)


def _window_end(node: Node, board: Board, latest: float) -> float:
    auction = board.auctions.get(node.id)
    if auction is None:
        return node.at
    if auction.awarded_at is not None:
        return auction.awarded_at
    return min(latest, auction.opened_at + auction.deadline_ms / 1000) if auction.deadline_ms else latest
