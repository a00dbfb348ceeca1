"""Two traces or two auctions over the observatory, side by side, until esc."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from cosmo_doppler.tui.safe import short_id
from cosmo_doppler.tui.screens.baselining import BaselineActions
from cosmo_doppler.tui.widgets.lines import Lines
from cosmo_doppler.tui.widgets.source import Source


class CompareScreen(ModalScreen[int | None]):
    """Ends with the position of a signal to go to, or None.

    Args:
        rows: what is compared.
        lock: the session's.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,D,h,left", "dismiss", "Back")]
    DEFAULT_CSS = """
    CompareScreen { align: center middle; background: $background; }
    """

    def __init__(self, rows: Source, lock: AbstractContextManager[object]) -> None:
        super().__init__()
        self._rows = rows
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


class CompareActions(BaselineActions):
    """Take one thing, then hold another one against it, or everything that comes."""

    _first_trace: str | None = None
    """The trace that waits for another one to be compared with."""
    _first_offer: str | None = None
    """The auction that does."""

    def action_compare(self) -> None:
        """The first press takes what is selected, the second on another one compares; on the same one it is let go.

        Among auctions and bids these are auctions, everywhere else traces.
        """
        if self.stage.focused in ("auctions", "bids"):
            self._first_offer = self._take("auction", self._first_offer, self.scene.offer_id, self._rounds)
        else:
            self._first_trace = self._take("trace", self._first_trace, self.scene.trace_id, self._traces)

    def _take(
        self, noun: str, first: str | None, here: str | None, show: Callable[[str, str], None]
    ) -> str | None:
        """What waits to be compared after this press."""
        if here is None:
            self.say(
                f"Select {'an' if noun == 'auction' else 'a'} {noun} first; D takes it as the first of two"
            )
        elif first is None:
            self.say(f"{noun.capitalize()} {short_id(here)} is the first; D on another one compares")
            return here
        elif first == here:
            self.say("Nothing is taken for a comparison any more")
            return None
        else:
            show(first, here)
            return None
        return first

    def _traces(self, first: str, second: str) -> None:
        from cosmo_doppler.model.compare import compare
        from cosmo_doppler.tui.panes.comparison import CompareRows

        with self.session.lock:
            board = self.scene.board
            left, right = board.traces.get(first), board.traces.get(second)
            rows = (
                CompareRows(compare(left, right, board)) if left is not None and right is not None else None
            )
        self._show(rows)

    def _rounds(self, first: str, second: str) -> None:
        from cosmo_doppler.tui.panes.two_rounds import RoundRows

        with self.session.lock:
            auctions = self.scene.board.auctions
            left, right = auctions.get(first), auctions.get(second)
            rows = RoundRows(left, right) if left is not None and right is not None else None
        self._show(rows)

    def _show(self, rows: Source | None) -> None:
        if rows is None:
            self.say("One of the two is not known at this point of time")
        else:
            self.app.push_screen(CompareScreen(rows, self.session.lock), self._go_to_signal)

    def _go_to_signal(self, seq: int | None) -> None:
        if seq is None:
            return
        with self.session.lock:
            seen = self.scene.observed(seq)
        if seen is not None:
            self.stage.go("traces", "traces", seen.header.trace_id)
            self.stage.go("traces", "pathway", seq)
