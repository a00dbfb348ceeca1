from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from cosmo_doppler.model import compare as comparing
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.compare import Comparison, compare
from cosmo_doppler.model.observed import Observed
from cosmo_sdk.header import read_header

Step = tuple[str, str, int]
"""Type, participant, and which step before it caused it; -1 for none."""


def fold(board: Board, trace: str, steps: list[Step], pace: float = 1.0, begin: float = 100.0) -> None:
    for number, (kind, who, parent) in enumerate(steps):
        above = f'"parent_id":"evt_{trace}{parent}",' if parent >= 0 else ""
        frame = (
            f'{{"v":"1","id":"evt_{trace}{number}",{above}"trace_id":"trc_{trace}","type":"{kind}",'
            f'"directed":{{"id":"{who}"}},"ts":"2026-01-01T00:00:00Z","payload":{{}},"meta":{{}}}}'
        )
        board.apply(Observed(board.signals, begin + number * pace, "s", read_header(frame.encode())))


def compared(left: list[Step], right: list[Step], pace: float = 1.0) -> Comparison:
    board = Board()
    fold(board, "A", left)
    fold(board, "B", right, pace, 500.0)
    return compare(board.traces["trc_A"], board.traces["trc_B"], board)


WORK: list[Step] = [
    ("TASK", "ann", -1),
    ("TOOL_CALL", "ann", 0),
    ("TOOL_RESULT", "ann", 1),
    ("FINAL", "ann", 0),
]


def told(comparison: Comparison) -> list[tuple[str, str]]:
    return [(pair.sameness, (pair.left or pair.right).type) for pair in comparison.pairs]  # type: ignore[union-attr]


def test_the_same_at_another_pace_is_the_same() -> None:
    comparison = compared(WORK, WORK, pace=2.0)
    assert comparison.same
    assert [pair.later_s for pair in comparison.pairs] == [0.0, 1.0, 2.0, 3.0]
    duration = comparison.figures[0]
    assert (duration.name, duration.left, duration.right) == ("duration", 3.0, 6.0)


def test_what_only_one_of_them_has_is_named() -> None:
    comparison = compared(WORK, [WORK[0], ("CLARIFICATION", "ann", 0), ("FINAL", "ann", 0)])
    assert told(comparison) == [
        ("both", "TASK"),
        ("left", "TOOL_CALL"),
        ("left", "TOOL_RESULT"),
        ("right", "CLARIFICATION"),
        ("both", "FINAL"),
    ]
    assert not comparison.same


def test_another_winner_is_a_change_and_not_two_signals() -> None:
    comparison = compared(WORK[:1], [("TASK", "bob", -1)])
    (pair,) = comparison.pairs
    assert (pair.sameness, pair.left.who, pair.right.who) == ("changed", "ann", "bob")  # type: ignore[union-attr]


def test_traces_that_are_too_long_are_compared_in_part() -> None:
    steps: list[Step] = [("TASK", "ann", -1)] + [("THOUGHT_DELTA", "ann", 0)] * (comparing.MOST_SIGNALS + 5)
    comparison = compared(steps, steps)
    assert comparison.left_out == 2 * 6
    assert not comparison.same


_STEPS = st.lists(
    st.tuples(st.sampled_from(["TASK", "BID", "FINAL"]), st.sampled_from(["ann", "bob"]), st.integers(-1, 3)),
    min_size=1,
    max_size=8,
)


@given(left=_STEPS, right=_STEPS)
def test_every_signal_of_both_is_there_once(left: list[Step], right: list[Step]) -> None:
    comparison = compared(left, right)
    ours = Counter(pair.left.seq for pair in comparison.pairs if pair.left is not None)
    theirs = Counter(pair.right.seq for pair in comparison.pairs if pair.right is not None)
    assert sorted(ours.elements()) == sorted(node.seq for node in comparison.left.rows)
    assert sorted(theirs.elements()) == sorted(node.seq for node in comparison.right.rows)
    assert set((ours + theirs).values()) == {1}
