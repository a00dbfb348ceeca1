"""The application: one observatory on a session, the themes, and the palette."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, get_args

from textual import on
from textual.binding import BindingType
from textual.command import Provider
from textual.notifications import SeverityLevel

from cosmo_doppler.session import Session
from cosmo_doppler.tui.actions import Action, bindings_of
from cosmo_doppler.tui.layout import View
from cosmo_doppler.tui.look import Look, LookedApp
from cosmo_doppler.tui.palette import ObservatoryCommands
from cosmo_doppler.tui.screens.observatory import Observatory

_COLLECT_AFTER = 50_000
"""Allocations between two young collections: rarer pauses, each still short."""


class DopplerApp(LookedApp):
    """Doppler on a terminal.

    Args:
        session: what to show. The app starts and stops its engine.
        view: the view to begin with.
        select: a trace id, an offer id or the end of one, to begin with.
        frame_rate: looks at the session per second. 0 leaves time to the caller: the engine is not started and
            each `Observatory.turn()` pumps the session once.
        look: theme, signs and keys.
        wanted: a filter to begin with; empty for none.
    """

    TITLE: str | None = "Doppler"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {ObservatoryCommands}
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("app")
    DEFAULT_CSS = """
    CommandPalette { background: $background 60%; }
    CommandPalette SearchIcon { display: none; }
    CommandPalette #--container { width: 76; max-width: 100%; }
    CommandPalette OptionList > .option-list--option-highlighted { background: $selection; }
    """

    def __init__(
        self,
        session: Session,
        *,
        view: View = "traces",
        select: str | None = None,
        frame_rate: float = 30,
        look: Look | None = None,
        wanted: str = "",
    ) -> None:
        super().__init__(look or Look())
        if view not in get_args(View):
            raise ValueError(f"view={view!r} is not one of {', '.join(get_args(View))}")
        self.session = session
        self._view: View = view
        self._select = select
        self._wanted = wanted
        self._frame_rate = frame_rate
        self.observatory = self._observe()

    def _observe(self) -> Observatory:
        return Observatory(self.session, self._view, self._frame_rate, self._select, self._wanted)

    async def on_mount(self) -> None:
        """Start looking. Long-lived objects leave the collector's sight: its pauses would be the worst frames."""
        # Not the default screen: that one cannot be exchanged for the observatory of another session.
        await self.push_screen(self.observatory)
        if self._frame_rate > 0:
            self.session.start()
            gc.collect()
            gc.freeze()
            gc.set_threshold(_COLLECT_AFTER, 20, 50)

    def on_unmount(self) -> None:
        """Close the recording and the connection."""
        self.session.stop()

    @on(Observatory.Chosen)
    async def _show_chosen(self, message: Observatory.Chosen) -> None:
        """Show another session instead, and stop the present one."""
        session = message.session
        await asyncio.to_thread(self.session.stop)
        self.session = session
        self._select = None
        self.observatory = self._observe()
        if self._frame_rate > 0:
            session.start()
        await self.switch_screen(self.observatory)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Notices stand on the keys line: a toast would cover what one reads, and would parse markup."""
        self.say(f"{title}: {message}" if title else message)

    def say(self, sentence: str) -> None:
        """Tell the person something, on the keys line. Bus text in it is made safe."""
        self.observatory.say(sentence)

    def go_to_trace(self, trace_id: str) -> None:
        """Show a trace."""
        self.observatory.stage.go("traces", "traces", trace_id)

    async def run_listed(self, entry: Action) -> None:
        """Do what the palette chose, where its key would do it."""
        await self.observatory.run_listed(entry)

    def action_help_quit(self) -> None:
        """Ctrl-C ends Doppler, as it ends every other command. With text selected it copies that instead."""
        self.exit()

    def action_light(self) -> None:
        """The other theme."""
        self.take_look(replace(self.look, theme="dark" if self.look.theme == "light" else "light"))
        self.observatory.repaint()
