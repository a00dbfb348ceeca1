"""Two traces side by side: what only one of them has, and how much later the same thing happened in the other."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.node import Node
from cosmo_doppler.model.traces import Trace

MOST_SIGNALS = 4_000
"""Signals of each trace that are compared; what is left out is counted."""

Sameness = Literal["both", "changed", "left", "right"]
"""both: the same type by the same participant at the same place; changed: the same type by somebody else; left, right:
only there."""


class Pair(NamedTuple):
    """One line of the comparison."""

    sameness: Sameness
    left: Node | None
    right: Node | None
    left_s: float | None
    """Seconds from the start of its trace."""
    right_s: float | None

    @property
    def later_s(self) -> float | None:
        """How much later it happened at the right, seconds; None when it did not happen in both."""
        return None if self.left_s is None or self.right_s is None else self.right_s - self.left_s


class Figure(NamedTuple):
    """One figure of both traces."""

    name: str
    left: float
    right: float
    unit: Literal["s", ""]


class Comparison(NamedTuple):
    """Two traces, aligned."""

    left: Trace
    right: Trace
    pairs: list[Pair]
    figures: list[Figure]
    left_out: int
    """Signals not compared, because the traces are too long."""

    @property
    def same(self) -> bool:
        """Whether the same happened in both, at whatever pace."""
        return all(pair.sameness == "both" for pair in self.pairs) and not self.left_out


def compare(left: Trace, right: Trace, left_board: Board, right_board: Board | None = None) -> Comparison:
    """Align two traces by their structure: type, participant and depth in the tree, in display order.

    Args:
        left: the first trace, the baseline.
        right: the second one.
        left_board: where the first is from.
        right_board: where the second is from, if that is another recording.
    """
    ours, theirs = left.rows, right.rows
    left_out = max(0, len(ours) - MOST_SIGNALS) + max(0, len(theirs) - MOST_SIGNALS)
    ours, theirs = ours[:MOST_SIGNALS], theirs[:MOST_SIGNALS]
    pairs = [
        Pair(
            sameness,
            one,
            other,
            None if one is None else one.at - left.started_at,
            None if other is None else other.at - right.started_at,
        )
        for sameness, one, other in _aligned(ours, theirs)
    ]
    figures = _figures(left, right, left_board, right_board or left_board)
    return Comparison(left, right, pairs, figures, left_out)


def _aligned(ours: Sequence[Node], theirs: Sequence[Node]) -> list[tuple[Sameness, Node | None, Node | None]]:
    lines: list[tuple[Sameness, Node | None, Node | None]] = []
    matcher = SequenceMatcher(
        None, [_key(node) for node in ours], [_key(node) for node in theirs], autojunk=False
    )
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            lines += [("both", one, other) for one, other in zip(ours[i1:i2], theirs[j1:j2], strict=True)]
            continue
        # The same step by somebody else is one line: a changed winner is what one looks for.
        gone, come = list(ours[i1:i2]), list(theirs[j1:j2])
        while gone and come:
            one, other = gone[0], come[0]
            if _step(one) == _step(other):
                lines.append(("changed", gone.pop(0), come.pop(0)))
            elif any(_step(node) == _step(one) for node in come):
                lines.append(("right", None, come.pop(0)))
            else:
                lines.append(("left", gone.pop(0), None))
        lines += [("left", one, None) for one in gone]
        lines += [("right", None, other) for other in come]
    return lines


def _key(node: Node) -> tuple[int, str, str]:
    return node.depth, node.type, node.who


def _step(node: Node) -> tuple[int, str]:
    return node.depth, node.type


def _figures(left: Trace, right: Trace, left_board: Board, right_board: Board) -> list[Figure]:
    figures = [
        Figure("duration", _duration(left), _duration(right), "s"),
        Figure("signals", left.signals, right.signals, ""),
        Figure("errors", left.errors, right.errors, ""),
        Figure("auctions", len(left.auctions), len(right.auctions), ""),
    ]
    figures.append(Figure("bids", _bids(left, left_board), _bids(right, right_board), ""))
    figures.append(Figure("cost of winners", _cost(left, left_board), _cost(right, right_board), ""))
    return figures


def _duration(trace: Trace) -> float:
    return (trace.last_at if trace.ended_at is None else trace.ended_at) - trace.started_at


def _bids(trace: Trace, board: Board) -> int:
    return sum(len(board.auctions[each].bids) for each in trace.auctions if each in board.auctions)


def _cost(trace: Trace, board: Board) -> float:
    known = [board.auctions[each] for each in trace.auctions if each in board.auctions]
    return sum(seen.bid.cost or 0.0 for auction in known for seen in auction.bids if seen.state == "won")
