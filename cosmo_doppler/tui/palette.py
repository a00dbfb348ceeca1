"""The command palette: the action table, and every trace by name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from cosmo_doppler.tui.actions import ACTIONS, Action
from cosmo_doppler.tui.look import look_of
from cosmo_doppler.tui.safe import pad, safe, short_id

if TYPE_CHECKING:
    from cosmo_doppler.tui.app import DopplerApp

_TRACES_LISTED = 500
"""Traces searched, the newest."""


_KEY_CELLS = 8


class ObservatoryCommands(Provider):
    """What can be done, and where one can go. Names from the bus are content, never markup."""

    async def discover(self) -> Hits:
        """Everything in the table, in its order."""
        for entry in ACTIONS:
            if entry.palette:
                yield DiscoveryHit(self._display(entry), partial(self._run, entry), entry.help)

    async def search(self, query: str) -> Hits:
        """Commands and traces that match."""
        matcher = self.matcher(query)
        for entry in ACTIONS:
            if entry.palette and (score := matcher.match(entry.help)) > 0:
                yield Hit(score, self._display(entry), partial(self._run, entry), entry.help)
        for trace_id, name in self._traces():
            if (score := matcher.match(name)) > 0:
                yield Hit(score * 0.9, Content(name), partial(self._app.go_to_trace, trace_id), name)

    @property
    def _app(self) -> DopplerApp:
        app: DopplerApp = self.app  # type: ignore[assignment]
        return app

    def _traces(self) -> list[tuple[str, str]]:
        session = self._app.session
        with session.lock:
            board = session.timeline.board
            newest = board.trace_order[: -_TRACES_LISTED - 1 : -1]
            return [(key, f"Trace {short_id(key)}  {safe(board.traces[key].title, 120)}") for key in newest]

    async def _run(self, entry: Action) -> None:
        await self._app.run_listed(entry)

    def _display(self, entry: Action) -> Content:
        keys = look_of(self.app).keymap.shown(entry)
        return Content.assemble((pad(keys, _KEY_CELLS), "$dim"), entry.help)
