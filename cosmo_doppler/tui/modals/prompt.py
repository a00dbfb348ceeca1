"""A question of one line at the bottom of the screen: what is written there is tried when enter is pressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from cosmo_doppler.errors import DopplerError
from cosmo_doppler.tui.modals.entries import Entry
from cosmo_doppler.tui.modals.parts import prose
from cosmo_doppler.tui.safe import safe


class Prompt(ModalScreen[bool]):
    """One line to write. Dismissed with whether something was done.

    Args:
        label: what is asked, a word or two.
        examples: what may be written, shown while nothing is.
        act: does it. Raises DopplerError, whose sentence is shown; the line stays to be corrected.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]
    DEFAULT_CSS = """
    Prompt { background: transparent; align: left bottom; }
    Prompt #line { height: 1; width: 100%; background: $panel; padding: 0 1; }
    Prompt #label { width: auto; margin-right: 1; text-style: bold; }
    Prompt #answer { width: 1fr; background: $panel; }
    Prompt #trouble { height: 1; width: 100%; padding: 0 1; background: $panel; color: $error; display: none; }
    Prompt #trouble.shown { display: block; }
    """

    def __init__(self, label: str, examples: str, act: Callable[[str], None]) -> None:
        super().__init__()
        self._label = label
        self._examples = examples
        self._act = act

    def compose(self) -> ComposeResult:
        """The line, and above it what is wrong with it."""
        yield prose(id="trouble")
        with Horizontal(id="line"):
            yield prose(self._label, id="label")
            yield Entry(id="answer", placeholder=self._examples)

    def on_mount(self) -> None:
        """Ready to write."""
        self.query_one("#answer", Input).focus()

    def action_leave(self) -> None:
        """Nothing, then."""
        self.dismiss(False)

    @on(Input.Changed)
    def _edited(self) -> None:
        self.query_one("#trouble").remove_class("shown")

    @on(Input.Submitted)
    def _try(self, event: Input.Submitted) -> None:
        if not event.value.strip():
            self.dismiss(False)
            return
        try:
            self._act(event.value)
        except DopplerError as error:
            trouble = self.query_one("#trouble", Static)
            trouble.update(Content(safe(str(error), 300)))
            trouble.add_class("shown")
        else:
            self.dismiss(True)
