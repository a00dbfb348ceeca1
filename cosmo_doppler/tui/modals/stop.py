"""The forms behind `S` and `:stop marked`: stop a trace, and perhaps undo what it wrote to memory; or stop several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from cosmo_bus.address import is_loopback
from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.entries import Entry
from cosmo_doppler.tui.modals.facts import TraceFacts, trace_facts
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import Field, Passage, Tick, prose, where
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
    """What must be typed where a slip costs most: the end of the id as it is shown, so it can always be typed."""
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
        self._elsewhere = elsewhere(session)

    def compose_body(self) -> ComposeResult:
        """What would be stopped, and how."""
        for label, fact_id in (("Task", "title"), ("Running", "running"), ("Working", "working")):
            yield Field(label, prose(id=fact_id, classes="fact"), close=True)
        yield prose(" ", classes="close gap")
        yield Field("Rollback", Tick("undo what it wrote", id="rollback"), close=True)
        yield prose(id="undone", classes="hint")
        yield Field("Reason", Entry(id="reason", placeholder="for the record, may stay empty"))
        yield Field(
            "Confirm",
            Entry(id="typed"),
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
        self.query_one("#undone", Static).update(Content(_undoable(facts, self._rollback)))
        self.query_one("#confirm").set_class(not self._typed_wanted, "hidden")

    def problem(self) -> str:
        """Why STOP cannot be sent."""
        wanted = confirmation_of(self._trace_id)
        if self._typed_wanted and self.query_one("#typed", Input).value.strip().lower() != wanted.lower():
            why = "To roll back" if self._rollback else "Others share this bus"
            return f"{why}: type the last four of the trace id, {wanted}"
        return ""

    def draft(self) -> StopDraft:
        """How to stop."""
        return StopDraft(self._rollback, self.query_one("#reason", Input).value.strip())

    @property
    def _typed_wanted(self) -> bool:
        return self._rollback or self._elsewhere

    @property
    def _rollback(self) -> bool:
        return self.query_one("#rollback", Tick).ticked


@dataclass(frozen=True)
class BulkDraft:
    """Which traces to stop, and why."""

    trace_ids: tuple[str, ...]
    reason: str


class BulkStopForm(Form[BulkDraft]):
    """Confirm a STOP of several traces. What was written to memory stays.

    Args:
        session: where they run.
        trace_ids: which; those that are over by the time it is sent are left out.
    """

    cancel_label: ClassVar[str] = "Keep them running"
    send_label: ClassVar[str] = "Send STOP to all"
    ready: ClassVar[str] = "ctrl+s sends STOP to all, esc keeps them running"
    DEFAULT_CSS = "BulkStopForm #typed { width: 11; }"

    def __init__(self, session: Session, trace_ids: Sequence[str]) -> None:
        super().__init__("Stop marked traces", where(session))
        self._session = session
        self._trace_ids = trace_ids
        self._still: dict[str, TraceFacts] = {}

    def compose_body(self) -> ComposeResult:
        """What would be stopped."""
        yield Passage("", id="traces")
        yield Field("Reason", Entry(id="reason", placeholder="for the record, may stay empty"))
        yield Field("How many", Entry(id="typed", restrict=r"\d{0,5}"), close=True)

    def on_mount(self) -> None:
        """Traces end by themselves meanwhile."""
        self.set_interval(REFRESH_S, self.check)

    def refresh_form(self) -> None:
        """Those that still run."""
        facts = {trace_id: trace_facts(self._session, trace_id) for trace_id in self._trace_ids}
        self._still = {key: each for key, each in facts.items() if each is not None and not each.over}
        lines = [
            f"{short_id(key)}  {joined(duration(each.running_s)):>8}  {safe(each.title, 80) or 'untitled'}"
            for key, each in self._still.items()
        ]
        self.query_one("#traces > Static", Static).update(Content("\n".join(lines) or "all are over"))

    def problem(self) -> str:
        """Why STOP cannot be sent."""
        count = len(self._still)
        if not count:
            return "All of them are over: nothing to stop"
        if self.query_one("#typed", Input).value != str(count):
            return f"Type how many are stopped: {count}"
        return ""

    def draft(self) -> BulkDraft:
        """Those that run now."""
        return BulkDraft(tuple(self._still), self.query_one("#reason", Input).value.strip())


def elsewhere(session: Session) -> bool:
    """Whether a bus is not on this machine, so that others may depend on it."""
    return session.kind == "live" and not is_loopback(urlsplit(session.title).hostname or "")


def _undoable(facts: TraceFacts | None, rollback: bool) -> str:
    """What a rollback reaches."""
    if not rollback or facts is None:
        return "Only Engram writes are undone, nothing else."
    if not facts.writes:
        return "Only Engram writes are undone; none was seen here."
    names = ", ".join(safe(name, 30) for name in facts.engrams[:6])
    return f"Only Engram writes are undone: {many(facts.writes, 'write')} to {names or 'an Engram'}."


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
