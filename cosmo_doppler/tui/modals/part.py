"""Who a person is on the bus: the fields that say so, and the form that takes part or leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from cosmo_doppler.person import usual_name
from cosmo_doppler.session import Session
from cosmo_doppler.tui.modals.entries import Entry
from cosmo_doppler.tui.modals.form import Draft, Form
from cosmo_doppler.tui.modals.offer_parts import needs_line, read_capabilities
from cosmo_doppler.tui.modals.parts import Choice, Field, prose, where
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.words import many

LONGEST_NAME = 80
"""Characters of a neuron id a person may choose."""

_AWAY = ("stale", "left")


class AsSomebody(Form[Draft]):
    """Who the person is on the bus: a name nobody has yet, kept while they take part, and what they can do."""

    def __init__(self, session: Session, heading: str, capabilities: Sequence[str]) -> None:
        super().__init__(heading, where(session))
        self._session = session
        person = session.person
        self._present = person.neuron_id if person is not None else ""
        self._able = needs_line(capabilities)

    def who(self) -> ComposeResult:
        """Name and capabilities."""
        if self._present:
            yield Field("As", prose(safe(self._present, LONGEST_NAME)), close=True)
        else:
            yield Field("As", Entry(free_name(self._session), id="name"), close=True)
        yield Field("Can do", Entry(self._able, id="able", placeholder="capabilities, comma between"))

    @property
    def name_wanted(self) -> str:
        """The neuron id to take part under."""
        return self._present or self.query_one("#name", Input).value.strip()

    @property
    def able(self) -> list[str]:
        """The capabilities as typed."""
        return read_capabilities(self.query_one("#able", Input).value)

    def name_problem(self) -> str:
        """Why the name cannot be had; empty when it can."""
        name = self.name_wanted
        if self._present:
            return ""
        if not name or len(name) > LONGEST_NAME or not name.isprintable() or " " in name:
            return "As whom? A name of one word is needed"
        if name in names_taken(self._session):
            return f"{safe(name, 40)} is on this bus already: choose another name"
        return ""


def names_taken(session: Session) -> set[str]:
    """Names of everybody who is still heard, or may be."""
    with session.lock:
        now = session.timeline.now
        roster = session.timeline.board.roster
        return {key for key, each in roster.items() if each.liveness(now) not in _AWAY}


def free_name(session: Session) -> str:
    """`person:<user>`, or the first of `person:<user>-2` ... that nobody has."""
    usual, taken = usual_name(), names_taken(session)
    if usual not in taken:
        return usual
    number = 2
    while f"{usual}-{number}" in taken:
        number += 1
    return f"{usual}-{number}"


@dataclass(frozen=True)
class PartDraft:
    """Whether a person takes part, and as whom."""

    neuron_id: str
    capabilities: list[str]
    leave: bool


class PartForm(AsSomebody[PartDraft]):
    """Take part without bidding, so that tasks that name the person arrive; or leave.

    Args:
        session: the bus.
        hint: why this form came and not another one; ours or safe.
    """

    def __init__(self, session: Session, hint: str = "") -> None:
        person = session.person
        super().__init__(session, "You on this bus", person.capabilities if person is not None else ())
        self._hint = hint

    def compose_body(self) -> ComposeResult:
        """Who, and whether to stay."""
        if self._hint:
            yield prose(self._hint, classes="quiet")
        yield from self.who()
        if self._present:
            stay = [("stay", False), ("leave the bus", True)]
            yield Field("Then", Choice[bool](stay, id="leave"), close=True)
        yield prose(id="effect", classes="hint")

    def first(self) -> Widget:
        """A field, where enter only goes on."""
        return self.query_one("#able", Input)

    def refresh_form(self) -> None:
        """Say what comes of it."""
        person = self._session.person
        open_work = len(person.open) if person is not None else 0
        if not self._leaving:
            effect = "Others see you and may give you tasks by name; what you win or get comes to the Inbox."
        elif open_work:
            effect = f"{many(open_work, 'piece')} of work goes back to who asked, as an ERROR."
        else:
            effect = "You deregister; nothing waits for you."
        self.query_one("#effect", Static).update(Content(effect))
        does = "Leave the bus" if self._leaving else "Change" if self._present else "Take part"
        self.query_one("#send", Button).label = Content(does)

    @property
    def _leaving(self) -> bool:
        return self._present != "" and self.query_one("#leave", Choice).value is True

    def problem(self) -> str:
        """Why not."""
        return "" if self._leaving else self.name_problem()

    def draft(self) -> PartDraft:
        """What was chosen."""
        return PartDraft(self.name_wanted, self.able, self._leaving)
