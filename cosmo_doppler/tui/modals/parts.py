"""The small pieces forms are made of: a labelled field, a choice among a few, a tick, text that came from a bus."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from cosmo_doppler.session import Session
from cosmo_doppler.tui.safe import fit_middle, safe
from cosmo_doppler.tui.words import many

MAX_LINES = 60
"""Lines of one bus text that a form shows."""

MAX_LINE = 2000
"""Characters of one such line."""

SHORT_LIST = 58
"""Characters up to which a list is shown on one line."""

V = TypeVar("V")


def safe_lines(text: str) -> str:
    """Bus text of several lines, every line safe, bounded in both directions."""
    lines = text.expandtabs(4).split("\n", MAX_LINES)
    more = text.count("\n") + 1 - MAX_LINES
    rest = [f"… {many(more, 'more line')}, see the inspector"] if more > 0 else []
    return "\n".join([*(safe(line.rstrip("\r"), MAX_LINE) for line in lines[:MAX_LINES]), *rest])


def safe_value(value: Any) -> str:
    """A JSON value from the bus: text as it is, an object as one line for each key, a long list likewise."""
    if isinstance(value, str):
        return safe_lines(value)
    try:
        flat = json.dumps(value, ensure_ascii=False)
        if isinstance(value, dict) and value:
            return safe_lines("\n".join(f"{key}: {_flat(inner)}" for key, inner in value.items()))
        if isinstance(value, list) and len(flat) > SHORT_LIST:
            return safe_lines("\n".join(f"- {_flat(inner)}" for inner in value))
    except (TypeError, ValueError, RecursionError):
        return "a value that cannot be shown as JSON"
    return safe_lines(flat)


def _flat(value: Any) -> str:
    """On one line; the line breaks of a text stay visible as escapes."""
    return json.dumps(value, ensure_ascii=False)


def where(session: Session) -> str:
    """The bus a form would act on."""
    title = fit_middle(safe(session.title), 36)
    return title if session.kind == "demo" or not session.namespace else f"{session.namespace} · {title}"


def prose(text: str = "", *, id: str | None = None, classes: str | None = None) -> Static:
    """A Static that never parses markup. `text` must be ours or have passed `safe`."""
    return Static(Content(text), markup=False, id=id, classes=classes)


class Passage(VerticalScroll, can_focus=True):
    """Bus text that may be longer than its place: what does not fit can be scrolled to, by mouse and by tab and keys."""

    DEFAULT_CSS = """
    Passage { height: auto; width: 1fr; max-height: 8; scrollbar-size-vertical: 1; }
    Passage:focus { background: $block-cursor-background; }
    """

    def __init__(self, text: str, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(prose(text), id=id, classes=classes)

    def allow_focus(self) -> bool:
        """Only when there is something to scroll to."""
        return self.max_scroll_y > 0


class Field(Horizontal):
    """A label and what belongs to it, on one line.

    Args:
        label: what it is.
        widget: what belongs to it.
        unit: of a number, behind the widget.
        id: to find it by.
        close: no blank line below.
    """

    DEFAULT_CSS = """
    Field { height: auto; }
    Field > .label { width: 10; color: $foreground-muted; }
    Field > .unit { width: auto; padding-left: 1; color: $foreground-muted; }
    Field > Input { width: 1fr; }
    """

    def __init__(
        self, label: str, widget: Widget, *, unit: str = "", id: str | None = None, close: bool = False
    ) -> None:
        super().__init__(id=id, classes="close" if close else None)
        self._label = label
        self._widget = widget
        self._unit = unit

    def compose(self) -> ComposeResult:
        """The label, the widget, and its unit if it has one."""
        yield prose(self._label, classes="label")
        yield self._widget
        if self._unit:
            yield prose(self._unit, classes="unit")


class Choice(Widget, Generic[V], can_focus=True):
    """One of a few values, all visible: `● lowest cost  ○ first bid`. Signs, not colours, say which."""

    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; }
    Choice:focus { background: $block-cursor-background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,l", "move(1)", "next", show=False),
        Binding("left,h", "move(-1)", "previous", show=False),
    ]
    chosen: reactive[int] = reactive(0)
    """Position of the chosen value."""

    class Changed(Message):
        """Another value was chosen."""

    def __init__(self, options: Sequence[tuple[str, V]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._options = list(options)

    @property
    def value(self) -> V:
        """The chosen value."""
        return self._options[self.chosen][1]

    def choose(self, value: V) -> None:
        """Choose a value; one that is not offered is ignored."""
        self.chosen = next(
            (place for place, (_, offered) in enumerate(self._options) if offered == value), self.chosen
        )

    def watch_chosen(self, before: int, now: int) -> None:
        """Tell the form."""
        if before != now:
            self.post_message(self.Changed())

    def action_move(self, step: int) -> None:
        """Choose a neighbour, round the ends."""
        self.chosen = (self.chosen + step) % len(self._options)

    def on_click(self, event: Click) -> None:
        """Choose what was clicked."""
        left = 0
        for place, (words, _) in enumerate(self._options):
            width = len(words) + 4
            if left <= event.x < left + width:
                self.chosen = place
            left += width

    def render(self) -> Content:
        """All options on one line, two blanks apart."""
        parts = [
            (f"● {words}", "bold") if place == self.chosen else (f"○ {words}", "")
            for place, (words, _) in enumerate(self._options)
        ]
        return Content.assemble(*(part for words in parts for part in (words, "  ")))


class Tick(Widget, can_focus=True):
    """Yes or no: `[x] roll back`."""

    DEFAULT_CSS = """
    Tick { height: 1; width: 1fr; }
    Tick:focus { background: $block-cursor-background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,x", "switch", "on or off", show=False)]
    ticked: reactive[bool] = reactive(False)
    """Whether it is on."""

    class Changed(Message):
        """It was switched."""

    def __init__(self, words: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._words = words

    def watch_ticked(self, before: bool, now: bool) -> None:
        """Tell the form."""
        if before != now:
            self.post_message(self.Changed())

    def action_switch(self) -> None:
        """Switch."""
        self.ticked = not self.ticked

    def on_click(self) -> None:
        """Switch."""
        self.ticked = not self.ticked

    def render(self) -> Content:
        """The box and the words."""
        return Content(f"[{'x' if self.ticked else ' '}] {self._words}")
