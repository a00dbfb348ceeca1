"""When frames were lost on their way to us, as far as a growing count tells."""

from __future__ import annotations

from typing import NamedTuple

MOST_LOSSES = 200
"""Losses told apart; later ones add to the last."""


class Loss(NamedTuple):
    """Frames that were lost at about one time."""

    position: int
    """Signals that had been seen before."""
    at: float
    """When it was noticed, epoch seconds."""
    frames: int


class Losses:
    """Turns a count that grows into the moments at which it grew."""

    def __init__(self) -> None:
        self.all: list[Loss] = []
        """By time."""
        self._total = 0

    def note(self, total: int, position: int, at: float) -> int:
        """The count stands at `total` now, after `position` signals. Returns how many more that is than before."""
        lost, self._total = total - self._total, total
        if lost > 0:
            self.add(Loss(position, at, lost))
        return max(0, lost)

    def add(self, loss: Loss) -> None:
        """Frames are known to be lost. A burst that goes on for a while is one loss."""
        if self.all and (loss.at - self.all[-1].at < 1.0 or len(self.all) >= MOST_LOSSES):
            last = self.all.pop()
            self.all.append(last._replace(at=loss.at, frames=last.frames + loss.frames))
        else:
            self.all.append(loss)
