"""The filter, in a line under the tabs: what it says, how much it leaves, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from cosmo_doppler.query import Completions
from cosmo_doppler.tui.safe import fit, safe
from cosmo_doppler.tui.widgets.entry import Entry

Completer = Callable[[str, int], Completions]
"""What can stand at a place of a text."""

_HISTORY = 100
_SHOWN = 12
"""Completions named at once."""
HINT = "tab completes, ctrl+o keeps it under a name, ctrl+r shows those kept; such as  type:BID cost<0.01 -auto:true"


class FilterBar(Vertical):
    """Shown while there is a filter, or one is being written."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", show=False),
        Binding("tab", "complete(1)", show=False, priority=True),
        Binding("shift+tab", "complete(-1)", show=False, priority=True),
        Binding("up", "recall(-1)", show=False),
        Binding("down", "recall(1)", show=False),
        Binding("ctrl+o", "keep", show=False),
        Binding("ctrl+r", "choose", show=False),
    ]
    DEFAULT_CSS = """
    FilterBar { height: auto; display: none; background: $background; }
    FilterBar.roomy { margin-bottom: 1; }
    FilterBar > Horizontal { height: 1; }
    FilterBar #sign { width: 3; padding: 0 1; text-style: bold; }
    FilterBar Entry { width: 1fr; background: $background; padding: 0; }
    FilterBar Entry:focus { background: $raised; background-tint: transparent; }
    FilterBar #state { width: auto; max-width: 60%; padding: 0 1 0 2; color: $dim; text-wrap: nowrap; }
    FilterBar > #below { height: 1; padding: 0 3; color: $dim; text-wrap: nowrap; display: none; }
    FilterBar.writing > #below { display: block; }
    FilterBar > #below.wrong { color: $failure; }
    """

    class Changed(Message):
        """Something else stands there. Whoever handles it says with `tell` what is wrong with it, if anything is."""

        def __init__(self, bar: FilterBar, text: str) -> None:
            super().__init__()
            self.bar = bar
            self.text = text

    class Left(Message):
        """The line is given up: to keep what it says, or to clear it."""

        def __init__(self, bar: FilterBar, text: str) -> None:
            super().__init__()
            self.bar = bar
            self.text = text
            """What is to hold from now on."""

    class Keeps(Message):
        """What the line says is to be kept under a name. `Left` came before."""

    class Chooses(Message):
        """One of those that were kept is wanted. `Left` came before."""

    def __init__(self, completer: Completer, *, id: str) -> None:
        super().__init__(id=id)
        self._completer = completer
        self._candidates = Completions(0, ())
        self._candidate = -1
        self._past: list[str] = []
        self._recalled = 0
        self._wrong = False
        self._said = ""

    def _furnish(self) -> None:
        """The line, its state, and what is to be said about it: made when there first is something to show."""
        if not self.children:
            row = Horizontal()
            self.mount(row, Static("", id="below", markup=False))
            # Mounted by hand, so that the line is there at once and not when the row composes itself.
            row.mount(
                Static("/", id="sign", markup=False),
                Entry(id="expression", continued=True),
                Static("", id="state", markup=False),
            )

    @property
    def writing(self) -> bool:
        """Whether it has the keys."""
        return self.has_class("writing")

    @property
    def _entry(self) -> Entry:
        return self.query_one(Entry)

    def write(self) -> None:
        """Take the keys."""
        self._furnish()
        if not self.writing:
            self._entry.back = self.screen.focused
        self._recalled = len(self._past)
        self.display = True
        self.add_class("writing")
        self.tell("")
        # At once, so that the next key is already written here.
        self.screen.set_focus(self._entry)
        self._entry.cursor_position = len(self._entry.value)

    def show(self, text: str) -> None:
        """Say a filter that somebody else set; an empty one hides the line."""
        if text:
            self._furnish()
        if self.children:
            with self.prevent(Input.Changed):
                self._entry.value = text
        self.display = bool(text) or self.writing

    def renew(self, state: str) -> None:
        """Say what the filter leaves."""
        if self.children and state != self._said:
            self._said = state
            self.query_one("#state", Static).update(Content(state))

    def tell(self, words: str, *, wrong: bool = False) -> None:
        """Say something under the line; nothing gives the hint back."""
        self._wrong = wrong
        below = self.query_one("#below", Static)
        below.set_class(wrong, "wrong")
        below.update(Content(fit(safe(words or HINT, 400), max(20, self.screen.size.width - 6))))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A click begins to write, too."""
        if not self.writing:
            self.write()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """A click elsewhere keeps what is there."""
        if self.writing:
            self._leave(self._entry.value.strip(), focus=False)

    def action_clear(self) -> None:
        """No filter."""
        self._leave("")

    def action_keep(self) -> None:
        """Keep it under a name."""
        if not self._wrong and self._entry.value.strip():
            self._leave(self._entry.value.strip())
            self.post_message(self.Keeps())

    def action_choose(self) -> None:
        """Take one that was kept."""
        self._leave("" if self._wrong else self._entry.value.strip())
        self.post_message(self.Chooses())

    def action_complete(self, step: int) -> None:
        """The next word that can stand here."""
        entry = self._entry
        if self._candidate < 0:
            self._candidates = self._completer(entry.value, entry.cursor_position)
            if not self._candidates.words:
                return
            self._candidate = 0 if step > 0 else len(self._candidates.words) - 1
        else:
            self._candidate = (self._candidate + step) % len(self._candidates.words)
        start, words = self._candidates
        word, after = words[self._candidate], entry.value[entry.cursor_position :]
        with self.prevent(Input.Changed):
            entry.value = entry.value[:start] + word + after
        entry.cursor_position = start + len(word)
        first = max(0, min(self._candidate, len(words) - _SHOWN))
        self.post_message(self.Changed(self, entry.value))
        self.tell("  ".join(words[first : first + _SHOWN]))

    def action_recall(self, step: int) -> None:
        """What was written before."""
        self._recalled = min(max(0, self._recalled + step), len(self._past))
        self._entry.value = self._past[self._recalled] if self._recalled < len(self._past) else ""
        self._entry.cursor_position = len(self._entry.value)

    def offer(self, position: int = 0) -> bool:
        """Say what could be written next, in place of what is wrong from a position on.

        Returns:
            False when nothing could, or something before is wrong already.
        """
        entry = self._entry
        start, words = self._completer(entry.value, entry.cursor_position)
        if not words or position < start:
            return False
        self.tell("  ".join(words[:_SHOWN]))
        return True

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._candidate = -1
        self.post_message(self.Changed(self, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self._wrong:
            self._leave(event.value.strip())

    def _leave(self, text: str, *, focus: bool = True) -> None:
        if text and (not self._past or self._past[-1] != text):
            self._past.append(text)
            del self._past[:-_HISTORY]
        self._candidate = -1
        self.remove_class("writing")
        self.show(text)
        self.post_message(self.Left(self, text))
        if focus:
            self._entry.give_back()
