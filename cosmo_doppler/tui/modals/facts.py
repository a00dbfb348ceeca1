"""What forms need to know of a session, read under its lock in one go. Everything from the bus stays as it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cosmo_doppler.model.requests import Request, RequestState
from cosmo_doppler.model.roster import Participant
from cosmo_doppler.model.traces import OVER, Node, Trace, TraceStatus
from cosmo_doppler.session import Session
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import EnvelopeError

_HERE = ("live", "late")

DEFAULT_WINDOW_MS = 250
"""The protocol's own default window for bids, milliseconds."""


@dataclass(frozen=True)
class Neuron:
    """A participant that may take work now."""

    id: str
    capabilities: frozenset[str]


def neurons(session: Session) -> list[Neuron]:
    """Every neuron that is still heard, by name."""
    with session.lock:
        now = session.timeline.now
        return sorted(
            (
                Neuron(participant.id, frozenset(participant.capabilities))
                for participant in session.timeline.board.roster.values()
                if _takes_work(participant, now)
            ),
            key=lambda neuron: neuron.id,
        )


def _takes_work(participant: Participant, now: float) -> bool:
    return participant.role == "neuron" and participant.liveness(now) in _HERE


def usual_window_ms(session: Session) -> int:
    """The window of the latest offer seen that named one, milliseconds: bidders here are used to it."""
    with session.lock:
        board = session.timeline.board
        for offer_id in reversed(board.auction_order):
            auction = board.auctions.get(offer_id)
            if auction is not None and auction.deadline_ms:
                return auction.deadline_ms
    return DEFAULT_WINDOW_MS


@dataclass(frozen=True)
class TraceFacts:
    """A trace as the STOP form shows it."""

    status: TraceStatus
    title: str
    running_s: float
    working: tuple[str, ...]
    """Who is at work; `""` stands for somebody who took a task that named nobody."""
    writes: int
    """IMPRINT signals seen: what a rollback may undo."""
    engrams: tuple[str, ...]
    """The memories they went to, by name."""

    @property
    def over(self) -> bool:
        """Whether nothing goes on in it."""
        return self.status in OVER


def trace_facts(session: Session, trace_id: str) -> TraceFacts | None:
    """The trace now; None when it is not known at this point of time."""
    with session.lock:
        trace = session.timeline.board.traces.get(trace_id)
        if trace is None:
            return None
        until = session.timeline.now if trace.ended_at is None else trace.ended_at
        writes = [node for node in trace.rows if node.type == "IMPRINT"]
        return TraceFacts(
            status=trace.status,
            title=trace.title,
            running_s=max(0.0, until - trace.started_at),
            working=tuple(sorted(trace.working)),
            writes=len(writes),
            engrams=tuple(sorted({node.who for node in writes if node.who})),
        )


def stop_outcome(session: Session, trace_id: str) -> str:
    """What became of a STOP so far, in a sentence; empty when the screen shows an earlier moment."""
    with session.lock:
        trace = session.timeline.board.traces.get(trace_id)
        return trace.stop.sentence() if trace is not None and trace.stop is not None else ""


def marked_traces(session: Session) -> list[str]:
    """The traces that have a marked signal, by the place of their first mark."""
    with session.lock:
        board = session.timeline.board
        ids = [
            session.store.header(mark.seq).trace_id for mark in session.marks if mark.seq < len(session.store)
        ]
        return list(dict.fromkeys(id for id in ids if id in board.traces))


@dataclass(frozen=True)
class Question:
    """A request as the answer form shows it."""

    id: str
    kind: str
    trace_id: str
    who: str
    text: str
    asked_at: float
    payload: dict[str, Any]
    signal: Signal | None
    """The request itself; None when its frame is no valid Signal, so nothing can answer it."""
    original: Signal | None
    """The task that led to it, when it was seen."""


def question(session: Session, request_id: str | None) -> Question | None:
    """A request by its id, or the oldest open one that can be answered; None when there is none."""
    with session.lock:
        board = session.timeline.board
        request = board.requests.get(request_id) if request_id else _oldest_open(session)
        if request is None:
            return None
        trace = board.traces.get(request.trace_id)
        task = None if trace is None else _task_behind(trace, request.id)
        return Question(
            id=request.id,
            kind=request.kind,
            trace_id=request.trace_id,
            who=request.who,
            text=request.text,
            asked_at=request.asked_at,
            payload=request.detail,
            signal=signal_at(session, request.seq),
            original=None if task is None else signal_at(session, task.seq),
        )


@dataclass(frozen=True)
class Waiting:
    """How a request stands now."""

    state: RequestState
    answered_by: str
    waiting_s: float


def waiting(session: Session, question: Question) -> Waiting:
    """How the request stands now; one the board has forgotten counts as closed."""
    with session.lock:
        request = session.timeline.board.requests.get(question.id)
        waiting_s = max(0.0, session.timeline.now - question.asked_at)
        if request is None:
            return Waiting("closed", "", waiting_s)
        return Waiting(request.state, request.answered_by, waiting_s)


def _oldest_open(session: Session) -> Request | None:
    board = session.timeline.board
    person = session.person
    mine = person.open if person is not None else {}
    for request in board.waiting.values():
        if request.kind != "ESCALATION" and (not request.is_work or request.id in mine):
            return request
    return None


def _task_behind(trace: Trace, event_id: str) -> Node | None:
    """The nearest TASK or TASK_AWARDED above an event."""
    node = trace.by_id.get(event_id)
    while node is not None and node.type not in ("TASK", "TASK_AWARDED"):
        node = node.parent
    return node


def signal_at(session: Session, seq: int) -> Signal | None:
    """A signal as it was received, redacted values included; None when it is no valid one. The lock is held."""
    try:
        return Signal.decode(session.store.true_frame(seq))
    except EnvelopeError:
        return None
