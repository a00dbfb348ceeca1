"""What a board knows of coordination, from the signals of a mirror alone."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.coordination.notice import KINDS
from cosmo_doppler.model.coordination.reading import differences
from cosmo_sdk.coordination import Task
from tests.doppler.model.coordinating import BEGIN, Told, busy, coord, event, faults, found
from tests.doppler.model.folding import fold, frame, observed


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
    meta = coord("vote.opened", "v", rev=1)
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
    meta = coord(f"{state['coord']}.snapshot", subject, rev=rev)
    data = frame("CONTEXT_SYNC", f"s{subject}{rev}", meta=meta, trace="9", snapshot=state, version=str(rev))
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


# -- auctions among all others


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
