"""Two traces over the observatory, side by side, until esc."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from cosmo_doppler.model.compare import Comparison
from cosmo_doppler.tui.panes.comparison import CompareRows
from cosmo_doppler.tui.widgets.lines import Lines


class CompareScreen(ModalScreen[int | None]):
    """Ends with the position of a signal to go to, or None.

    Args:
        comparison: of two traces.
        lock: the session's.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,D,h,left", "dismiss", "Back")]
    DEFAULT_CSS = """
    CompareScreen { align: center middle; background: $background; }
    """

    def __init__(self, comparison: Comparison, lock: AbstractContextManager[object]) -> None:
        super().__init__()
        self._rows = CompareRows(comparison)
        self._lines = Lines(self._rows, lock, id="comparison")

    def compose(self) -> ComposeResult:
        """One pane."""
        yield self._lines

    def on_mount(self) -> None:
        """The keys go to the rows."""
        self._lines.focus()

    def on_resize(self, event: events.Resize) -> None:
        """All the room there is."""
        self._lines.styles.width, self._lines.styles.height = event.size.width, event.size.height

    @on(Lines.Opened)
    def _open(self, message: Lines.Opened) -> None:
        message.stop()
        cursor = message.lines.cursor
        self.dismiss(self._rows.sequence(cursor) if cursor is not None else None)
