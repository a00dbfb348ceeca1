"""The form behind `S`: stop a trace, and perhaps undo what it wrote to memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.entries import Entry
from cosmo_doppler.tui.modals.facts import TraceFacts, trace_facts
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import Field, Tick, prose, where
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.words import duration, joined, many

REFRESH_S = 0.5
"""Time between two looks at the trace while the form is open, seconds."""


@dataclass(frozen=True)
class StopDraft:
    """How to stop."""

    rollback: bool
    reason: str


def confirmation_of(trace_id: str) -> str:
    """What must be typed to confirm a rollback: the end of the id as it is shown, so it can always be typed."""
    return short_id(trace_id)[-4:]


class StopForm(Form[StopDraft]):
    """Confirm a STOP."""

    cancel_label: ClassVar[str] = "Keep running"
    send_label: ClassVar[str] = "Send STOP"
    ready: ClassVar[str] = "ctrl+s sends STOP, esc keeps it running"
    DEFAULT_CSS = """
    StopForm #typed { width: 11; }
    StopForm .fact { text-wrap: nowrap; text-overflow: ellipsis; width: 1fr; }
    StopForm .hidden { display: none; }
    """

    def __init__(self, session: Session, trace_id: str) -> None:
        super().__init__(f"Stop trace {short_id(trace_id)}", where(session))
        self._session = session
        self._trace_id = trace_id

    def compose_body(self) -> ComposeResult:
        """What would be stopped, and how."""
        for label, fact_id in (("Task", "title"), ("Running", "running"), ("Working", "working")):
            yield Field(label, prose(id=fact_id, classes="fact"), close=True)
        yield prose(" ", classes="close gap")
        yield Field("Rollback", Tick("undo what it wrote", id="rollback"), close=True)
        yield prose("Only Engram writes are undone, nothing else.", classes="hint")
        yield Field("Reason", Entry(id="reason", placeholder="for the record, may stay empty"))
        yield Field(
            "Confirm",
            Entry(
                id="typed",
            ),
            id="confirm",
            close=True,
        )

    def on_mount(self) -> None:
        """Keep what is shown of the trace true."""
        self.set_interval(REFRESH_S, self.check)

    def refresh_form(self) -> None:
        """Show the trace as it stands, and ask for confirmation of a rollback."""
        facts = trace_facts(self._session, self._trace_id)
        title, running, working = _describe(facts)
        self.query_one("#title", Static).update(Content(title))
        self.query_one("#running", Static).update(Content(running))
        self.query_one("#working", Static).update(Content(working))
        self.query_one("#confirm").set_class(not self._rollback, "hidden")

    def problem(self) -> str:
        """Why STOP cannot be sent."""
        wanted = confirmation_of(self._trace_id)
        if self._rollback and self.query_one("#typed", Input).value.strip().lower() != wanted.lower():
            return f"To roll back, type the last four of the trace id: {wanted}"
        return ""

    def draft(self) -> StopDraft:
        """How to stop."""
        return StopDraft(self._rollback, self.query_one("#reason", Input).value.strip())

    @property
    def _rollback(self) -> bool:
        return self.query_one("#rollback", Tick).ticked


def _describe(facts: TraceFacts | None) -> tuple[str, str, str]:
    """Title, age and who is at work, one line each."""
    if facts is None:
        return "not seen on this bus", "unknown", "unknown"
    age = joined(duration(facts.running_s))
    running = age if facts.status in ("open", "waiting") else f"{facts.status} after {age}"
    if facts.status == "waiting":
        running += ", waiting for a person"
    names = ", ".join(safe(name, 40) if name else "somebody" for name in facts.working[:8])
    if facts.writes:
        running += f" · {many(facts.writes, 'Engram write')}"
    return (
        safe(facts.title, 200) or "untitled",
        running,
        names or "nobody now",
    )
