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


def first_match(wanted: Filter, store: Store, first: int, last: int) -> Found | None:
    """Go forward until a signal matches with what is known right then.

    Args:
        wanted: the filter. One that is about traces or auctions costs a fold of everything up to there.
        store: the signals.
        first: where to begin; what came before is known, and not looked at.
        last: where to give up.
    """
    if wanted.folded:
        return _stepping(wanted, store, first, last)
    sieve = Sieve(wanted, store)
    for begin in range(first, last, _SLICE):
        picked = sieve.pick(begin, min(begin + _SLICE, last))
        if picked:
            return Found(picked[0], picked[0] + 1)
    return None


def _stepping(wanted: Filter, store: Store, first: int, last: int) -> Found | None:
    """After each signal ask it, and every other signal of the traces that it changed."""
    board = Board()
    for seq in range(last):
        board.apply(store.observed(seq))
        changes = board.take_changes()
        if seq < first:
            continue
        row = StoreRow(store, Known(board, board.now))
        for asked in (seq, *_touched(board, changes.traces, first)):
            row.move(asked)
            if wanted.matches(row):
                return Found(asked, seq + 1)
    return None


def _touched(board: Board, traces: set[str], first: int) -> list[int]:
    known = (board.traces[trace_id] for trace_id in traces if trace_id in board.traces)
    return sorted(node.seq for trace in known for node in trace.by_id.values() if node.seq >= first)
