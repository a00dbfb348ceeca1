"""What waits for a person, and whether somebody answered.

Questions of agents (CLARIFICATION, PERMISSION and ESCALATION), and work (TASK and TASK_AWARDED) for a participant that
announced itself as a person.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Literal

from cosmo_doppler.model.wording import finite, say
from cosmo_sdk.header import Header

RequestState = Literal["open", "answered", "closed"]
"""closed: its trace ended or was stopped before an answer, or the work was passed on to somebody else."""

PERSON = "person"
"""The kind of neuron a person is, as its REGISTER says."""

WORK_KINDS = frozenset({"TASK", "TASK_AWARDED"})
"""Kinds of a request that are work; whoever it is for answers with an AGENT_OUTPUT or an ERROR."""

QUESTION_KEYS = {"CLARIFICATION": "question", "PERMISSION": "action", "ESCALATION": "reason"}
"""By type: the payload key that holds what is asked."""

ANSWER_TYPES = frozenset({"CLARIFICATION_ANSWER", "PERMISSION_DECISION", "TASK"})
"""What answers a question it names as its parent; a TASK is an answer re-dispatched (PROTOCOL 6.14)."""


RESULTS = frozenset({"AGENT_OUTPUT", "ERROR", "CLARIFICATION", "PERMISSION"})
"""What answers work."""


class Request:
    """One question, or piece of work for a person; open or settled."""

    __slots__ = (
        "answered_at",
        "answered_by",
        "asked_at",
        "context",
        "detail",
        "id",
        "kind",
        "seq",
        "state",
        "text",
        "trace_id",
        "who",
    )

    def __init__(
        self, id: str, kind: str, trace_id: str, who: str, seq: int, asked_at: float, text: str
    ) -> None:
        self.id = id
        self.kind = kind
        """Its type: CLARIFICATION, PERMISSION, ESCALATION, or one of WORK_KINDS."""
        self.trace_id = trace_id
        self.who = who
        """Who asks; of work: the person it is for."""
        self.seq = seq
        self.asked_at = asked_at
        self.text = text
        """The question or the action, not yet safe for a terminal."""
        self.detail: dict[str, Any] = {}
        """The whole payload; of work: what was promised for it, as far as it is known."""
        self.context: Any = None
        self.state: RequestState = "open"
        self.answered_by = ""
        self.answered_at: float | None = None

    @property
    def is_work(self) -> bool:
        """Whether it is work, and no question."""
        return self.kind in WORK_KINDS

    def settle(self, by: str, at: float) -> bool:
        """Somebody answered. False when it was not open any more: the first answer counts."""
        if self.state != "open":
            return False
        self.state, self.answered_by, self.answered_at = "answered", by, at
        return True

    def close(self) -> bool:
        """Its trace ended without an answer. False when it was not open any more."""
        if self.state != "open":
            return False
        self.state = "closed"
        return True


def work_request(header: Header, who: str, seq: int, at: float, title: str) -> Request:
    """Work that came for a person.

    Args:
        header: of the TASK or the TASK_AWARDED.
        who: the person.
        seq: its position in the store.
        at: its arrival, epoch seconds.
        title: what its trace is about, for an award that does not repeat the input (PROTOCOL 2.2).
    """
    payload = header.read_payload()
    text = say(payload["input"]) if payload.get("input") is not None else title
    request = Request(header.id, header.type, header.trace_id, who, seq, at, text)
    promised = payload.get("winning_bid")
    if isinstance(promised, dict):
        request.detail = {key: finite(promised.get(key)) for key in ("cost", "eta_ms", "confidence")}
    return request


class RequestBook:
    """Every question, by its event id."""

    def __init__(self) -> None:
        self.by_id: dict[str, Request] = {}
        self.order: list[str] = []
        """Event ids by arrival."""
        self.waiting: dict[str, Request] = {}
        """Those nobody has answered, by event id, the longest waiting first."""
        self._open_in: dict[str, dict[str, Request]] = {}
        """Open questions by trace."""

    def ask(self, request: Request) -> None:
        """A question was seen."""
        self.by_id[request.id] = request
        self.order.append(request.id)
        self.waiting[request.id] = request
        self._open_in.setdefault(request.trace_id, {})[request.id] = request

    def answer(self, id: str, by: str, at: float) -> Request | None:
        """Somebody answered: the question that was open until now; None when there is none."""
        request = self.by_id.get(id)
        if request is None or not request.settle(by, at):
            return None
        self._open_in[request.trace_id].pop(id)
        del self.waiting[id]
        return request

    def take_back(self, id: str) -> Request | None:
        """Somebody else has the work now: what was open until now; None when nothing was."""
        request = self.by_id.get(id)
        if request is None or not request.close():
            return None
        self._open_in[request.trace_id].pop(id)
        del self.waiting[id]
        return request

    def close(self, trace_id: str) -> list[Request]:
        """A trace is over: nobody waits for answers any more."""
        closed = list(self._open_in.pop(trace_id, {}).values())
        for request in closed:
            request.close()
            del self.waiting[request.id]
        return closed

    def forget(self, trace_ids: Container[str]) -> None:
        """Drop the questions of traces that are no longer kept."""
        for request in [request for request in self.by_id.values() if request.trace_id in trace_ids]:
            del self.by_id[request.id]
            self._open_in.pop(request.trace_id, None)
            self.waiting.pop(request.id, None)
        self.order = [id for id in self.order if id in self.by_id]
