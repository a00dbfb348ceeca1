"""The recordings we give away open, and show what their list says."""

from __future__ import annotations

from pathlib import Path

import pytest

from cosmo_doppler.session import load_all, open_replay

SESSIONS = Path(__file__).parents[3] / "examples" / "sessions"


@pytest.mark.parametrize("path", sorted(SESSIONS.glob("*.ndjson")), ids=lambda path: path.name)
def test_an_example_opens_without_a_fault_and_is_listed(path):
    session = open_replay(path)
    load_all(session)
    status = session.status()
    assert (status.skipped, status.malformed) == (0, 0)
    assert f"`{path.name}`" in (SESSIONS / "README.md").read_text(encoding="utf-8")


def test_the_market_has_everything_there_is_to_see():
    session = open_replay(SESSIONS / "market.ndjson")
    load_all(session)
    board = session.timeline.board
    strategies = {select for auction in board.auctions.values() for select in auction.explained_by()}
    assert strategies == {"first_bid", "lowest_cost", "highest_confidence"}
    assert {trace.status for trace in board.traces.values()} == {"waiting", "done", "failed", "stopped"}
    assert {request.kind for request in board.requests.values()} == {"CLARIFICATION", "PERMISSION"}
    assert {who.liveness(board.now) for who in board.roster.values()} == {"live", "stale"}
