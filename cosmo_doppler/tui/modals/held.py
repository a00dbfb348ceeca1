"""The forms about a held signal: change its fields, change all of it, drop it, let it go later.

The signal stays held while a form is open. If its gate opens meanwhile the form says so, and nothing more can be sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static, TextArea

from cosmo_doppler.errors import EditError
from cosmo_doppler.stepping.book import Held
from cosmo_doppler.stepping.editing import EditField, change, check, differences, fields_of
from cosmo_doppler.tui.modals.entries import Entry, JsonArea, escape_json
from cosmo_doppler.tui.modals.form import Draft, Form, button
from cosmo_doppler.tui.modals.parts import Field, Tick, prose
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import says
from cosmo_doppler.tui.words import many

LONGEST_DELAY_MS = 600_000

STILL_S = 0.2
"""Time between two looks at whether the signal is still held, seconds."""

GONE = "Its gate let it go meanwhile, so nothing can be changed any more; esc leaves"

LARGEST_TYPED = 32_768
"""Characters of a signal that is typed on in the form; a longer one only in an editor."""

_SHOWN = 6
"""Differences shown one by one."""

Still = Callable[[], bool]
"""Whether the signal is still held."""


class AboutHeld(Form[Draft]):
    """A form about one held signal."""

    DEFAULT_CSS = "AboutHeld .said { width: 1fr; }"

    def __init__(self, heading: str, held: Held, still: Still) -> None:
        super().__init__(heading, f"{safe(held.header.type, 20)} · trace {short_id(held.header.trace_id)}")
        self.held = held
        self._still = still

    def on_mount(self) -> None:
        """Look whether it is still held."""
        self.set_interval(STILL_S, self.check)

    @property
    def too_late(self) -> str:
        """Why nothing can be decided; empty while it is held."""
        return "" if self._still() else GONE

    def signal_line(self) -> Field:
        """Who says what."""
        who = safe(self.held.header.who, 60)
        return Field("Signal", prose(f"{who}  {says(self.held.header)}".strip(), classes="said"), close=True)


@dataclass(frozen=True)
class ChangeDraft:
    """A held signal as a person left it."""

    frame: bytes
    whole: bool
    """Go on with all of it in an editor, instead of sending it."""


class Changing(AboutHeld[ChangeDraft]):
    """A form that sends the signal changed. It says what would differ, and leads on to an editor."""

    send_label: ClassVar[str] = "Send changed"
    whole_label: ClassVar[str]

    def compose_buttons(self) -> Iterator[Button]:
        """Leaving it held is the default."""
        yield button("Leave held", "cancel")
        yield button(self.whole_label, "whole")
        yield button(self.send_label, "send")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """One more way out than other forms have."""
        if event.button.id == "whole":
            self.action_whole()
        else:
            super().on_button_pressed(event)

    def action_whole(self) -> None:
        """Go on with the whole envelope in an editor, what was changed so far included."""
        if not self.deaf and self.is_current and not self.too_late:
            self.dismiss(ChangeDraft(self.unchecked(), True))

    def changed(self) -> bytes:
        """The signal as the form has it.

        Raises:
            EditError: it cannot go out so.
        """
        raise NotImplementedError

    def unchecked(self) -> bytes:
        """The same for an editor, which takes anything."""
        raise NotImplementedError

    def refresh_form(self) -> None:
        """What would differ."""
        try:
            lines = difference_lines(self.held.frame, self.changed())
        except EditError:
            lines = ""
        self.query_one("#differences", Static).update(Content(lines))

    def problem(self) -> str:
        """Why it cannot be sent."""
        if self.too_late:
            return self.too_late
        try:
            changed = self.changed()
        except EditError as error:
            return safe(str(error), 300)
        return (
            ""
            if differences(self.held.frame, changed)
            else "Nothing is changed; esc leaves it held, ctrl+l lets all go"
        )

    def draft(self) -> ChangeDraft:
        """The changed signal."""
        return ChangeDraft(self.changed(), False)


class ChangeForm(Changing):
    """Change the fields a type is known by.

    Args:
        held: the signal.
        still: whether it is held.
    """

    whole_label: ClassVar[str] = "All of it"
    ready: ClassVar[str] = "ctrl+s sends it changed, ctrl+e all of it, esc leaves it held, ctrl+l all go"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+e", "whole", "whole", show=False, priority=True)]
    DEFAULT_CSS = """
    ChangeForm Field > .label { width: 13; }
    ChangeForm JsonArea { height: 4; border: none; width: 1fr; }
    ChangeForm.-tall JsonArea { height: 8; }
    ChangeForm.-short JsonArea { height: 2; }
    """

    def __init__(self, held: Held, still: Still) -> None:
        super().__init__("Change a held signal", held, still)
        self._fields = fields_of(held.header.type, held.header.read_payload())

    def compose_body(self) -> ComposeResult:
        """Its fields, and what would differ."""
        yield self.signal_line()
        yield prose(" ", classes="close gap")
        for each in self._fields:
            yield Field(each.name, _entry(each), close=True)
        yield prose(id="differences", classes="hint")

    def first(self) -> Widget:
        """The first field."""
        return self.query_one(f"#field-{self._fields[0].name}")

    def unchecked(self) -> bytes:
        """What was changed so far, if it makes sense."""
        try:
            return self.changed()
        except EditError:
            return self.held.frame

    def changed(self) -> bytes:
        """The signal with the fields as they stand."""
        return change(self.held.frame, {each.name: self._text(each) for each in self._fields})

    def _text(self, field: EditField) -> str:
        widget = self.query_one(f"#field-{field.name}")
        text = (
            widget.text if isinstance(widget, TextArea) else widget.value if isinstance(widget, Input) else ""
        )
        # A field shows some characters changed; what was not touched is what stood there.
        return field.text if text == _shown(field) else text


class WholeForm(Changing):
    """Change all of it. What an editor left comes here to be checked, so that nothing of it is lost.

    Args:
        held: the signal.
        still: whether it is held.
        text: as it was edited so far.
    """

    whole_label: ClassVar[str] = "In $EDITOR"
    ready: ClassVar[str] = "ctrl+s sends it changed, ctrl+e $EDITOR, esc leaves it held, ctrl+l all go"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+e", "whole", "editor", show=False, priority=True)]
    DEFAULT_CSS = """
    WholeForm > #frame { width: 100; }
    WholeForm #body > #whole-text { height: 7; border: none; width: 1fr; }
    WholeForm.-tall #body > #whole-text { height: 14; }
    WholeForm.-short #body > #whole-text { height: 4; }
    """

    def __init__(self, held: Held, still: Still, text: str) -> None:
        super().__init__("Change all of a held signal", held, still)
        self._whole_text = text

    def compose_body(self) -> ComposeResult:
        """The text, what would differ, and whether to send it although agents may drop it."""
        yield prose(id="differences", classes="quiet")
        if len(self._whole_text) <= LARGEST_TYPED:
            yield JsonArea(escape_json(self._whole_text), id="whole-text")
        else:
            yield prose("It is too long to be changed here; ctrl+e opens it in $EDITOR", id="long")
        yield Tick("insist: send it although agents may drop it", id="insist")

    def first(self) -> Widget:
        """The text, or the way to it."""
        return next(iter(self.query("#whole-text").results(Widget)), self.query_one("#cancel", Button))

    def _typed(self) -> str:
        areas = list(self.query("#whole-text").results(TextArea))
        return areas[0].text if areas else self._whole_text

    def changed(self) -> bytes:
        """The text, checked."""
        insist = self.query_one("#insist", Tick).ticked
        return check(self.held.frame, self.unchecked(), insist=insist)

    def unchecked(self) -> bytes:
        """The text as it stands, once more for the editor."""
        return self._typed().encode("utf-8", "backslashreplace")


class DropForm(AboutHeld[Literal[True]]):
    """Let a held signal go nowhere."""

    cancel_label: ClassVar[str] = "Keep it"
    send_label: ClassVar[str] = "Drop it"
    ready: ClassVar[str] = "ctrl+s drops it, esc leaves it held, ctrl+l lets all go"

    def __init__(self, held: Held, still: Still) -> None:
        super().__init__("Drop a held signal", held, still)

    def compose_body(self) -> ComposeResult:
        """What would never arrive."""
        yield self.signal_line()
        yield prose("Nobody gets it, and its sender is not told. The recording keeps it.", classes="hint")

    def problem(self) -> str:
        """Only that it is gone."""
        return self.too_late

    def draft(self) -> Literal[True]:
        """Yes."""
        return True


class DelayForm(AboutHeld[int]):
    """Let a held signal go by itself after a while."""

    send_label: ClassVar[str] = "Delay it"
    ready: ClassVar[str] = "ctrl+s lets it go then, esc leaves it held, ctrl+l lets all go"
    DEFAULT_CSS = "DelayForm #delay { width: 10; }"

    def __init__(self, held: Held, still: Still) -> None:
        super().__init__("Let a held signal go later", held, still)

    def compose_body(self) -> ComposeResult:
        """How long from now."""
        yield self.signal_line()
        yield Field("After", Entry("500", id="delay"), unit="ms from now", close=True)
        yield prose("What was held before it on its trace still goes first.", classes="hint")

    def first(self) -> Widget:
        """The time."""
        return self.query_one("#delay", Input)

    def problem(self) -> str:
        """Why that is no time."""
        if self.too_late:
            return self.too_late
        if self._delay is None:
            return f"After: write milliseconds between 1 and {LONGEST_DELAY_MS:,}"
        limit_ms = round(self.held.by.limit_s * 1000)
        if self._delay >= limit_ms:
            return f"After: its break holds nothing longer than {limit_ms:,} ms; write less"
        return ""

    @property
    def _delay(self) -> int | None:
        text = self.query_one("#delay", Input).value.strip()
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
        return number if 1 <= number <= LONGEST_DELAY_MS else None

    def draft(self) -> int:
        """Milliseconds."""
        return self._delay or 1


def difference_lines(before: bytes, after: bytes) -> str:
    """What an edit changes, a line for each value, safe for a terminal."""
    found = differences(before, after)
    lines = [
        f"{safe(each.path, 40)}  {safe(each.before, 60)} → {safe(each.after, 60)}" for each in found[:_SHOWN]
    ]
    if len(found) > _SHOWN:
        lines.append(f"… {many(len(found) - _SHOWN, 'more difference')}")
    return "\n".join(lines)


def _entry(field: EditField) -> Widget:
    if field.kind == "json":
        return JsonArea(_shown(field), id=f"field-{field.name}")
    return Entry(_shown(field), id=f"field-{field.name}")


def _shown(field: EditField) -> str:
    return escape_json(field.text) if field.kind == "json" else safe(field.text, 400)
