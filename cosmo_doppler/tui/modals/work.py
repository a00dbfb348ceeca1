"""The form behind `A` for work that waits for the person: answer it, say how it goes, or give it back."""

from __future__ import annotations

import json
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static, TextArea

from cosmo_doppler.errors import OutsideError
from cosmo_doppler.person import GAVE_UP, OpenWork
from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.entries import JsonArea, escape_json
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import Choice, Field, Passage, prose, safe_value
from cosmo_doppler.tui.outside import edit_outside
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.words import age, joined
from cosmo_sdk._replying import reply_to

REFRESH_S = 0.25
"""Time between two looks at the work while the form is open, seconds."""

MAX_SHOWN = 400
"""Characters of the preview."""

LONGEST_TYPED = 20_000
"""Characters the field still wraps and checks at every key; longer texts are kept, and only an editor changes them."""

Reply = Literal["answer", "note", "give up"]

_SENDS: dict[Reply, str] = {"answer": "Send answer", "note": "Send note", "give up": "Give it back"}


@dataclass(frozen=True)
class WorkDraft:
    """What a person says about work."""

    reply: Reply
    value: Any
    """An answer as JSON, else a text."""


def read_answer(text: str) -> tuple[Any, str]:
    """An answer as typed: JSON where it is any, else the text itself; and why it is neither, when it is not."""
    stripped = text.strip()
    if not stripped:
        return None, "Type an answer: JSON, or plain text"
    try:
        return json.loads(stripped, parse_constant=_refuse), ""
    except json.JSONDecodeError as error:
        if stripped[0] in "{[":
            place = f"line {error.lineno}, column {error.colno}"
            return None, f"Not JSON at {place}: {error.msg[:1].lower()}{error.msg[1:]}"
        return stripped, ""
    except (ValueError, RecursionError) as error:
        return None, f"Not JSON: {error}"


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON value")


