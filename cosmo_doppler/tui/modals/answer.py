"""The forms behind `A`: answer a clarification, decide a permission, read an escalation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.entries import Entry
from cosmo_doppler.tui.modals.facts import Question, waiting
from cosmo_doppler.tui.modals.form import Draft, Form, button
from cosmo_doppler.tui.modals.parts import Choice, Field, Passage, prose, safe_lines, safe_value
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.words import age, joined

REFRESH_S = 0.25
"""Time between two looks at the request while the form is open, seconds."""

ARM_S = 0.15
"""How long a decision key is deaf for the enter that confirms it, seconds: pasted text arrives faster."""

_KINDS = {"CLARIFICATION": "Clarification", "PERMISSION": "Permission", "ESCALATION": "Escalation"}


@dataclass(frozen=True)
class AnswerDraft:
    """An answer to a clarification."""

    answer: str
    redispatch: bool


@dataclass(frozen=True)
class DecisionDraft:
    """A decision on a permission."""

    granted: bool
    reason: str
    redispatch: bool


class QuestionForm(Form[Draft]):
    """What a request asks, who asks it and for how long; closed to sending once it is settled."""

    cancel_label: ClassVar[str] = "Not now"
    DEFAULT_CSS = """
    QuestionForm #asked { text-style: bold; }
    QuestionForm.-middle Passage { max-height: 5; }
    QuestionForm.-short Passage { max-height: 3; }
    """

    def __init__(self, session: Session, question: Question) -> None:
        super().__init__(
            f"{_KINDS.get(question.kind, 'Request')} from {safe(question.who, 40) or 'somebody'}",
            f"trace {short_id(question.trace_id)}",
        )
        self._session = session
        self._question = question

    def on_mount(self) -> None:
        """Notice when somebody else answers."""
        self.set_interval(REFRESH_S, self.check)

    def refresh_form(self) -> None:
        """Show how long it has waited."""
        waited = waiting(self._session, self._question).waiting_s
        self.query_one("#waited", Static).update(Content(joined(age(waited))))

    def problem(self) -> str:
        """Why nothing can be sent: it is settled, or never could be answered."""
        stands = waiting(self._session, self._question)
        if stands.state == "answered":
            return f"Answered meanwhile by {safe(stands.answered_by, 40) or 'somebody else'}: nothing left to send"
        if stands.state == "closed":
            return "Its trace has ended without an answer: nothing left to send"
        if self._question.signal is None:
            return "This request is no valid signal, so nothing can answer it"
        return self.incomplete()

    def incomplete(self) -> str:
        """Why it cannot be sent yet, as far as the fields go."""
        return ""

    def asks(self, text: str, *facts: tuple[str, Any]) -> ComposeResult:
        """What is asked, in full, and the facts that came with it."""
        yield Passage(safe_lines(text) or "(it says nothing)", id="asked")
        for label, value in facts:
            if value not in (None, "", {}, []):
                yield Field(label, Passage(safe_value(value)), close=True)
        yield Field("Waiting", prose(id="waited"))

    def reply_choice(self) -> ComposeResult:
        """Which of the two forms of an answer goes out (PROTOCOL 6.14)."""
        forms = [("new task to the asker", True), ("reply signal only", False)]
        yield Field("Reply as", Choice[bool](forms, id="reply"), close=True)
        yield prose(id="effect", classes="hint close")

    @property
    def redispatch(self) -> bool:
        """Whether the asker is tasked again."""
        return self.query_one("#reply", Choice).value is True

    def say_effect(self, reply_type: str) -> None:
        """Say what the chosen form does to the asker."""
        again = "It runs again, with your reply and its task."
        if self._question.original is None:
            again = "It runs again with your reply; its task is unknown."
        only = f"Only an agent awaiting a {reply_type} goes on."
        self.query_one("#effect", Static).update(Content(again if self.redispatch else only))

    def nobody_to_task(self) -> str:
        """Why a new task is impossible; empty when it is possible or not wanted."""
        if self.redispatch and not self._question.who:
            return "It does not say who asks: reply by signal only"
        return ""


class ClarificationForm(QuestionForm[AnswerDraft]):
    """Answer a question."""

    send_label: ClassVar[str] = "Send answer"

    def compose_body(self) -> ComposeResult:
        """The question, its context, the answer."""
        payload = self._question.payload
        asked = payload.get("question")
        yield from self.asks(
            asked if isinstance(asked, str) else self._question.text, ("Context", payload.get("context"))
        )
        yield Field("Answer", Entry(id="answer"))
        yield from self.reply_choice()

    def first(self) -> Widget:
        """The answer; enter there only goes on."""
        return self.query_one("#answer", Input)

    def refresh_form(self) -> None:
        """Time, and what the chosen form does."""
        super().refresh_form()
        self.say_effect("CLARIFICATION_ANSWER")

    def incomplete(self) -> str:
        """An answer says something."""
        if not self.query_one("#answer", Input).value.strip():
            return "Type an answer"
        return self.nobody_to_task()

    def draft(self) -> AnswerDraft:
        """The answer."""
        return AnswerDraft(self.query_one("#answer", Input).value.strip(), self.redispatch)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes on to Send, where the next one sends."""
        # Textual also calls the handler of the base class, which would move on once more.
        event.prevent_default()
        send = self.query_one("#send", Button)
        if not send.disabled:
            send.focus()


