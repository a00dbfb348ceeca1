"""A line to write in, over the keys: hidden until something asks, gone with enter or esc."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from cosmo_doppler.tui.safe import fit, safe
from cosmo_doppler.tui.widgets.entry import Entry

Completer = Callable[[str], list[str]]
"""Whole lines that begin as what was written does, the likeliest first."""

_HISTORY = 100
_SHOWN = 6
"""Completions named at once."""
_HINT_CELLS = 20
"""What a hint has at least, however much is written."""
_AROUND_CELLS = 6
"""The blanks around sign and hint, and the cursor."""


def nothing(_: str) -> list[str]:
    """Completes nothing."""
    return []


class Prompt(Horizontal):
    """Asks for one line. What was written before in answer to the same sign comes back with the arrow keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        # Before the line's own, which would tell of it only after the keys behind it.
        Binding("enter", "write", show=False, priority=True),
        Binding("tab", "complete(1)", show=False, priority=True),
        Binding("shift+tab", "complete(-1)", show=False, priority=True),
        Binding("up", "recall(-1)", show=False),
        Binding("down", "recall(1)", show=False),
    ]
    DEFAULT_CSS = """
    Prompt { height: 1; background: $raised; display: none; }
    Prompt > #sign { width: auto; padding: 0 0 0 1; text-style: bold; }
    Prompt > Entry { width: 1fr; background: $raised; padding: 0; }
    Prompt > Entry:focus { background: $raised; background-tint: transparent; }
    Prompt > #hint { width: auto; padding: 0 1; color: $dim; text-wrap: nowrap; }
    Prompt > #hint.wrong { color: $failure; }
    """

    class Written(Message):
        """A line was written and enter pressed. Whoever handles it calls `close`, or `refuse` with a reason."""

        def __init__(self, prompt: Prompt, sign: str, text: str) -> None:
            super().__init__()
            self.prompt = prompt
            self.sign = sign
            self.text = text

        @property
        def control(self) -> Prompt:
            """The prompt."""
            return self.prompt

    def __init__(self, *, id: str, over: Widget) -> None:
        super().__init__(id=id)
        self._over = over
        """What stands in its place while it does not ask."""
        self.sign = ""
        """What it asks for now."""
        self._completer: Completer = nothing
        self._candidates: list[str] = []
        self._candidate = -1
        self._hint = ""
        self._history: dict[str, list[str]] = {}
        self._recalled = 0

    def _furnish(self) -> None:
        """The sign, the line, what could be written: made when first asked for, since the first picture waits for all there is."""
        if not self.children:
            self.mount(
                Static("", id="sign", markup=False),
                Entry(id="line", continued=True),
                Static("", id="hint", markup=False),
            )

    @property
    def asking(self) -> bool:
        """Whether it is on the screen."""
        return bool(self.display)

    def ask(self, sign: str, *, hint: str = "", value: str = "", completer: Completer = nothing) -> None:
        """Show it, and take the keys until enter or esc.

        Args:
            sign: stands in front, and tells whoever handles `Written` what was asked.
            hint: what may be written, in few words.
            value: what stands there already.
            completer: for tab.
        """
        self.sign, self._completer, self._hint = sign, completer, hint
        self._recalled = len(self._history.get(sign, ()))
        self._candidates, self._candidate = [], -1
        self._furnish()
        self.query_one("#sign", Static).update(Content(sign))
        line = self.query_one(Entry)
        if not self.asking:
            # Asked over another question, the keys go back to who had them before both.
            line.back = self.screen.focused
        line.value = value
        line.cursor_position = len(value)
        self._tell(hint)
        self._show(True)
        # At once, so that the next key is already written here.
        self.screen.set_focus(line)

    def _show(self, asking: bool) -> None:
        """Change places at once: with both or neither on the screen everything would be laid out again."""
        self.display = asking
        self._over.display = not asking

    def close(self) -> None:
        """Hide it, and give the keys back to who had them."""
        self._show(False)
        for line in self.query(Entry):
            line.give_back()

    def refuse(self, reason: str) -> None:
        """Say why that cannot be; the line stays as it is."""
        self._tell(safe(reason, 300), wrong=True)

    def action_leave(self) -> None:
        """Nothing is wanted after all."""
        self.close()

    def action_complete(self, step: int) -> None:
        """The next line that could be meant."""
        line = self.query_one(Entry)
        if not self._candidates:
            self._candidates, self._candidate = self._completer(line.value), -1 if step > 0 else 0
        if not self._candidates:
            return
        self._candidate = (self._candidate + step) % len(self._candidates)
        with self.prevent(Input.Changed):
            line.value = self._candidates[self._candidate]
        line.cursor_position = len(line.value)
        self._name_candidates()

    def action_recall(self, step: int) -> None:
        """What was written before."""
        past = self._history.get(self.sign, [])
        self._recalled = min(max(0, self._recalled + step), len(past))
        line = self.query_one(Entry)
        line.value = past[self._recalled] if self._recalled < len(past) else ""
        line.cursor_position = len(line.value)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._candidates = []
        found = self._completer(event.value)[:_SHOWN] if event.value else []
        # The last word is enough to choose by.
        self._tell("  ".join(each.rpartition(" ")[2] or each for each in found) or self._hint)

    def action_write(self) -> None:
        """What stands there is meant."""
        text = self.query_one(Entry).value.strip()
        past = self._history.setdefault(self.sign, [])
        if text and (not past or past[-1] != text):
            past.append(text)
            del past[:-_HISTORY]
        self._recalled = len(past)
        self.post_message(self.Written(self, self.sign, text))

    def _name_candidates(self) -> None:
        names = [each.rpartition(" ")[2] or each for each in self._candidates]
        first = max(0, min(self._candidate, len(names) - _SHOWN))
        self._tell("  ".join(names[first : first + _SHOWN]))

    def _tell(self, words: str, *, wrong: bool = False) -> None:
        hint = self.query_one("#hint", Static)
        hint.set_class(wrong, "wrong")
        written = cell_len(self.sign) + cell_len(self.query_one(Entry).value)
        hint.update(Content(fit(words, max(_HINT_CELLS, self.screen.size.width - written - _AROUND_CELLS))))