class WorkForm(Form[WorkDraft]):
    """Work in full, and what to say about it.

    Args:
        session: where it came from.
        work: what waits.
        drafts: texts begun before, by work id. What is not sent is kept there.
    """

    cancel_label: ClassVar[str] = "Not now"
    ready: ClassVar[str] = "ctrl+s sends, ctrl+e opens $EDITOR, esc keeps the text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+e", "edit", "in an editor", show=False, priority=True)
    ]
    DEFAULT_CSS = """
    WorkForm #asked { max-height: 10; }
    WorkForm.-middle #asked { max-height: 5; }
    WorkForm.-short #asked { max-height: 3; }
    WorkForm #text { height: 6; border: none; width: 1fr; }
    WorkForm.-middle #text { height: 3; }
    WorkForm.-short #text { height: 2; }
    WorkForm #preview { color: $foreground-muted; height: auto; max-height: 3; margin-bottom: 0; }
    WorkForm.-short #preview { max-height: 1; }
    """

    def __init__(self, session: Session, work: OpenWork, drafts: MutableMapping[str, str]) -> None:
        heading = "You won this work" if work.won is not None else "A task for you"
        super().__init__(heading, f"trace {short_id(work.trace_id)}")
        self._session = session
        self._work = work
        self._drafts = drafts
        self._long = ""
        """An answer from an editor that is too long for the field; shown as a line about it."""

    def compose_body(self) -> ComposeResult:
        """The input, what was promised, how long it has waited; the reply."""
        yield Field("Input", Passage(safe_value(self._work.input), id="asked"))
        yield Field("Waiting", prose(id="waited"), close=True)
        kinds: list[tuple[str, Reply]] = [
            ("answer", "answer"),
            ("progress note", "note"),
            ("give it back", "give up"),
        ]
        yield Field("Reply", Choice[Reply](kinds, id="reply"), close=True)
        yield prose(id="effect", classes="hint")
        begun = self._drafts.get(self._work.id, "")
        yield Field("Text", JsonArea(begun if len(begun) <= LONGEST_TYPED else "", id="text"))
        yield prose(id="preview")

    def first(self) -> Widget:
        """The text; enter there only begins a line."""
        return self.query_one("#text", TextArea)

    def on_mount(self) -> None:
        """Notice a STOP."""
        self.set_interval(REFRESH_S, self.check)
        begun = self._drafts.get(self._work.id, "")
        if len(begun) > LONGEST_TYPED:
            self._take(begun)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Keep what was typed, for the next time. The base class checks the form."""
        if not self._long:
            self._drafts[self._work.id] = event.text_area.text

    @property
    def text(self) -> str:
        """What was written so far."""
        return self._long or self.query_one("#text", TextArea).text

    @property
    def _reply(self) -> Reply:
        reply: Reply = self.query_one("#reply", Choice).value
        return reply

    def refresh_form(self) -> None:
        """Time, what the reply does, and what will go out."""
        reply = self._reply
        self.query_one("#waited", Static).update(Content(_waited(self._work)))
        self.query_one("#effect", Static).update(Content(self._effect(reply)))
        self.query_one("#send", Button).label = Content(_SENDS[reply])
        self.query_one("#preview", Static).update(Content(self._preview(reply)))

    def problem(self) -> str:
        """Why nothing can be sent."""
        person = self._session.person
        if person is None or self._work.id not in person.open:
            return "This work was stopped, or passed on to somebody else: nothing left to send"
        if self._reply == "answer":
            return read_answer(self.text)[1]
        if self._reply == "note" and not self.text.strip():
            return "Type what there is to say"
        return ""

    def draft(self) -> WorkDraft:
        """The reply."""
        if self._reply == "answer":
            return WorkDraft("answer", read_answer(self.text)[0])
        return WorkDraft(self._reply, self.text.strip())

    def action_edit(self) -> None:
        """The text in an editor of the person's choice."""
        if self.deaf or not self.is_current:
            return
        try:
            self._take(edit_outside(self.app, self.text))
        except OutsideError as error:
            self.app.notify(str(error), markup=False)

    def _take(self, text: str) -> None:
        """Put a text into the field, or, when it is too long for one, say so there."""
        area = self.query_one("#text", TextArea)
        text = escape_json(text)
        self._drafts[self._work.id] = text
        self._long = text if len(text) > LONGEST_TYPED else ""
        area.read_only = bool(self._long)
        area.text = f"{len(text):,} characters; ctrl+e opens them" if self._long else text
        self.check()

    def _effect(self, reply: Reply) -> str:
        if reply == "note":
            return "A THOUGHT_DELTA on its trace; the work goes on waiting for you."
        if reply == "give up":
            return "An ERROR that may be recovered from: whoever asked can give it to another."
        if self._work.finalize:
            return "JSON or text; FINAL follows it, as was asked."
        return "JSON or text; whoever asked goes on with it."

    def _preview(self, reply: Reply) -> str:
        """The payload as it will go out."""
        if reply == "note":
            shown = f"THOUGHT_DELTA {_json({'delta': self.text.strip()[:MAX_SHOWN]})}"
        elif reply == "give up":
            shown = f"ERROR {_json({'code': GAVE_UP, 'message': self.text.strip()[:MAX_SHOWN]})}"
        else:
            value, problem = read_answer(self.text)
            if problem:
                return ""
            kind, payload = reply_to(value)
            shown = f"{kind} {_json(payload)}"
        return safe(shown, MAX_SHOWN)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _waited(work: OpenWork) -> str:
    """How long it has waited, and how that stands to what was promised."""
    passed = time.monotonic() - work.since
    waited = joined(age(passed))
    if work.eta_ms is None:
        return waited
    left = work.eta_ms / 1000 - passed
    promised = f"{waited} · promised in {joined(age(work.eta_ms / 1000))}"
    return (
        f"{promised}, {joined(age(left))} left" if left > 0 else f"{promised}, late by {joined(age(-left))}"
    )