class PermissionForm(QuestionForm[DecisionDraft]):
    """Grant or deny: `d` or `g` picks the button, enter presses it."""

    ready: ClassVar[str] = "d denies, g grants, enter confirms, esc leaves"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "arm('deny')", "deny", show=False),
        Binding("g", "arm('grant')", "grant", show=False),
    ]

    def compose_body(self) -> ComposeResult:
        """The action, its scope and reason, and ours."""
        payload = self._question.payload
        action = payload.get("action")
        yield from self.asks(
            action if isinstance(action, str) else self._question.text,
            ("Scope", payload.get("scope")),
            ("Because", payload.get("reason")),
            ("Context", payload.get("context")),
        )
        yield Field("Reason", Entry(id="reason", placeholder="yours, may stay empty"))
        yield from self.reply_choice()

    def compose_buttons(self) -> Iterator[Button]:
        """Neither decision is under the first enter."""
        yield button(self.cancel_label, "cancel")
        yield button("Deny", "deny")
        yield button("Grant", "grant")

    def senders(self) -> list[Button]:
        """Both decisions."""
        return [self.query_one("#deny", Button), self.query_one("#grant", Button)]

    def refresh_form(self) -> None:
        """Time, and what the chosen form does."""
        super().refresh_form()
        self.say_effect("PERMISSION_DECISION")

    def incomplete(self) -> str:
        """Nothing must be filled in."""
        return self.nobody_to_task()

    def draft(self) -> DecisionDraft:
        """The decision under the focus; anything but Grant denies."""
        granted = self.focused is not None and self.focused.id == "grant"
        return DecisionDraft(granted, self.query_one("#reason", Input).value.strip(), self.redispatch)

    def action_arm(self, which: str) -> None:
        """Pick a decision; the enter that sends it must come on its own."""
        if not self.deaf and not self.problem():
            target = self.query_one(f"#{which}", Button)
            target.focus()
            self.hold(ARM_S, lambda: target)

    def action_send(self) -> None:
        """Only a decision under the focus is sent: ctrl+s alone decides nothing."""
        if self.focused in self.senders():
            super().action_send()


class EscalationForm(QuestionForm[None]):
    """Read an escalation: the protocol has no reply to it."""

    cancel_label: ClassVar[str] = "Close"
    ready: ClassVar[str] = ""

    def compose_body(self) -> ComposeResult:
        """The reason and where it went."""
        payload = self._question.payload
        reason = payload.get("reason")
        yield from self.asks(
            reason if isinstance(reason, str) else self._question.text,
            ("To", payload.get("target")),
            ("Context", payload.get("context")),
        )
        yield prose(
            "An escalation has no reply of its own. To act on it, give its target a task (O) or stop the trace (S).",
            classes="quiet close",
        )

    def compose_buttons(self) -> Iterator[Button]:
        """Nothing to send."""
        yield button(self.cancel_label, "cancel")

    def senders(self) -> list[Button]:
        """None."""
        return []

    def problem(self) -> str:
        """Nothing is asked of anybody, so nothing is said to be missing."""
        return ""

    def action_send(self) -> None:
        """There is nothing to send."""
