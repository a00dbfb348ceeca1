"""One fault in full: what happened, what to look at, who and where."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from cosmo_doppler.model.faults import Fault
from cosmo_doppler.tui import words
from cosmo_doppler.tui.fault_list import FaultList
from cosmo_doppler.tui.panes.faults import severity_style
from cosmo_doppler.tui.panes.laid_out import LaidOut
from cosmo_doppler.tui.panes.wrapping import wrapped
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell

_LABEL = 10


class FaultLines(LaidOut):
    """Lines about the selected fault."""

    hints: ClassVar[tuple[str, ...]] = (
        "fault(1)",
        "fault(-1)",
        "jump_trace",
        "jump_auction",
        "zoom",
        "command_palette",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._list = FaultList(scene)

    @property
    def _fault(self) -> Fault | None:
        return self._list.get(self._scene.fault)

    def title(self, ink: Ink) -> Cell:
        """The pane's name, and which rule found it."""
        fault = self._fault
        name: Cell = [("Fault", ink.bold)]
        return [*name, (f"  {fault.severity}  {fault.kind}", severity_style(fault, ink))] if fault else name

    def describe(self, width: int, ink: Ink) -> list[Cell]:
        """What happened, what to look at, and the facts."""
        fault = self._fault
        return self._describe(fault, width, ink) if fault is not None else []

    def empty(self, ink: Ink) -> list[Cell]:
        """What would be here."""
        return [[("No fault is selected", ink.dim)], [("e", ink.bold), (" goes to the latest", ink.dim)]]

    def scope(self) -> Hashable:
        """Another fault starts at the top."""
        return self._scene.fault

    def stamp(self) -> Hashable:
        """It may count on, or come right."""
        return self._scene.fault, self._list.stamp()

    def _describe(self, fault: Fault, width: int, ink: Ink) -> list[Cell]:
        said: list[Cell] = [[(line, ink.plain)] for line in wrapped(safe(fault.sentence, 600), width)]
        look = wrapped(safe(fault.look, 400), max(8, width - _LABEL))
        advice: list[Cell] = [
            [(("look at" if first == 0 else "").ljust(_LABEL), ink.dim), (line, ink.plain)]
            for first, line in enumerate(look)
        ]
        facts = [(label, text) for label, text in self._facts(fault) if text]
        return [
            *said,
            [],
            *advice,
            [],
            *([(label.ljust(_LABEL), ink.dim), (safe(text, 200), ink.plain)] for label, text in facts),
        ]

    def _facts(self, fault: Fault) -> list[tuple[str, str]]:
        times = f"{words.count(fault.count)} times, the last at {words.time_of_day(fault.last_at)}"
        trace = self._scene.board.traces.get(fault.trace_id)
        title = trace.title if trace is not None else ""
        return [
            ("known at", words.time_of_day(fault.at)),
            ("seen", times if fault.count > 1 else ""),
            ("over at", words.time_of_day(fault.over_at) if fault.over_at is not None else ""),
            ("who", fault.who),
            ("trace", f"{short_id(fault.trace_id)}  {title}" if fault.trace_id else ""),
            ("offer", short_id(fault.offer_id) if fault.offer_id else ""),
        ]
