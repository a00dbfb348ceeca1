"""The form behind `B`: hold what an expression means, or pause the view there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from cosmo_doppler.query import Filter, QueryError, compile_filter
from cosmo_doppler.session import Session
from cosmo_doppler.stepping.book import MAX_HOLD_S
from cosmo_doppler.stepping.scope import scope_of
from cosmo_doppler.tui.look import named_filters
from cosmo_doppler.tui.modals.entries import Entry
from cosmo_doppler.tui.modals.form import Form
from cosmo_doppler.tui.modals.parts import Choice, Field, prose, where
from cosmo_doppler.tui.safe import safe

LONGEST_HOLD_S = 3_600.0
"""Longer is more likely a slip than a wish: work stands still meanwhile."""

_ABOUT = {
    "filter": "the filter",
    "type": "this type",
    "trace": "this trace",
    "auction": "this auction",
}


@dataclass(frozen=True)
class BreakDraft:
    """A break to set."""

    text: str
    holds: bool
    """Hold signals on the bus; otherwise pause the view only."""
    max_hold_s: float


class BreakForm(Form[BreakDraft]):
    """Set a break.

    Args:
        session: what it is about.
        suggestions: expressions to begin with, by what they are about; the first one is filled in.
        unable: why nothing can be held; empty when it can.
    """

    send_label: ClassVar[str] = "Set break"
    ready: ClassVar[str] = "ctrl+s sets it, esc leaves"
    DEFAULT_CSS = """
    BreakForm #seconds { width: 8; }
    BreakForm .hidden { display: none; }
    """

    def __init__(self, session: Session, suggestions: dict[str, str], unable: str) -> None:
        super().__init__("Break", where(session))
        self._session = session
        self._suggestions = suggestions
        self._unable = unable

    def compose_body(self) -> ComposeResult:
        """The expression, what happens there, and for how long at most."""
        first = next(iter(self._suggestions.values()))
        yield Field("When", Entry(_writable(first), id="when", placeholder="type:BID cost<0.3"), close=True)
        about = [(_ABOUT[name], text) for name, text in self._suggestions.items()]
        if len(about) > 1:
            yield Field("Take", Choice(about, id="about"), close=True)
        yield prose(id="judged", classes="hint")
        if self._unable:
            yield Field("Then", prose("pause the view"), close=True)
            yield prose(
                f"Nothing is held. {self._unable[:1].upper()}{safe(self._unable[1:], 200)}.", classes="hint"
            )
        else:
            yield Field("Then", Choice([("hold it on the bus", True), ("pause the view", False)], id="then"))
            yield Field(
                "At most",
                Entry(f"{MAX_HOLD_S:g}", id="seconds"),
                unit="s, then the bus lets everything of it go",
                id="most",
                close=True,
            )

    def first(self) -> Widget:
        """The expression."""
        return self.query_one("#when", Input)

    def on_choice_changed(self, event: Choice.Changed) -> None:
        """Another suggestion was taken, or another consequence."""
        chosen = self.query("#about").results(Choice)
        for about in chosen:
            if about.value != self._taken:
                self._taken = about.value
                self.query_one("#when", Input).value = _writable(about.value)
        self.check()

    _taken: str = ""

    def on_mount(self) -> None:
        """What was filled in is what the first suggestion says."""
        self._taken = next(iter(self._suggestions.values()))

    @property
    def _holds(self) -> bool:
        return not self._unable and self.query_one("#then", Choice).value

    @property
    def _text(self) -> str:
        return self.query_one("#when", Input).value.strip()

    def _wanted(self) -> Filter:
        return compile_filter(self._text, named_filters(self.app))

    def refresh_form(self) -> None:
        """Say who judges what, which is what a break costs."""
        self.query_one("#judged", Static).update(Content(self._judged()))
        for most in self.query("#most"):
            most.set_class(not self._holds, "hidden")

    def _judged(self) -> str:
        if not self._holds or self.problem():
            return ""
        scope = scope_of(self._wanted().node, self._session.namespace)
        if scope.whole:
            return "The bus judges all of it; nothing else waits."
        if scope.wide:
            return "The bus holds every signal for a moment, and Doppler lets the others go: name a type to spare them."
        return (
            f"The bus holds {safe(scope.words, 120)}; Doppler lets at once go what does not match the rest."
        )

    def problem(self) -> str:
        """Why it cannot be set."""
        if not self._text:
            return "Write what to break on, such as type:BID or who:ada has:error"
        try:
            self._wanted()
        except QueryError as error:
            return safe(str(error), 200)
        if self._holds and self._seconds is None:
            return f"At most: write seconds between 1 and {LONGEST_HOLD_S:,.0f}"
        return ""

    @property
    def _seconds(self) -> float | None:
        try:
            seconds = float(self.query_one("#seconds", Input).value)
        except ValueError:
            return None
        return seconds if 1 <= seconds <= LONGEST_HOLD_S else None

    def draft(self) -> BreakDraft:
        """The break."""
        # The bus, and whoever replays this, know no saved filters.
        text = self._wanted().written if "$" in self._text else self._text
        return BreakDraft(text, self._holds, (self._seconds if self._holds else None) or MAX_HOLD_S)


def _writable(text: str) -> str:
    """A field shows no characters that a terminal could obey; an expression with one comes out changed."""
    return safe(text, 400)
