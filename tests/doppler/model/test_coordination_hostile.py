"""Whatever signals say of coordination: nothing raises, what is kept is bounded, and all of it can be taken back."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.coordination.book import Coordination
from cosmo_doppler.model.coordination.notice import KINDS, about_of, tells
from cosmo_doppler.model.coordination.reading import leaves
from cosmo_doppler.model.coordination.shelf import Shelf
from cosmo_doppler.session.rewind import Rewind
from cosmo_sdk.header import read_header
from tests.doppler.model.coordinating import Told, busy, coord, event
from tests.doppler.model.folding import fold, frame, observed
from tests.doppler.model.generated import json_values
from tests.doppler.session.facts import facts

EVENTS = [
    "pool.created", "pool.joined", "pool.left", "pool.refused", "pool.deleted",
    "task.submitted", "task.claimed", "task.started", "task.released", "task.failed",
    "negotiation.opened", "negotiation.proposed", "negotiation.accepted_by", "negotiation.agreed", "negotiation.rejected",
    "vote.opened", "vote.cast", "vote.closed",
    "auction.opened", "auction.bid", "auction.sold", "auction.lost", "auction.unsold", "auction.extended",
    "delegation.granted", "delegation.revoked", "delegation.denied",
    "task.snapshot", "pool.snapshot", "vote.snapshot", "negotiation.snapshot", "auction.snapshot", "delegation.snapshot",
    "task.", "what.ever", "task",
]  # fmt: skip
FACTS = [
    "state", "agent", "agents", "size", "admission", "topics", "attempt", "lease_ms", "result", "priority", "objective",
    "required_capabilities", "participants", "accepted_by", "content", "round", "history", "proposal_id", "options",
    "eligible", "quorum", "threshold", "method", "closes_ms", "option", "present", "votes", "voters", "vote", "scope",
    "parent", "delegator", "delegatee", "depth", "expires_ms", "input", "auction", "bids", "cost", "sealed", "reason",
    "auction_type", "start", "step", "step_ms", "limit", "opened_ms", "verdict", "negotiation", "price", "winning_bid",
]  # fmt: skip
odd = json_values | st.sampled_from([10**400, -1, "", "pending", "open", ["a"], [["a", 1]], {"a": None}])
hostile = st.builds(
    lambda type, id, kind, subject, rev, mode, facts, inner: frame(
        type,
        str(id),
        trace=subject,
        who="coord:ann",
        meta=coord(kind, subject, rev=rev, mode=mode),
        **{"value": facts, "snapshot": facts, "input": facts, **facts, **inner},
    ),
    st.sampled_from(["MEMORY_APPEND", "CONTEXT_SYNC", "CONSENSUS", "TASK_OFFER", "BID", "TASK_AWARDED", "TASK_DECLINED"]),
    st.integers(0, 200),
    st.sampled_from(EVENTS),
    st.sampled_from(["x", "y", ""]),
    st.integers(-2, 30) | json_values,
    st.sampled_from(["mirror", "live", None]),
    st.dictionaries(st.sampled_from(FACTS), odd, max_size=6),
    st.dictionaries(st.sampled_from(["vote", "auction", "negotiation", "result"]), odd, max_size=2),
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(hostile, max_size=12))
def test_no_payload_makes_it_raise(frames):
    board = fold(*((float(number), data) for number, data in enumerate(frames)), until=1e6)
    assert board.signals == len(frames)
    for kind in KINDS:
        shelf = board.coordination.shelf(kind)
        assert sum(shelf.count(state) for state in shelf.states()) == len(shelf)
        for thing in shelf.by_key.values():
            assert facts_of(thing)


def facts_of(thing):
    """All that a pane may ask of it."""
    return [getattr(thing, name) for name in dir(thing) if not name.startswith("__")]


@settings(max_examples=60)
@given(st.lists(hostile, min_size=2, max_size=12), st.data())
def test_what_was_folded_can_be_taken_back_exactly(frames, data):
    check_taking_back([(float(number), each) for number, each in enumerate(frames)], data)


@settings(max_examples=15)
@given(st.data())
def test_what_real_managers_tell_can_be_taken_back_exactly(data):
    told = Told()
    busy(told)
    check_taking_back(told.frames(), data)


def check_taking_back(frames, data):
    """Folding a prefix equals folding everything and going back to it."""
    position = data.draw(st.integers(0, len(frames) - 1))
    seen = observed(frames)
    board = Board()
    back = Rewind(board)
    for number, each in enumerate(seen):
        if number == position:
            before = facts(board)
        if number >= position:
            back.begin(number)
            with back.watching():
                board.apply(each)
                board.advance(each.at + 0.5)
        else:
            board.apply(each)
    assert back.back(position, 1e12) == position
    assert facts(board) == before


def test_what_is_kept_is_bounded():
    shelf = Shelf(3)
    board = Board()
    board.coordination.tasks = shelf
    frames = [(float(n), event("task.submitted", f"t{n}", n, n, state="pending")[1]) for n in range(1, 9)]
    fold(*frames, board=board)
    assert (len(shelf), shelf.count("pending"), shelf.forgotten) == (3, 3, 5)
    assert list(shelf.by_key) == ["task s t6", "task s t7", "task s t8"]


def test_signals_about_something_else_are_not_looked_into():
    plain = read_header(frame("MEMORY_APPEND", "a", meta={"other": 1}, key="coord/task/t", value={}))
    assert not tells(plain)
    assert about_of(plain) is None
    assert not tells(read_header(frame("THOUGHT_DELTA", "a", meta=coord("task.claimed"))))
    assert about_of(read_header(frame("MEMORY_APPEND", "a", meta=coord("task.claimed", v=2)))) is None
    book = fold((1.0, frame("MEMORY_APPEND", "a", meta={"coord": "no object"}))).coordination
    assert isinstance(book, Coordination)
    assert (len(book), book.seen) == (0, 0)


def test_values_are_told_apart_by_path_and_bounded():
    assert leaves({"a": [1, {"b": True}], "c": None}) == (("a.1", "1"), ("a.2.b", "true"), ("c", "null"))
    assert len(leaves(list(range(1000)))) == 64
    assert leaves(3.5) == (("", "3.5"),)
    cut = {"$truncated": True, "bytes": 31_000, "preview": "[1, 2"}
    assert leaves({"x": cut}) == (("x", "[1, 2 (cut of 31 kB)"),)
