"""Filters under names: keep one, choose one by typing."""

from __future__ import annotations

from textual import on
from textual.command import CommandPalette

from cosmo_doppler.errors import SettingError
from cosmo_doppler.query import QueryError, compile_filter, is_name
from cosmo_doppler.tui.look import look_of, named_filters, remembered_of
from cosmo_doppler.tui.screens.deck import Deck
from cosmo_doppler.tui.widgets.filter_bar import FilterBar


class SavedFilterActions(Deck):
    """What is kept under a name stays kept for other runs and for commands, as `$name`."""

    def on_mount(self) -> None:
        """From now on the scene knows which filters are saved."""
        self.scene.named = lambda: named_filters(self.app)

    def narrow(self, text: str) -> None:
        """Set a filter."""
        raise NotImplementedError

    def begin_command(self, line: str) -> None:
        """A line of words that begins so."""
        raise NotImplementedError

    def action_saved_filters(self) -> None:
        """Choose one of the saved filters."""
        from cosmo_doppler.tui.saved_filters import SavedFilters

        if not self.scene.named():
            self.say("No filter is saved yet; / writes one, and ctrl+o keeps it under a name")
            return
        self.app.push_screen(
            CommandPalette([SavedFilters], placeholder="Show only what a saved filter means")
        )

    @on(FilterBar.Chooses)
    def _choose(self, message: FilterBar.Chooses) -> None:
        message.stop()
        self.action_saved_filters()

    @on(FilterBar.Keeps)
    def _ask_for_name(self, message: FilterBar.Keeps) -> None:
        message.stop()
        self.begin_command("keep ")

    def keep_filter(self, name: str, text: str) -> None:
        """Save an expression, or the filter in force, under a name.

        Raises:
            SettingError: the name cannot be had, or there is nothing to keep.
        """
        name = name.removeprefix("$")
        if not is_name(name):
            raise SettingError(f"{name!r} is no name; write letters, digits, _ and -, a letter first")
        if name in look_of(self.app).filters:
            raise SettingError(f"${name} stands in the settings, so it is changed there; choose another name")
        text = text or self.scene.filtering.text
        if not text:
            raise SettingError(f"there is no filter to keep; / writes one, or: keep {name} type:BID")
        try:
            # With the name in place, so that no filter comes to stand for itself.
            compile_filter(f"${name}", {**self.scene.named(), name: text})
        except QueryError as error:
            raise SettingError(error.problem) from None
        remembered = remembered_of(self.app)
        remembered.keep_filter(name, text)
        self.say(remembered.problem or f"Kept; ${name} means {text}")

    def forget_filter(self, name: str) -> None:
        """Keep a filter no longer.

        Raises:
            SettingError: none was kept under that name.
        """
        name, remembered = name.removeprefix("$"), remembered_of(self.app)
        if name in look_of(self.app).filters:
            raise SettingError(f"${name} stands in the settings; take it out there")
        if name not in remembered.filters:
            kept = ", ".join(sorted(remembered.filters)) or "none"
            raise SettingError(f"no filter is kept as {name!r}; there are: {kept}")
        remembered.keep_filter(name, "")
        self.say(remembered.problem or f"${name} is kept no longer")
