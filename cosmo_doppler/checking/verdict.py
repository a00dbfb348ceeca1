"""What became of a run."""

from __future__ import annotations

from dataclasses import dataclass

from cosmo_doppler.checking.against import Against, held_against
from cosmo_doppler.checking.assertions import Assertion
from cosmo_doppler.checking.until import Found
from cosmo_doppler.model.baseline import Baseline
from cosmo_doppler.model.board import Board
from cosmo_doppler.query import Filter, Known
from cosmo_doppler.store import Store
from cosmo_doppler.tui.words import many


@dataclass(frozen=True, slots=True)
class Judged:
    """An assertion and the signals that break it."""

    assertion: Assertion
    offenders: list[int]

    @property
    def held(self) -> bool:
        """Whether none does."""
        return not self.offenders


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was looked at, and what came of it."""

    title: str
    store: Store
    board: Board
    """What was known at the end."""
    first: int
    last: int
    """Signals `first` until before `last` were looked at."""
    until: Filter | None
    found: Found | None
    """What `until` waited for; None when it never came."""
    judged: tuple[Judged, ...]
    against: Against | None = None
    """The run held against a baseline, which is told but not judged."""
    skipped: int = 0
    """Lines of the recording that are no signals, which nobody could judge."""
    gaps: int = 0
    """Times without a bus meanwhile."""
    lost: int = 0
    """Frames that are known to have been sent and did not get here."""

    @property
    def passed(self) -> bool:
        """Whether what was waited for came, and every assertion held."""
        return (self.until is None or self.found is not None) and all(each.held for each in self.judged)

    @property
    def unjudged(self) -> list[str]:
        """What may have broken an assertion without anybody seeing it, in words."""
        told = [
            (self.skipped, f"{many(self.skipped, 'line')} of the recording skipped"),
            (self.gaps, f"{many(self.gaps, 'gap')} in which nothing was seen"),
            (self.lost, f"{many(self.lost, 'frame')} that did not get here"),
        ]
        return [f"{words}, which nobody judged" for number, words in told if number]

    @property
    def seconds(self) -> float:
        """From the first signal looked at to the last."""
        return self.store.at(self.last - 1) - self.store.at(self.first) if self.last > self.first else 0.0


def judge(
    title: str,
    store: Store,
    board: Board,
    first: int,
    last: int,
    assertions: tuple[Assertion, ...],
    until: Filter | None = None,
    found: Found | None = None,
    baseline: Baseline | None = None,
) -> Verdict:
    """Hold signals `first` until before `last` against assertions, with what is known at the end.

    Args:
        title: of the run.
        store: the signals.
        board: what is known after `last` of them.
        first: the first signal looked at.
        last: the first one not looked at any more.
        assertions: what must hold.
        until: what was waited for.
        found: when it came.
        baseline: what the run is held against.
    """
    known = Known(board, board.now)
    judged = tuple(Judged(each, each.offenders(store, first, last, known)) for each in assertions)
    against = held_against(baseline, board) if baseline is not None else None
    return Verdict(title, store, board, first, last, until, found, judged, against)
