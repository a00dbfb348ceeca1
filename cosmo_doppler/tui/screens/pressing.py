"""The mouse on the lines around the panes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import on

from cosmo_doppler.tui.actions import Action, action
from cosmo_doppler.tui.chrome import KeyPlace, Tab, Track
from cosmo_doppler.tui.errands import begin
from cosmo_doppler.tui.screens.bussing import BusActions
from cosmo_doppler.tui.watched import Berth
from cosmo_doppler.tui.widgets.oneline import OneLine


class PressActions(BusActions):
    """A press on a tab, a bus, a key, or the track of a replay. What draws these lines says where what stands."""

    _berths: Sequence[Berth] = ()
    _tabs: Sequence[Tab] = ()
    _track: Track = Track(0, 1)
    _key_places: Sequence[KeyPlace] = ()

    async def run_listed(self, entry: Action) -> None:
        """Do what an action of the table says, where its key would do it."""
        raise NotImplementedError

    @on(OneLine.Pressed, "#watched")
    def _bus_pressed(self, message: OneLine.Pressed) -> None:
        for berth in self._berths:
            if berth.start <= message.cell < berth.end:
                self.turn_to(berth.place)

    @on(OneLine.Pressed, "#tabs")
    def _tab_pressed(self, message: OneLine.Pressed) -> None:
        for tab in self._tabs:
            if tab.start <= message.cell < tab.end:
                self.stage.show(tab.view)

    @on(OneLine.Pressed, "#keys")
    def _key_pressed(self, message: OneLine.Pressed) -> None:
        for place in self._key_places:
            if place.start <= message.cell < place.end:
                begin(self, partial(self.run_listed, action(place.action)))

    @on(OneLine.Pressed, "#replay")
    def _track_pressed(self, message: OneLine.Pressed) -> None:
        place = (message.cell - self._track.start) / max(1, self._track.width - 1)
        if 0 <= place <= 1:
            with self.session.lock:
                timeline = self.session.timeline
                timeline.seek_time(timeline.start_at + place * (timeline.end_at - timeline.start_at))
