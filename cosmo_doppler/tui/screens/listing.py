"""Finding one's way in what is long: any place by its name, and lists in another order."""

from __future__ import annotations

from textual.command import CommandPalette

from cosmo_doppler.errors import SettingError
from cosmo_doppler.tui.look import chosen_columns, remembered_of
from cosmo_doppler.tui.panes.ordered import Order, Ordered
from cosmo_doppler.tui.screens.deck import Deck


class ListActions(Deck):
    """Go to a name, sort, choose columns."""

    def on_mount(self) -> None:
        """From now on the scene knows which columns are wanted."""
        self.scene.columns = lambda pane: chosen_columns(self.app, pane)

    def choose_columns(self, text: str) -> None:
        """Give the list of signals other columns.

        Args:
            text: their names with commas between, or `usual`.

        Raises:
            SettingError: there is no such column.
        """
        from cosmo_doppler.tui.panes.signal_columns import Chosen, split_names

        names = () if text == "usual" else split_names(text)
        if not names and text != "usual":
            raise SettingError(
                "name columns with commas between, such as time,type,payload.cost,says; or: usual"
            )
        Chosen(names)
        remembered = remembered_of(self.app)
        remembered.put_columns("signals", names)
        with self.session.lock:
            self.stage.panes["signals"].touch()
        if "signals" not in self.stage.shown:
            self.say("Signals has these columns; 5 shows it")

    def columns_now(self) -> str:
        """The columns of the list of signals, as `choose_columns` takes them."""
        from cosmo_doppler.tui.panes.signal_columns import Chosen

        return ",".join(Chosen(self.scene.columns("signals")).names)

    def action_go(self) -> None:
        """Any trace, auction, participant or mark by some letters of its name."""
        from cosmo_doppler.tui.places import Places

        places = CommandPalette([Places], placeholder="Go to a trace, auction, participant or mark")
        self.app.push_screen(places)

    def sortable(self) -> Ordered | None:
        """The focused list; where that has no order, the view's own; None when that has none either."""
        for name in (self.stage.focused, self.stage.view):
            source = self.stage.panes[name].source
            if isinstance(source, Ordered):
                return source
        return None

    def action_sort(self) -> None:
        """Offer the orders of the focused list."""
        from cosmo_doppler.tui.orders import Orders

        if self.sortable() is None:
            self.say("Nothing here can be sorted; traces, auctions, participants and faults can")
            return
        self.app.push_screen(CommandPalette([Orders], placeholder="Sort"))

    def sort(self, order: Order | None) -> None:
        """Sort the list and go to its first row."""
        source = self.sortable()
        pane = next((pane for pane in self.stage.panes.values() if pane.source is source), None)
        if source is None or pane is None:
            return
        with self.session.lock:
            source.sort(order)
            pane.follow = source.follows
            pane.forget()
            pane.touch()
        pane.top()
