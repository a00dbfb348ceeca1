"""What was done by hand can be taken back like everything else: a recording in which somebody held, changed and dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from cosmo_bus.recording import read_recording
from cosmo_doppler.model.board import Board
from cosmo_doppler.session.rewind import Rewind
from cosmo_doppler.store import Store
from tests.doppler.session.facts import facts

STEPPED = Path(__file__).parents[3] / "snapshots" / "data" / "stepped.ndjson"


@pytest.fixture(scope="module")
def store() -> Store:
    store = Store()
    for line in read_recording(STEPPED):
        store.append(line.at or 0.0, line.subject or "", line.frame)
    return store


@pytest.mark.parametrize("stretch", [9, 30])
def test_a_board_on_which_hands_were_seen_is_taken_back_to_what_it_was(store: Store, stretch: int) -> None:
    for last in range(stretch, len(store), stretch):
        board = Board()
        rewind = Rewind(board)
        for seq in range(last):
            if seq == last - stretch:
                # What a screen was told of is no part of what is known.
                board.take_changes()
                before = facts(board)
                rewind.begin(seq)
            if seq < last - stretch:
                board.apply(store.observed(seq))
            else:
                with rewind.watching():
                    board.apply(store.observed(seq))
        assert rewind.back(last - stretch, board.now) is not None or last == stretch
        board.take_changes()
        assert facts(board) == before
