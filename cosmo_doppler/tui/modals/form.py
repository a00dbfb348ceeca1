"""What every form shares: its frame, the guard after opening, when it may send, and how it is left.

Nothing is sent from inside a form: it ends with a draft, or with None when it was cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static, TextArea

from cosmo_doppler.tui.modals.parts import Choice, Tick, prose
from cosmo_doppler.tui.modals.veiled import Veiled

Draft = TypeVar("Draft")


class Form(Veiled["Draft | None"], Generic[Draft]):
    """A modal that gathers a draft.

    A form opens with nothing focused and accepts no key but escape for `GUARD_S` seconds, so that keys typed for
    the screen below, and pasted text, go nowhere. Then `first` has the focus, which never is a button that sends.
    """

    GUARD_S: ClassVar[float] = 0.3
    """How long a fresh form is deaf, seconds."""

    typed_in_turn: ClassVar[bool] = True
    """Each key is carried out before the next one is looked at: what is typed after tab is for the next field."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    # Textual declares it as an instance attribute.
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-short"), (22, "-middle"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", show=False),
        Binding("ctrl+s", "send", "send", show=False),
        # Where it is no letter of a text; ctrl+l does the same anywhere.
        Binding("X", "app.all_go", "let everything held go", show=False),
    ]
    DEFAULT_CSS = """
    Form { align: center middle; background: $background 55%; }
    Form > #frame {
        width: 76; max-width: 100%; height: auto; max-height: 100%;
        background: $panel; border: round $border; padding: 1 2;
    }
    Form.-middle > #frame { padding: 1 2 0 2; }
    Form.-short > #frame { padding: 0 1; }
    Form #heading { height: 1; margin-bottom: 1; }
    Form.-short #heading { margin-bottom: 0; }
    Form #heading > #what { width: 1fr; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
    Form #heading > #where { width: auto; margin-left: 2; color: $foreground-muted; }
    Form #body { height: auto; scrollbar-size-vertical: 1; }
    Form #body > * { height: auto; margin-bottom: 1; }
    Form #body > .close { margin-bottom: 0; }
    Form.-short #body > * { margin-bottom: 0; }
    Form .hint { color: $foreground-muted; padding-left: 10; }
    Form .quiet { color: $foreground-muted; }
    Form.-short .gap { display: none; }
    Form Input, Form TextArea { background: $background; padding: 0; }
    Form Input:focus, Form TextArea:focus { background: $block-cursor-background; background-tint: transparent; }
    Form TextArea .text-area--cursor-line { background: transparent; }
    Form #message { height: auto; min-height: 1; max-height: 2; margin-top: 1; }
    Form #message.ready { color: $foreground-muted; }
    Form #buttons { height: 1; align-horizontal: right; margin-top: 1; }
    Form.-short #message { max-height: 1; margin-top: 0; }
    Form.-short #buttons { margin-top: 0; }
    Form Button { min-width: 0; padding: 0 1; margin-left: 2; color: $foreground; background: $background; text-style: none; }
    Form Button:hover { background: $block-cursor-background; }
    Form Button:focus {
        color: $background; background: $primary; background-tint: transparent; text-style: bold !important;
    }
    Form Button:disabled { color: $foreground-disabled; background: $panel; text-opacity: 1; }
    """

    cancel_label: ClassVar[str] = "Cancel"
    send_label: ClassVar[str] = "Send"
    ready: ClassVar[str] = "ctrl+s sends, esc leaves"
    """What the line above the buttons says while nothing is missing."""

    def __init__(self, heading: str, where: str = "") -> None:
        super().__init__()
        self._heading = heading
        self._where = where
        self.deaf = True
        """Whether the guard is still up."""

    # -- what a form supplies

    def compose_body(self) -> ComposeResult:
        """The fields."""
        yield from ()

    def first(self) -> Widget:
        """What has the focus when the guard falls."""
        return self.query_one("#cancel", Button)

    def problem(self) -> str:
        """Why this cannot be sent as it stands; empty when it can. Ours or safe."""
        return ""

    def told(self) -> str:
        """What came of a key, said above the buttons until something is typed; empty for nothing. Ours or safe."""
        return ""

    def draft(self) -> Draft:
        """What was filled in. Called only when there is no problem."""
        raise NotImplementedError

    def refresh_form(self) -> None:
        """Bring everything that depends on the fields up to date. Called after every change."""

    # -- the frame

    def compose(self) -> ComposeResult:
        """Heading, fields, the reason why not, buttons."""
        with Vertical(id="frame"):
            with Horizontal(id="heading"):
                yield prose(self._heading, id="what")
                yield prose(self._where, id="where")
            with VerticalScroll(id="body", can_focus=False):
                yield from self.compose_body()
            yield prose(id="message")
            with Horizontal(id="buttons"):
                yield from self.compose_buttons()

    def compose_buttons(self) -> Iterator[Button]:
        """Cancel first: it is the default."""
        yield button(self.cancel_label, "cancel")
        yield button(self.send_label, "send")

    def on_mount(self) -> None:
        """Show the form as it stands, and hold the keys for a moment."""
        self.check()
        self.hold(self.GUARD_S, self.first)

    def on_resize(self) -> None:
        """Keep the buttons on the screen, once the styles of this size are known."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Let what is too high for the screen scroll above the buttons."""
        parts = [self.query_one(f"#{part}") for part in ("heading", "message", "buttons")]
        # Where there is room, a second line is kept for the reason why not.
        around = 3 if self.has_class("-short") else 4
        around += self.query_one("#frame").gutter.height + sum(part.styles.margin.height for part in parts)
        body = self.query_one("#body")
        body.styles.max_height = max(3, self.size.height - around)
        if self.focused is not None:
            self.focused.scroll_visible(animate=False)

    def hold(self, seconds: float, then: Callable[[], Widget]) -> None:
        """Send nothing and move no focus for a moment, then focus `then()`."""

        def listen() -> None:
            self.deaf = False
            then().focus()

        self.deaf = True
        self.set_timer(seconds, listen)

    @property
    def focus_chain(self) -> list[Widget]:
        """What tab walks through: nothing while the guard is up."""
        return [] if self.deaf else super().focus_chain

    def check(self) -> None:
        """Say what is missing, and let Send be pressed only when nothing is."""
        self.refresh_form()
        problem = self.problem()
        said = self.told() or problem
        message = self.query_one("#message", Static)
        message.update(Content(said or self.ready))
        message.set_class(not said, "ready")
        for sender in self.senders():
            sender.disabled = bool(problem)

    def senders(self) -> list[Button]:
        """The buttons that end the form with a draft."""
        return [self.query_one("#send", Button)]

    # -- what a person does

    def on_input_changed(self, event: Input.Changed) -> None:
        """A field changed."""
        self.check()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """A field changed."""
        self.check()

    def on_choice_changed(self, event: Choice.Changed) -> None:
        """A field changed."""
        self.check()

    def on_tick_changed(self, event: Tick.Changed) -> None:
        """A field changed."""
        self.check()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field goes on to the next one and never sends."""
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Leave, one way or the other."""
        if event.button.id == "cancel":
            self.action_cancel()
        else:
            self.action_send()

    def action_cancel(self) -> None:
        """Leave without a draft."""
        if self.is_current:
            self.dismiss(None)

    def action_send(self) -> None:
        """Leave with the draft, once, if nothing is missing."""
        if self.deaf or self.problem() or not self.is_current:
            return
        self.dismiss(self.draft())


def button(label: str, id: str) -> Button:
    """A button of one line."""
    return Button(Content(label), id=id, compact=True)
