"""Fields a person types into. What is pasted may have been copied from a bus, so it is cleaned on its way in."""

from __future__ import annotations

from textual.events import Paste
from textual.widgets import TextArea

from cosmo_doppler.offers import escape_json
from cosmo_doppler.tui.widgets.entry import Entry

__all__ = ["Entry", "JsonArea", "escape_json"]


class JsonArea(TextArea):
    """A few lines of JSON. Pasted characters that a terminal could obey become escapes of the same meaning."""

    def __init__(self, text: str, *, id: str) -> None:
        super().__init__(text, id=id, compact=True, tab_behavior="focus", soft_wrap=True)

    def on_paste(self, event: Paste) -> None:
        """Clean the text before the base class, called next, takes it in."""
        event.text = escape_json(event.text)

    def action_paste(self) -> None:
        """Take what was copied inside Doppler the same way as a paste of the terminal."""
        self.app.post_message(Paste(self.app.clipboard))
