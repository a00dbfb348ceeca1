"""The first moment at which a signal is seen that a filter means."""

from __future__ import annotations

from typing import NamedTuple

from cosmo_doppler.model.board import Board
from cosmo_doppler.query import Filter, Known, Sieve, StoreRow
from cosmo_doppler.store import Store

_SLICE = 4096


class Found(NamedTuple):
    """What was waited for."""

    seq: int
    """The signal that matches."""
    position: int
    """Signals seen when it did: itself, or more when only later ones made it match, as an award makes a bid the winner."""


class Awaited:
    """Goes forward until a signal matches with what is known right then.

    Args:
        wanted: the filter. One that is about traces or auctions costs a fold of everything up to there.
        store: the signals; it may grow.
        first: where to begin; what came before is known, and not looked at.
    """

    def __init__(self, wanted: Filter, store: Store, first: int) -> None:
        self._wanted = wanted
        self._store = store
        self._first = first
        self._sieve = Sieve(wanted, store)
        self._board = Board()
        self._at = 0 if wanted.folded else first

    def look(self, last: int) -> Found | None:
        """Go on from where it stands; None when nothing matches until before `last`."""
        if self._wanted.folded:
            return self._step(last)
        while self._at < last:
            begin, self._at = self._at, min(self._at + _SLICE, last)
            picked = self._sieve.pick(begin, self._at)
            if picked:
                return Found(picked[0], picked[0] + 1)
        return None

    def _step(self, last: int) -> Found | None:
        """After each signal ask it, and every other signal of the traces that it changed."""
        board, first = self._board, self._first
        for seq in range(self._at, last):
            self._at = seq + 1
            board.apply(self._store.observed(seq))
            changes = board.take_changes()
            if seq < first:
                continue
            row = StoreRow(self._store, Known(board, board.now))
            for asked in (seq, *_touched(board, changes.traces, first)):
                row.move(asked)
                if self._wanted.matches(row):
                    return Found(asked, seq + 1)
        return None


def first_match(wanted: Filter, store: Store, first: int, last: int) -> Found | None:
    """The same for signals that are all there, until before `last`."""
    return Awaited(wanted, store, first).look(last)


def _touched(board: Board, traces: set[str], first: int) -> list[int]:
    known = (board.traces[trace_id] for trace_id in traces if trace_id in board.traces)
    return sorted(node.seq for trace in known for node in trace.by_id.values() if node.seq >= first)
