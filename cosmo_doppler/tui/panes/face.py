"""One of the ways in which the Pathway pane shows a trace."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable

from rich.segment import Segment

from cosmo_doppler.model.traces import Trace
from cosmo_doppler.tui.panes.timeaxis import TimeAxis
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink


class Face(ABC):
    """Rows for the selected trace. Asked only while there is one, and while the session's lock is held.

    Args:
        scene: what is selected.
        axis: the stretch of time on the screen, which all faces share.
    """

    def __init__(self, scene: Scene, axis: TimeAxis) -> None:
        self.scene = scene
        self.axis = axis

    @property
    def trace(self) -> Trace:
        """The selected trace.

        Raises:
            LookupError: none is selected.
        """
        trace = self.scene.trace
        if trace is None:
            raise LookupError("no trace is selected")
        return trace

    @property
    def latest(self) -> float:
        """The right end of what is known of the trace, epoch seconds."""
        trace = self.trace
        return max(trace.ended_at if trace.ended_at is not None else self.scene.now, trace.last_at)

    @property
    def extent(self) -> float:
        """Seconds from the first signal to `latest`."""
        return self.latest - self.trace.started_at

    @abstractmethod
    def time_cells(self, width: int) -> int:
        """Cells of a row that is `width` wide which are the time axis; they are its last ones."""

    @abstractmethod
    def head(self, width: int, ink: Ink) -> list[Segment]:
        """Titles of the columns."""

    @abstractmethod
    def count(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def key(self, index: int) -> Hashable:
        """What a row is known by."""

    @abstractmethod
    def index(self, key: Hashable) -> int | None:
        """The row of a key."""

    @abstractmethod
    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One row."""

    def sequence(self, key: Hashable) -> int | None:
        """The signal behind a row, if it is one."""
        return None

    def fold(self, key: Hashable) -> Hashable | None:
        """Fold the branch of a row, or the one it is in.

        Returns:
            The key of the row that is left of it; None when there is nothing to fold.
        """
        return None

    def unfold(self, key: Hashable) -> bool:
        """Unfold the branch of a row. False when it is not folded."""
        return False
