"""What a person does with the panes themselves."""

from __future__ import annotations

from cosmo_doppler.tui.arrangement import Way
from cosmo_doppler.tui.layout import PANES, Pane
from cosmo_doppler.tui.screens.deck import Deck


class ArrangeActions(Deck):
    """Larger, smaller, hidden, as usual."""

    def action_grow(self, way: Way) -> None:
        """Make the focused pane larger or smaller."""
        if reason := self.stage.grow(self.stage.focused, way):
            self.say(reason)

    def action_hide(self) -> None:
        """Hide the focused pane."""
        pane = self.stage.focused
        reason = self.stage.toggle(pane)
        self.say(reason or f"Hid {pane}; :pane {pane} shows it again, :reset_layout all of them")

    def action_reset_layout(self) -> None:
        """Show all panes of this view in their usual sizes."""
        if not self.stage.reset():
            self.say("The panes of this view stand as usual")

    def toggle_pane(self, name: str) -> str:
        """Hide or show a pane of this view; a sentence when that cannot be."""
        pane: Pane | None = next((each for each in PANES if each == name), None)
        if pane is None:
            return f"there is no pane {name!r}; this view has {', '.join(self.stage.optional) or 'only one'}"
        return self.stage.toggle(pane)
