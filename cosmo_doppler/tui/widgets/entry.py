"""A field of one line. What is pasted may have been copied from a bus, so it is cleaned on its way in."""

from __future__ import annotations

from textual.events import Paste
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from cosmo_doppler.tui.safe import safe


class Entry(Input):
    """A field of one line. What is pasted is made visible, since it may have been copied from a bus."""

    def __init__(
        self,
        value: str = "",
        *,
        id: str,
        placeholder: str = "",
        suggester: Suggester | None = None,
        restrict: str | None = None,
        continued: bool = False,
    ) -> None:
        super().__init__(
            value,
            placeholder,
            id=id,
            suggester=suggester,
            restrict=restrict,
            compact=True,
            # What is typed first goes on from what stands there, where that is the beginning of it.
            select_on_focus=not continued,
        )
        self.back: Widget | None = None
        """Who gets the keys when they are not wanted here any more; of a line over the panes."""

    def give_back(self) -> None:
        """Give the keys back."""
        if self.back is not None and self.back.is_attached:
            self.screen.set_focus(self.back, scroll_visible=False)

    def on_paste(self, event: Paste) -> None:
        """Clean the text before the base class, called next, takes it in."""
        event.text = "\n".join(safe(line) for line in event.text.splitlines())

    def action_paste(self) -> None:
        """Take what was copied inside Doppler the same way as a paste of the terminal."""
        self.app.post_message(Paste(self.app.clipboard))
