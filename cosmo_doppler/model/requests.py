"""Questions to a human: CLARIFICATION, PERMISSION and ESCALATION, and whether somebody answered."""

from __future__ import annotations

from typing import Any, Literal

RequestState = Literal["open", "answered", "closed"]
"""closed: its trace ended or was stopped before an answer."""

QUESTION_KEYS = {"CLARIFICATION": "question", "PERMISSION": "action", "ESCALATION": "reason"}
"""By type: the payload key that holds what is asked."""


class Request:
    """One open or settled question."""

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
        """CLARIFICATION, PERMISSION or ESCALATION."""
        self.trace_id = trace_id
        self.who = who
        """Who asks."""
        self.seq = seq
        self.asked_at = asked_at
        self.text = text
        """The question or the action, not yet safe for a terminal."""
        self.detail: dict[str, Any] = {}
        """The whole payload."""
        self.context: Any = None
        self.state: RequestState = "open"
        self.answered_by = ""
        self.answered_at: float | None = None

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
