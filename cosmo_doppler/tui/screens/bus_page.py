"""A bus as it tells of itself: its counts, its namespaces, and who is connected and subscribes to what."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from cosmo_bus.errors import BusError
from cosmo_doppler.bus_picture import Line, picture, rates
from cosmo_doppler.management import BusRefused, Management, manage
from cosmo_doppler.tui.errands import begin
from cosmo_doppler.tui.modals.sheet import Sheet
from cosmo_doppler.tui.safe import fit, safe
from cosmo_doppler.tui.theme import Ink, ink_of

EVERY_S = 1.0
"""How often the bus is asked, seconds."""

_WIDTH = 116
_AROUND = 5
"""Cells of the frame, the space inside it and the mark of where one is."""


class BusPage(Sheet):
    """Over the observatory; asks over a connection of its own, again and again until it is left.

    Args:
        url: of the bus.
    """

    DEFAULT_CSS = """
    BusPage > VerticalScroll { width: 116; }
    BusPage Static { width: 1fr; height: auto; }
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def compose(self) -> ComposeResult:
        """Text in a frame."""
        with self.framed("Bus"):
            yield Static(f"asking {self._url} ...", markup=False)

    def on_mount(self) -> None:
        """Begin to ask."""
        begin(self, self._follow, exclusive=True)

    async def _follow(self) -> None:
        while True:
            try:
                async with manage(self._url) as bus:
                    await self._watch(bus)
            except (BusError, OSError, ValueError) as error:
                self._show([Line(f"cannot ask {self._url}: {error}", "yellow")])
            await asyncio.sleep(EVERY_S)

    async def _watch(self, bus: Management) -> None:
        before: dict[str, Any] | None = None
        while True:
            try:
                stats = await bus.ask("mgmt_stats")
            except BusRefused:
                stats = await bus.ask("mgmt_list")
            self._show(list(picture(self._url, stats, rates(stats, before), width=self._room, patterns=True)))
            before = stats
            await asyncio.sleep(EVERY_S)

    @property
    def _room(self) -> int:
        return max(20, min(_WIDTH, self.size.width) - _AROUND)

    def _show(self, lines: Sequence[Line]) -> None:
        ink, text = ink_of(self.app), Text()
        for line in lines:
            for part in line.text.split("\n"):
                text.append(f"{fit(safe(part), self._room)}\n", _style(line, ink))
        for shown in self.query(Static):
            shown.update(text)


def _style(line: Line, ink: Ink) -> Any:
    return {"bold": ink.bold, "dim": ink.dim, "yellow": ink.failure}.get(line.style, ink.plain)
