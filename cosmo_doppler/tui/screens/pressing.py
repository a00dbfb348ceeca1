"""The mouse on the lines around the panes."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on

from cosmo_doppler.tui.chrome import Tab, Track
from cosmo_doppler.tui.screens.bussing import BusActions
from cosmo_doppler.tui.watched import Berth
from cosmo_doppler.tui.widgets.oneline import OneLine


class PressActions(BusActions):
    """A press on a tab, a bus, or the track of a replay. What draws these lines says where what stands."""

    _berths: Sequence[Berth] = ()
    _tabs: Sequence[Tab] = ()
    _track: Track = Track(0, 1)

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

    @on(OneLine.Pressed, "#replay")
    def _track_pressed(self, message: OneLine.Pressed) -> None:
        place = (message.cell - self._track.start) / max(1, self._track.width - 1)
        if 0 <= place <= 1:
            with self.session.lock:
                timeline = self.session.timeline
                timeline.seek_time(timeline.start_at + place * (timeline.end_at - timeline.start_at))
