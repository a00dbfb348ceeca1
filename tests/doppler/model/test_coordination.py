"""What a board knows of coordination, from the signals of a mirror alone."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.coordination.book import Coordination
from cosmo_doppler.model.coordination.notice import KINDS, about_of, tells
from cosmo_doppler.model.coordination.reading import differences, leaves, short_name
from cosmo_doppler.model.coordination.shelf import Shelf
from cosmo_doppler.model.coordination.terms import clock_price, least_next, to_next_tick
from cosmo_doppler.model.explain import explain
from cosmo_doppler.model.sayings import describe
from cosmo_doppler.query import Known, QueryError, Sieve, compile_filter
from cosmo_doppler.session.rewind import Rewind
from cosmo_doppler.store import Store
from cosmo_sdk.coordination import Task
from cosmo_sdk.header import read_header
from tests.doppler.model.afternoon import afternoon
from tests.doppler.model.coordinating import BEGIN, Told, busy, faults, found
from tests.doppler.model.folding import fold, frame, observed
from tests.doppler.model.test_board import json_values
from tests.doppler.session.test_rewind import facts


def test_a_pool_shows_its_members_and_who_was_not_let_in():
    told = Told()
    told.pools.create_pool(
        {"id": "p", "topics": ["boxes"], "admission_policy": {"mode": "open", "max_agents": 2}}
    )
    for agent in ("ann", "bob", "cat"):
        told.pools.join_pool(agent, "p")
    told.pools.leave_pool("ann", "p")
    pool = found(told.board(), told, "pool", "p")
    assert list(pool.members) == ["bob"]
    assert (pool.size, pool.capacity, pool.refused, pool.topics) == (1, 2, 1, ("boxes",))
    assert [happening.event for happening in pool.history] == [
        "created",
        "joined",
        "joined",
        "refused",
        "left",
    ]


def test_a_task_is_followed_from_submission_to_its_end():
    told = Told()
    told.tasks.submit(Task("t", {"do": "wash"}, constraints={"claim_ttl_sec": 30}, priority=3))
    told.clock.advance(1)
    told.tasks.claim("ann", "t")
    board = told.board()
    task = found(board, told, "task", "t")
    assert (task.state, task.holder, task.attempt, task.priority) == ("assigned", "ann", 1, 3)
    assert task.lease_ms == (BEGIN + 31) * 1000
    assert task.objective == "wash"
    assert board.coordination.tasks.count("assigned") == 1
    told.tasks.report("ann", "t", {"clean": True})
    board = told.board()
    task = found(board, told, "task", "t")
    assert (task.state, task.holder, task.lease_ms, task.over) == ("completed", "ann", None, True)
    assert [(each.event, each.who) for each in task.history] == [
        ("submitted", ""),
        ("claimed", "ann"),
        ("completed", "ann"),
    ]
    assert (board.coordination.tasks.count("assigned"), board.coordination.tasks.count("completed")) == (0, 1)


def test_a_negotiation_is_a_ladder_of_proposals():
    told = Told()
    deal = told.negotiation.create_session("ann", ["bob", "cat"], {"price": 10, "days": 2})
    told.negotiation.propose(deal, "bob", {"price": 8, "days": 2, "gift": "cake"})
    told.negotiation.accept(deal, "ann")
    told.negotiation.accept(deal, "cat")
    talk = found(told.board(), told, "negotiation", deal)
    assert [(each.round, each.who, each.accepted_by) for each in talk.proposals] == [
        (1, "ann", ()),
        (2, "bob", ("ann", "cat")),
    ]
    assert (talk.state, talk.reason, talk.participants) == ("accepted", "accepted", ("ann", "bob", "cat"))
    before, now = (each.content for each in talk.proposals)
    assert differences(before, now) == [("price", "10", "8"), ("gift", "", "cake")]


def test_a_vote_counts_as_it_goes_and_the_last_vote_of_an_agent_stands():
    told = Told()
    told.votes.open_vote("v", ["yes", "no"], ["ann", "bob", "cat", "dan"], quorum="1/2", duration_s=20)
    told.votes.cast("v", "ann", "yes")
    told.votes.cast("v", "bob", "no")
    told.votes.cast("v", "bob", "yes")
    told.votes.cast("v", "cat", None)
    vote = found(told.board(), told, "vote", "v")
    assert (vote.counts, vote.abstained, vote.present) == ({"yes": 2}, 1, 3)
    assert (vote.eligible, vote.quorum_needed, vote.share_needed) == (4, 2, Fraction(1, 2))
    assert vote.closes_ms == (BEGIN + 20) * 1000
    told.votes.close("v")
    vote = found(told.board(), told, "vote", "v")
    assert (vote.state, vote.result, vote.winner) == ("closed", "decided", "yes")


def test_a_secret_vote_says_only_who_was_there_until_it_is_counted():
    told = Told()
    told.votes.open_vote("v", ["yes", "no"], secret=True)
    told.votes.cast("v", "ann", "yes")
    vote = found(told.board(), told, "vote", "v")
    assert vote.sealed
    assert (vote.votes, vote.counts, vote.present) == ({"ann": None}, {}, 1)
    told.votes.close("v")
    vote = found(told.board(), told, "vote", "v")
    assert not vote.sealed
    assert vote.counts == {"yes": 1.0}


@pytest.mark.parametrize(
    ("quorum", "among", "needed"),
    [("majority", 10, 6), ("1/2", 10, 5), ("2/3", 10, 7), ("4", 10, 4), ("", 10, 0), ("no/number", 10, 0)],
)
def test_a_quorum_is_a_number_a_share_or_a_majority(quorum, among, needed):
    vote = found_vote(quorum=quorum, eligible=[f"a{n}" for n in range(among)])
    assert vote.quorum_needed == needed


def found_vote(**snapshot):
    meta = {
        "coord": {"v": 1, "kind": "vote.opened", "subject": "v", "rev": 1, "store": "s", "mode": "mirror"}
    }
    board = fold((1.0, frame("CONTEXT_SYNC", "a", meta=meta, snapshot=snapshot)))
    return board.coordination.find("vote s v")


def test_delegations_know_where_they_come_from_and_what_ended_them():
    told = Told()
    root = told.delegation.delegate("boss", "ann", ["topic:*", "pool:x"], max_depth=2)
    child = told.delegation.delegate("ann", "bob", ["topic:a"], parent_id=root)
    told.delegation.revoke(root, agent_id="eve")
    told.delegation.revoke(root, agent_id="boss")
    board = told.board()
    given, handed = found(board, told, "delegation", root), found(board, told, "delegation", child)
    assert (given.state, given.ended_by, given.denied) == ("revoked", "boss", 1)
    assert (handed.state, handed.parent, handed.scope) == ("active", root, ("topic:a",))
    assert board.coordination.parent(handed) is given
    assert ("denied", "warning", True) in faults(board)


def test_an_auction_knows_its_offer_and_what_it_came_to():
    told = Told()
    auction = told.auction("second_price_sealed_bid", "a", {"text": "a boat"}, reserve=3)
    auction.submit_bid("ann", 5)
    auction.submit_bid("bob", 4)
    auction.resolve()
    board = told.board()
    sale = found(board, told, "auction", "a")
    assert (sale.state, sale.winner, sale.price, sale.lot) == ("sold", "ann", 4.0, "a boat")
    assert list(board.auctions) == list(sale.offers)


# -- order, repetition, snapshots


def test_what_is_told_twice_counts_once():
    told = Told()
    busy(told)
    once, twice = told.board(), told.board()
    for seen in observed(told.frames(), twice.signals):
        twice.coordination.saw(seen)
    for kind in KINDS:
        for key, thing in once.coordination.shelf(kind).by_key.items():
            again = twice.coordination.find(key)
            assert again is not None
            assert (again.state, again.events, len(again.history)) == (
                thing.state,
                thing.events,
                len(thing.history),
            )
    assert faults(once) == faults(twice)


def snapshot(subject: str, rev: int, at: float, **state) -> tuple[float, bytes]:
    kind = state["coord"]
    meta = {
        "coord": {
            "v": 1,
            "kind": f"{kind}.snapshot",
            "subject": subject,
            "rev": rev,
            "store": "s",
            "mode": "mirror",
        }
    }
    data = frame("CONTEXT_SYNC", f"s{subject}{rev}", meta=meta, trace="9", snapshot=state, version=str(rev))
    return at, data


def event(kind: str, subject: str, rev: int, at: float, **facts) -> tuple[float, bytes]:
    meta = {"coord": {"v": 1, "kind": kind, "subject": subject, "rev": rev, "store": "s", "mode": "mirror"}}
    data = frame("MEMORY_APPEND", f"e{subject}{rev}", meta=meta, trace="9", key="coord/x", value=facts)
    return at, data


def test_who_comes_late_learns_from_a_snapshot_how_things_stand():
    state = {
        "coord": "task",
        "state": "running",
        "agent": "ann",
        "attempt": 2,
        "lease_ms": 50_000,
        "priority": 1,
    }
    board = fold(snapshot("t", 7, 1.0, **state))
    task = board.coordination.find("task s t")
    assert (task.state, task.holder, task.attempt, task.joined_late) == ("running", "ann", 2, True)
    assert board.coordination.tasks.count("running") == 1


def test_a_snapshot_that_is_ahead_of_its_events_is_not_taken_back_by_them():
    board = fold(
        event("task.submitted", "t", 1, 1.0, state="pending"),
        snapshot("t", 3, 2.0, coord="task", state="completed", agent="ann", attempt=1),
        event("task.claimed", "t", 2, 3.0, state="assigned", agent="ann", attempt=1),
        event("task.completed", "t", 3, 4.0, state="completed", agent="ann", attempt=1, result=1),
    )
    task = board.coordination.find("task s t")
    assert task.state == "completed"
    assert [each.event for each in task.history] == ["submitted", "claimed", "completed"]


def test_a_snapshot_that_is_older_than_what_is_known_changes_nothing():
    board = fold(
        event("task.submitted", "t", 1, 1.0, state="pending"),
        event("task.claimed", "t", 5, 2.0, state="assigned", agent="ann", attempt=1),
        snapshot("t", 3, 3.0, coord="task", state="pending", agent=None),
    )
    assert board.coordination.find("task s t").holder == "ann"


def test_a_snapshot_tells_the_whole_ladder_of_a_negotiation():
    made = [
        {"round": 1, "proposal_id": "p1", "agent": "ann", "content": {"n": 1}, "ts_ms": 1000},
        {"round": 2, "proposal_id": "p2", "agent": "bob", "content": {"n": 2}, "ts_ms": 2000},
    ]
    state = {
        "state": "countered",
        "participants": ["ann", "bob"],
        "accepted_by": [],
        "history": made,
        "round": 2,
    }
    board = fold(snapshot("n", 4, 3.0, coord="negotiation", **state))
    talk = board.coordination.find("negotiation s n")
    assert [(each.who, each.at) for each in talk.proposals] == [("ann", 1.0), ("bob", 2.0)]
    again = fold(snapshot("n", 5, 4.0, coord="negotiation", **state), board=board)
    assert len(again.coordination.find("negotiation s n").proposals) == 2


# -- faults


def test_a_lease_that_runs_out_and_that_nobody_releases_is_a_fault_until_somebody_does():
    told = Told()
    told.tasks.submit(Task("t", constraints={"claim_ttl_sec": 30}))
    told.tasks.claim("ann", "t")
    assert faults(told.board(until=39)) == []
    assert faults(told.board(until=41)) == [("lease expired", "warning", True)]
    told.clock.advance(60)
    told.tasks.release_expired_claims(told.clock.monotonic())
    assert faults(told.board(until=61)) == [
        ("lease expired", "warning", False),
        ("claim in vain", "note", True),
    ]


def test_a_task_that_nobody_finishes_in_all_its_attempts_is_a_fault():
    told = Told()
    told.tasks.submit(Task("t", constraints={"claim_ttl_sec": 1, "max_attempts": 1}))
    told.tasks.claim("ann", "t")
    told.clock.advance(2)
    told.tasks.release_expired_claims(told.clock.monotonic())
    assert faults(told.board()) == [("given up", "error", True)]


def test_a_vote_without_quorum_and_an_auction_that_is_not_sold_are_faults():
    told = Told()
    told.votes.open_vote("v", ["yes"], ["ann", "bob", "cat"], quorum=2)
    told.votes.cast("v", "ann", "yes")
    told.votes.close("v")
    auction = told.auction("english", "e", start=10, reserve=50)
    auction.submit_bid("ann", 10)
    auction.resolve()
    assert faults(told.board()) == [("no quorum", "warning", True), ("unsold", "warning", True)]


def test_events_of_a_store_that_never_came_are_a_fault_until_they_come():
    told = Told()
    for number in range(4):
        told.tasks.submit(Task(f"t{number}"))
    one, two, three, four = observed(told.frames())
    board = Board()
    for seen in (one, four):
        board.apply(seen)
    [store] = board.coordination.stores.values()
    assert (store.missing, store.gaps) == (2, [(2, 3)])
    assert faults(board) == [("events missing", "warning", True)]
    for seen in (three, two):
        board.apply(seen)
    assert store.missing == 0
    assert faults(board) == [("events missing", "warning", False)]


# -- what it must never do


def coord(kind, subject="x", **more):
    return {"coord": {"v": 1, "kind": kind, "subject": subject, "store": "s", "mode": "mirror", **more}}


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


# -- auctions among all others


def test_a_mirrored_auction_stays_open_past_its_clock_until_its_end_is_told():
    told = Told()
    auction = told.auction("english", "e", start=100, increment=10, duration_s=2)
    auction.submit_bid("ann", 100)
    auction.submit_bid("bob", 105)
    board = told.board(until=60)
    [seen] = board.auctions.values()
    assert (seen.state, seen.refused, seen.leading.bid.neuron) == ("open", 1, "coord:ann")
    assert least_next(seen.terms, seen.leading.bid.cost) == 110
    assert seen.closes_at == BEGIN + 2
    told.clock.advance(3)
    auction.resolve()
    [seen] = told.board().auctions.values()
    assert (seen.state, seen.price) == ("awarded", 100.0)


def test_a_soft_close_moves_the_end():
    told = Told()
    auction = told.auction("english", "e", start=1, duration_s=60, soft_close_s=10)
    told.clock.advance(55)
    auction.submit_bid("ann", 1)
    [seen] = told.board().auctions.values()
    assert seen.closes_at == BEGIN + 65


def test_exact_rules_are_not_judged_as_strategies_of_a_producer():
    told = Told()
    auction = told.auction("second_price_sealed_bid", "s", reserve=3)
    for agent, amount in (("ann", 5), ("bob", 4), ("ann", 6)):
        auction.submit_bid(agent, amount)
    [seen] = told.board().auctions.values()
    assert [(each.state, each.bid.cost) for each in seen.bids] == [
        ("replaced", None),
        ("sealed", None),
        ("sealed", None),
    ]
    assert seen.leading is None
    auction.resolve()
    board = told.board()
    [seen] = board.auctions.values()
    assert [(each.state, each.bid.cost) for each in seen.bids] == [
        ("replaced", None),
        ("declined", 4.0),
        ("won", 6.0),
    ]
    assert (seen.price, seen.runner_up, seen.explained_by()) == (4.0, "bob", [])
    assert board.market.ledger.desks == {}


def test_an_auction_whose_offer_was_not_seen_is_known_from_a_snapshot():
    state = {
        "coord": "auction",
        "state": "open",
        "auction_type": "english",
        "direction": "forward",
        "start": 100.0,
        "increment": 10.0,
        "opened_ms": 1000,
        "closes_ms": 61_000,
        "lot": "a boat",
        "bids": [{"agent": "ann", "amount": 100.0}, {"agent": "bob", "amount": 110.0}],
    }
    meta = coord("auction.snapshot", "e", rev=5)
    told = frame("CONTEXT_SYNC", "z", parent="offer", meta=meta, snapshot=state, version="5")
    better = frame(
        "BID", "b", parent="offer", who="coord:cat", meta=coord("auction.bid", "e", rev=6), cost=120.0
    )
    board = fold((2.0, told), (3.0, told.replace(b"evt_z", b"evt_y")), (4.0, better))
    [seen] = board.auctions.values()
    assert [(each.bid.neuron, each.bid.cost) for each in seen.bids] == [
        ("coord:ann", 100.0),
        ("coord:bob", 110.0),
        ("coord:cat", 120.0),
    ]
    assert (seen.offer_id, seen.title, seen.closes_at) == ("evt_offer", "a boat", 61.0)
    assert board.coordination.find("auction s e").offers == ("evt_offer",)


def test_an_auction_on_the_bus_tells_its_rules_and_its_price():
    live = {"v": 1, "subject": "a1", "mode": "live", "auction_type": "second_price_sealed_bid"}
    opened = frame(
        "TASK_OFFER",
        "o",
        meta={"coord": {**live, "kind": "auction.opened", "round": 1}},
        input={"text": "dig"},
    )
    bids = [
        (1.1, frame("BID", "b1", parent="o", who="ann", cost=2)),
        (1.2, frame("BID", "b2", parent="o", who="bob", cost=3)),
    ]
    won = frame(
        "TASK_AWARDED",
        "w",
        parent="b1",
        who="ann",
        meta={"coord": {**live, "kind": "auction.sold"}},
        price=3.0,
    )
    board = fold((1.0, opened), *bids, (1.3, won))
    auction = board.auctions["evt_o"]
    assert (auction.mirror, auction.terms.live, auction.terms.reverse, auction.price) == (
        None,
        True,
        True,
        3.0,
    )
    sale = board.coordination.find("auction  a1")
    assert (sale.state, sale.winner, sale.price, sale.lot, sale.live) == ("sold", "ann", 3.0, "dig", True)


def test_an_auction_on_the_bus_that_nobody_wins_is_unsold():
    live = {"v": 1, "subject": "a1", "mode": "live", "auction_type": "english"}
    opened = frame("TASK_OFFER", "o", meta={"coord": {**live, "kind": "auction.opened"}}, input={})
    bid = frame("BID", "b1", parent="o", who="ann", cost=2)
    lost = frame(
        "TASK_DECLINED",
        "d",
        parent="b1",
        who="ann",
        meta={"coord": {**live, "kind": "auction.lost"}},
        reason="below_reserve",
    )
    board = fold((1.0, opened), (1.1, bid), (1.2, lost))
    assert board.coordination.find("auction  a1").state == "unsold"
    assert faults(board) == [("unsold", "warning", True)]


@pytest.mark.parametrize(
    ("after_s", "asks", "left_s"), [(0, 20, 10), (9.9, 20, 0.1), (10, 14, 10), (30, 5, None), (99, 5, None)]
)
def test_a_dutch_clock_is_computed_from_its_offer(after_s, asks, left_s):
    told = Told()
    told.auction("dutch", "d", start=20, step=6, step_s=10, limit=5)
    [seen] = told.board().auctions.values()
    assert clock_price(seen.terms, BEGIN + after_s) == asks
    left = to_next_tick(seen.terms, BEGIN + after_s)
    assert left == (None if left_s is None else pytest.approx(left_s, abs=0.01))


def test_a_dutch_clock_does_not_lose_a_tick_to_binary_fractions():
    told = Told()
    told.auction("dutch", "d", start=10, step=1, step_s=0.1)
    told.auction("dutch", "r", direction="reverse", start=1, step=0.5, step_s=1, limit=2)
    forward, reverse = told.board().auctions.values()
    assert clock_price(forward.terms, BEGIN + 0.3) == 7
    assert [clock_price(reverse.terms, BEGIN + s) for s in (0, 1, 5)] == [1.0, 1.5, 2.0]


def test_what_comes_from_a_delegation_ends_with_it():
    told = Told()
    root = told.delegation.delegate("boss", "ann", ["topic:*"], max_depth=2, expires_in_s=30)
    middle = told.delegation.delegate("ann", "bob", ["topic:*"], parent_id=root, max_depth=1)
    last = told.delegation.delegate("bob", "cat", ["topic:a"], parent_id=middle)
    told.delegation.revoke(middle)
    board = told.board()
    book = board.coordination
    one, two, three = (found(board, told, "delegation", each) for each in (root, middle, last))
    assert (book.children(one), book.children(two), book.children(three)) == ([two], [three], [])
    assert [book.stands(each, BEGIN + 1) for each in (one, two, three)] == ["active", "revoked", "void"]
    assert book.stands(one, BEGIN + 30) == "expired"


# -- in words


def test_every_event_of_a_busy_store_is_a_sentence_and_a_short_line():
    told = Told()
    afternoon(told)
    seen = observed(told.frames())
    board = told.board()
    said = {about_of(each.header).event: explain(each, board) for each in seen}
    assert len(said) > 20
    assert all(sentence.endswith(" (mirrored)") and len(sentence) < 300 for sentence in said.values())
    assert all(describe(each.header).split()[0] in KINDS for each in seen)


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ("joined", "cat joins pool p; 2 are in it now"),
        ("claimed", "ann has task t, for 30.0 s (attempt 1)"),
        ("completed", "ann finishes task t: “clean”"),
        ("proposed", "bob proposes “{\"price\":8}” instead, in negotiation n"),
        ("cast", "ann votes for “yes” in vote v"),
        ("closed", "Vote v lacks its quorum, so it decides nothing (1 there, 2 needed)"),
        ("opened", "Auction e takes bids (English, the highest wins): “a boat”"),
        ("bid", "ann bids 100 in auction e, and leads"),
        ("sold", "ann wins auction e at 100"),
        ("granted", "boss lets ann do topic:*"),
        ("revoked", "boss takes back what boss let ann do, and all that came from it"),
    ],
)  # fmt: skip
def test_an_event_is_told_as_what_it_means(event, sentence):
    told = Told()
    told.pools.create_pool({"id": "p"})
    for agent in ("ann", "cat"):
        told.pools.join_pool(agent, "p")
    told.tasks.submit(Task("t", "wash", constraints={"claim_ttl_sec": 30}))
    told.tasks.claim("ann", "t")
    told.tasks.report("ann", "t", "clean")
    deal = told.negotiation.create_session("ann", ["bob"], {"price": 10})
    told.negotiation.propose(deal, "bob", {"price": 8})
    told.votes.open_vote("v", ["yes"], ["ann", "bob"], quorum=2)
    told.votes.cast("v", "ann", "yes")
    told.votes.close("v")
    auction = told.auction("english", "e", {"text": "a boat"}, start=100)
    auction.submit_bid("ann", 100)
    auction.resolve()
    grant = told.delegation.delegate("boss", "ann", ["topic:*"])
    told.delegation.revoke(grant, agent_id="boss")
    board = told.board()
    seen = [each for each in observed(told.frames()) if about_of(each.header).event == event]
    expected = f"{sentence} (mirrored)".replace("negotiation n", f"negotiation {short_name(deal)}")
    assert explain(seen[-1], board) == expected


def test_filters_pick_signals_of_coordination():
    told = Told()
    busy(told)
    store = Store()
    for at, data in told.frames():
        store.append(at, "cosmonapse.dev.X", data)
    store.append(BEGIN + 99, "cosmonapse.dev.X", frame("MEMORY_APPEND", "z", key="coord/vote/v1"))

    def count(text):
        return len(Sieve(compile_filter(text), store, Known(None, 0.0)).pick(0, len(store)))

    assert (count("coord:vote"), count("coord:*"), count("coord.event:cast")) == (5, len(told.frames()), 3)
    assert (count("coord.id:t1"), count("coord.id:t1 coord.event:released"), count("-coord:*")) == (4, 1, 1)
    with pytest.raises(QueryError):
        compile_filter("coord:votes")


def test_a_trace_that_only_tells_of_an_object_stands_as_the_object_does():
    told = Told()
    told.tasks.submit(Task("t1", {"text": "wash"}))
    told.tasks.submit(Task("t2"))
    told.tasks.claim("ann", "t1")
    told.tasks.fail_task("t2", "no water")
    auction = told.auction("english", "e", {"text": "a boat"}, start=1)
    auction.submit_bid("ann", 1)
    board = told.board(until=60)
    stands = {trace.title: trace.status for trace in board.traces.values()}
    assert stands == {"task t1: wash": "open", "task t2": "failed", "a boat": "open"}
    told.tasks.report("ann", "t1", 1)
    auction.resolve()
    board = told.board(until=60)
    stands = {trace.title: trace.status for trace in board.traces.values()}
    assert stands == {"task t1: wash": "done", "task t2": "failed", "a boat": "done"}


def test_a_mirrored_award_leaves_nobody_at_work_in_the_trace_it_is_part_of():
    told = Told()
    auction = told.auction("english", "e", start=1)
    auction.submit_bid("ann", 1)
    auction.resolve()
    work = frame("TASK", "w", trace="1", who="boss", input="sell it")
    [(_, opened), *_] = told.frames()
    trace_id = read_header(opened).trace_id
    frames = [(at, data.replace(trace_id.encode(), b"trc_1")) for at, data in told.frames()]
    board = fold(
        (BEGIN - 1.0, work), *frames, (BEGIN + 1.0, frame("AGENT_OUTPUT", "o", parent="w", who="boss"))
    )
    trace = board.traces["trc_1"]
    assert (trace.status, dict(trace.working)) == ("done", {})
