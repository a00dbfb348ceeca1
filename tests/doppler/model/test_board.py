"""The fold as a whole: it never raises, it is deterministic, and it is bounded."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_bus.recording import read_recording
from cosmo_doppler.model.board import UNKNOWN_TYPE, Board
from cosmo_doppler.model.sayings import describe
from cosmo_sdk.signal_types import MANAGEMENT_TYPES
from tests.doppler.model.folding import auction_view, bids, fold, frame, observed, outline, trace_view, view
from tests.doppler.model.generated import anything, sessions

DATA = Path(__file__).parents[1] / "data"


@given(st.lists(st.tuples(st.floats(0, 5), anything), max_size=15))
def test_no_input_makes_it_raise_and_every_frame_is_counted(frames):
    board = Board(max_traces=3)
    for seen in observed(frames):
        board.apply(seen)
        board.advance(seen.at)
        assert len(describe(seen.header)) < 700
    assert board.signals == sum(board.types.values()) == len(frames)
    view(board)


@given(sessions, st.lists(st.floats(0, 6)))
def test_what_is_shown_follows_from_the_signals_and_the_time_not_from_who_looked_when(frames, looks):
    end = max([10.0, *(at for at, _ in frames)])
    unwatched = fold(*frames, until=end)
    watched = Board()
    due = sorted(looks)
    for seen in observed(frames):
        while due and due[0] <= seen.at:
            watched.advance(due.pop(0))
        watched.apply(seen)
        assert all(trace.rows for trace in watched.traces.values())
    watched.advance(end)
    assert view(watched) == view(unwatched)


@given(sessions)
def test_a_delivery_repeated_changes_nothing_but_the_count_and_a_mark(frames):
    once = fold(*frames)
    again = fold(*(each for each in frames for _ in range(2)))
    assert again.duplicates >= once.duplicates
    ignored = {"counts"}
    assert {k: v for k, v in view(once).items() if k not in ignored} == {
        k: v for k, v in view(again).items() if k not in ignored
    }


@given(sessions, sessions)
def test_traces_that_have_nothing_to_do_with_each_other_do_not_change_each_other(ours, theirs):
    def renamed(data: bytes) -> bytes:
        return data.replace(b'"evt_', b'"evt_x').replace(b'"trc_', b'"trc_x')

    mixed = sorted([*ours, *((at, renamed(data)) for at, data in theirs)], key=lambda each: each[0])
    alone, together = fold(*ours, until=9.0), fold(*mixed, until=9.0)
    for key in alone.traces:
        assert trace_view(alone, key) == trace_view(together, key)
    for key in alone.auctions:
        assert auction_view(alone, key) == auction_view(together, key)


def test_management_signals_make_no_traces():
    for kind in MANAGEMENT_TYPES:
        assert fold((0.0, frame(str(kind), "a", who="n"))).traces == {}


def test_types_nobody_knows_are_shown_in_their_trace():
    board = fold((0.0, frame("TASK", "a", who="n")), (1.0, frame("SHINY", "b", parent="a")))
    assert outline(board) == ["a", "  b"]
    assert (board.malformed, board.types) == (1, {"TASK": 1, UNKNOWN_TYPE: 1})


def test_frames_that_belong_nowhere_are_counted():
    board = fold((0.0, b"\xff\x00"), (0.0, b"[]"), (0.0, b'{"type":"TASK"}'))
    assert (board.signals, board.malformed, board.traces) == (3, 3, {})


def test_the_same_id_on_another_trace_is_another_signal():
    board = fold((0.0, frame("TASK", "a", trace="1")), (0.0, frame("TASK", "a", trace="2")))
    assert (board.duplicates, len(board.traces)) == (0, 2)


def test_changes_name_what_was_touched_since_they_were_last_taken():
    board = fold(
        (0.0, frame("REGISTER", "r", trace="9", who="n")), (0.0, frame("TASK_OFFER", "o", deadline_ms=100))
    )
    changes = board.take_changes()
    assert (changes.signals, changes.traces, changes.auctions, changes.roster) == (
        2,
        {"trc_1"},
        {"evt_o"},
        {"n"},
    )
    assert not board.take_changes()
    board.advance(0.05)
    assert board.take_changes().auctions == {"evt_o"}
    board.advance(5.0)
    assert board.take_changes().traces == {"trc_1"}
    board.advance(6.0)
    assert not board.take_changes()


def test_more_than_anybody_needs_to_be_told_is_told_as_everything(monkeypatch):
    monkeypatch.setattr("cosmo_doppler.model.board.MOST_TOUCHED", 3)
    board = fold(*((0.0, frame("TASK", f"a{number}", trace=str(number))) for number in range(9)))
    changes = board.take_changes()
    assert changes.reset
    assert len(changes.traces) <= 4
    assert changes.signals == 9


def test_types_that_nobody_knows_are_counted_as_one():
    board = fold((0.0, frame("TASK", "a")), (0.0, frame("ODD", "b")), (0.0, frame("STRANGE", "c")))
    assert board.types == {"TASK": 1, UNKNOWN_TYPE: 2}


def test_time_does_not_run_backwards():
    board = fold((10.0, frame("TASK", "a")))
    board.advance(3.0)
    assert board.now == 10.0


def a_whole_trace(number: int) -> list[tuple[float, bytes]]:
    trace = f"{number:04}"
    return [
        (float(number), frame("TASK_OFFER", f"{trace}o", trace=trace, deadline_ms=100)),
        (float(number), frame("BID", f"{trace}b", trace=trace, parent=f"{trace}o", who="n", cost=1)),
        (float(number), frame("TASK_AWARDED", f"{trace}w", trace=trace, parent=f"{trace}b", who="n")),
        (float(number), frame("CLARIFICATION", f"{trace}q", trace=trace, parent="hidden", who="n")),
        (float(number), frame("FINAL", f"{trace}f", trace=trace, parent=f"{trace}q", who="n")),
    ]


def test_old_traces_are_forgotten_with_everything_that_belongs_to_them():
    board = Board(max_traces=10)
    fold((0.0, frame("TASK", "long", trace="long", who="n")), board=board)
    for number in range(30):
        fold(*a_whole_trace(number), board=board)
    assert len(board.traces) <= 10
    assert board.evicted_traces == 31 - len(board.traces)
    # Unfinished work is kept as long as there is finished work to forget.
    assert "trc_long" in board.traces
    assert board.trace_order[-1] == "trc_0029"
    kept = set(board.traces)
    assert {auction.trace_id for auction in board.auctions.values()} == kept - {"trc_long"}
    assert {request.trace_id for request in board.requests.values()} == kept - {"trc_long"}
    assert set(board.auction_order) == set(board.auctions)
    assert set(board.request_order) == set(board.requests)
    assert board.take_changes().reset


def test_traces_are_also_forgotten_when_their_signals_become_too_many():
    board = Board(max_nodes=50)
    for number in range(100):
        fold(*a_whole_trace(number), board=board)
    assert sum(trace.signals for trace in board.traces.values()) <= 50
    assert board.evicted_traces > 80


@pytest.mark.parametrize("said", [5, 3], ids=["finished", "under way"])
def test_what_is_forgotten_leaves_nothing_for_the_garbage_collector(said):
    """It is not asked while signals are folded, and never looks at what has been on the board for a while."""
    board = Board(max_traces=10)
    for number in range(10):
        fold(*a_whole_trace(number)[:said], board=board)
        # Whoever looks at a trace has its tree made.
        assert len(board.traces[f"trc_{number:04}"].rows) == said
    gc.collect()
    gc.disable()
    try:
        for number in range(10, 60):
            fold(*a_whole_trace(number)[:said], board=board)
        assert board.evicted_traces >= 50
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = {
            type(each).__name__ for each in gc.garbage if type(each).__module__.startswith("cosmo_doppler")
        }
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert left == set()


def test_forgetting_unties_nested_work():
    board = Board(max_traces=2)
    fold((0.0, frame("TASK", "a", trace="1")), (0.0, frame("TASK", "b", trace="2", parent="a")), board=board)
    fold((0.0, frame("TASK", "c", trace="3", parent="b")), board=board)
    assert list(board.traces) == ["trc_2", "trc_3"]
    assert board.traces["trc_2"].parent_trace is None
    assert board.traces["trc_2"].child_traces == ["trc_3"]


# -- sessions of released peers


@pytest.fixture(params=["peer-0.1.8.ndjson", "peer-0.1.14.ndjson"])
def peers(request):
    """A session recorded on our bus, of agents written with a released package."""
    lines = list(read_recording(DATA / request.param))
    return fold(*((line.at, line.frame) for line in lines), until=lines[-1].at + 2)


def test_a_peer_session_has_no_malformed_signals(peers):
    assert (peers.signals, peers.malformed, peers.duplicates) == (88, 0, 0)


def test_a_peer_sessions_auctions(peers):
    rounds = [peers.auctions[key] for key in peers.auction_order]
    assert [(each.state, each.winner) for each in rounds] == [
        ("awarded", "kettle"),
        ("awarded", "kettle"),
        ("awarded", "samovar"),
        ("no bid", ""),
    ]
    # The strategies the recorded producer really used, which it never says.
    assert [each.explained_by() for each in rounds[:3]] == [
        ["first_bid"],
        ["lowest_cost"],
        ["highest_confidence"],
    ]
    assert [bids(peers, key.removeprefix("evt_")) for key in peers.auction_order] == [
        [("kettle", "won"), ("samovar", "late")],
        [("kettle", "won"), ("samovar", "declined")],
        [("kettle", "declined"), ("samovar", "won")],
        [],
    ]


def test_a_peer_sessions_traces(peers):
    traces = [peers.traces[key] for key in peers.trace_order]
    assert [(trace.title, trace.status) for trace in traces] == [
        ("a cup for first_bid", "done"),
        ("a cup for lowest_cost", "done"),
        ("a cup for highest_confidence", "done"),
        ("champagne", "failed"),
        ("pour it", "failed"),
        ("which tea?", "done"),
        ("let it steep", "stopped"),
    ]
    assert all(trace.working == {} for trace in traces)
    assert [(node.depth, node.type, node.placement) for node in traces[0].rows] == [
        (0, "TASK_OFFER", ""),
        (1, "BID", ""),
        (2, "TASK_AWARDED", ""),
        (3, "AGENT_OUTPUT", "adopted"),
        (1, "BID", ""),
    ]
    assert [(node.depth, node.type) for node in traces[5].rows] == [
        (0, "TASK"),
        (1, "CLARIFICATION"),
        (2, "TASK"),
        (3, "AGENT_OUTPUT"),
    ]
    assert [(node.depth, node.type) for node in traces[6].rows] == [
        (0, "TASK"),
        (1, "STOP"),
        (2, "STOPPED"),
        (2, "STOPPED"),
    ]


def test_a_peer_sessions_people(peers):
    alive = {who.id: who.liveness(peers.now) for who in peers.roster.values()}
    assert alive == {
        "kettle": "left",
        "samovar": "left",
        "sommelier": "left",
        "clumsy": "left",
        # Its program ended without saying so.
        "patient": "stale",
    }
    assert all(who.period_s() == pytest.approx(0.5, abs=0.05) for who in peers.roster.values())
    (question,) = peers.requests.values()
    assert (question.kind, question.state, question.text, question.who) == (
        "CLARIFICATION",
        "answered",
        "how strong?",
        "sommelier",
    )
