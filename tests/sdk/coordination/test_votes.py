"""Votes: exact counting, and a book of them that many write in."""

from __future__ import annotations

import threading
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmo_sdk.coordination import (
    Consensus,
    ExistsError,
    NotAuthorizedError,
    PoolManager,
    StateError,
    VoteBook,
)

options = st.sampled_from(["a", "b", "c", None])


@given(st.lists(options))
def test_counting_agrees_with_a_plain_count(votes):
    cast = Counter(vote for vote in votes if vote is not None)
    total = sum(cast.values())
    majority = [option for option, count in cast.items() if 2 * count > total]
    assert Consensus.majority_vote(votes) == (majority[0] if majority else None)
    most = [option for option, count in cast.items() if count == max(cast.values())]
    assert Consensus.plurality_vote(votes) == (most[0] if len(most) == 1 else None)
    two_thirds = [option for option, count in cast.items() if 3 * count >= 2 * total]
    assert Consensus.supermajority_vote(votes) == (two_thirds[0] if two_thirds else None)
    assert Consensus.unanimous_vote(votes) == (next(iter(cast)) if len(cast) == 1 else None)


@given(st.lists(st.tuples(st.sampled_from("vwxyz"), options), max_size=12), st.permutations("vwxyz"))
def test_a_tally_does_not_depend_on_who_is_called_what(records, names):
    other = dict(zip("vwxyz", names, strict=True))
    renamed = [(other[agent], option) for agent, option in records]
    for method in ("majority", "plurality", "supermajority", "unanimous"):
        assert Consensus.tally(records, method=method) == Consensus.tally(renamed, method=method)
    effective = dict(records)
    result = Consensus.tally(records)
    assert (result.present, result.cast + result.abstained) == (len(effective), len(effective))


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 30))
def test_a_share_as_quorum_is_rounded_up_exactly(voters, numerator, denominator):
    if numerator > denominator:
        numerator, denominator = denominator, numerator
    everybody = [f"a{number}" for number in range(voters)]
    needed = Consensus.tally([], eligible=everybody, quorum=f"{numerator}/{denominator}").quorum_needed
    assert needed * denominator >= numerator * voters > (needed - 1) * denominator


def test_numbers_are_exact():
    assert Consensus.supermajority_vote(["y"] * 2 + ["n"], Fraction(2, 3)) == "y"
    assert Consensus.weighted_vote([("a", Decimal("0.3")), ("b", 0.1), ("b", 0.2)]) is None
    assert Consensus.tally([("a", 1)], eligible="abcdefghij", quorum=0.1).status == "decided"
    assert Consensus.tally(iter([("a", 1)]), eligible=iter("ab"), quorum="majority").quorum_needed == 2
    with pytest.raises(TypeError):
        Consensus.tally([("a", 1)], weights={"a": "heavy"})
    with pytest.raises(TypeError):
        Consensus.majority_vote([object()])
    with pytest.raises(ValueError, match="quorum"):
        Consensus.tally([], quorum=-1)
    with pytest.raises(ValueError, match="tie_break"):
        Consensus.tally([], tie_break="dice")


@pytest.fixture
def book(store, clock):
    return VoteBook(store).bind(clock=clock)


def test_of_one_agent_the_last_vote_counts_in_its_place(book):
    book.open_vote("v", method="plurality", tie_break="first_cast")
    for agent, option in (("a", "x"), ("b", "y"), ("a", "y"), ("a", "x")):
        assert book.cast("v", agent, option)
    assert book["v"] == [("b", "y"), ("a", "x")]
    assert book.close("v").winner == "y"
    assert not book.cast("v", "c", "x")
    assert book.result("v") == book.close("v")


def test_no_vote_of_a_crowd_is_lost(store):
    book = VoteBook(store)
    book.open_vote("v")
    threads = [
        threading.Thread(target=book.cast, args=("v", f"a{number}", number % 3)) for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert book.close("v").present == 12


def test_a_vote_closes_when_its_time_is_up(book, clock, kinds):
    book.open_vote("v", duration_s=2)
    book.open_vote("w", duration_s=2)
    book.open_vote("x")
    assert book.cast("v", "a", 1)
    clock.advance(1.999)
    assert book.expire() == []
    assert book.result("v") is None
    clock.advance(0.001)
    assert not book.cast("v", "b", 1)
    assert book.result("v").winner == 1
    assert book.expire() == ["w"]
    assert kinds().count("vote.closed") == 2


def test_a_pool_votes_by_its_own_rules(store, clock):
    pools = PoolManager(store)
    pools.create_pool(
        {"id": "p", "governance": {"method": "supermajority", "threshold": "3/4", "quorum": "majority"}}
    )
    for agent in ("ann", "bob", "cat"):
        pools.join_pool(agent, "p")
    book = VoteBook(store).bind(clock=clock, pools=pools)
    book.open_vote("v", pool_id="p")
    pools.join_pool("dan", "p")
    assert not book.cast("v", "dan", "y")
    ballot = book.get_vote("v")
    assert (ballot.eligible, ballot.method, ballot.threshold, ballot.quorum) == (
        ["ann", "bob", "cat"],
        "supermajority",
        "3/4",
        "majority",
    )
    book.open_vote("w", pool_id="p", method="plurality", quorum=1)
    assert (book.get_vote("w").method, book.get_vote("w").quorum) == ("plurality", 1)
    with pytest.raises(ValueError, match="no pool"):
        book.open_vote("x", pool_id="q")
    with pytest.raises(ValueError, match="bind"):
        VoteBook(store).open_vote("x", pool_id="p")


def test_a_secret_vote_keeps_its_voters_options(book, store):
    book.open_vote("v", secret=True, eligible=["a", "b"])
    assert book.cast("v", "a", "yes")
    with pytest.raises(NotAuthorizedError, match="secret"):
        book["v"]
    assert book.close("v").winner == "yes"
    bodies = [event.body for _, event in store.events(0)]
    assert bodies[1] == {"event": "cast", "agent": "a", "present": 1}
    assert "votes" not in bodies[2]
    assert bodies[2]["vote"]["counts"] == [["yes", 1.0]]


def test_what_is_told_of_a_vote(book, store, clock):
    book.open_vote("v", [{"plan": 1}, {"plan": 2}], ["b", "a"], "majority", duration_s=60)
    book.cast("v", "a", {"plan": 2.0})
    book.cast("v", "b", None)
    book.close("v")
    bodies = [event.body for _, event in store.events(0)]
    assert bodies[0] == {
        "coord": "vote",
        "id": "v",
        "options": [{"plan": 1}, {"plan": 2}],
        "eligible": ["a", "b"],
        "quorum": "majority",
        "method": "majority",
        "threshold": "2/3",
        "closes_ms": clock.now_ms() + 60_000,
        "secret": False,
    }
    assert bodies[1] == {"event": "cast", "agent": "a", "option": {"plan": 2.0}, "present": 1}
    assert bodies[3]["members"] == ["a", "b"]
    assert bodies[3]["verdict"] == '{"plan":2}'
    assert bodies[3]["votes"] == {"a": {"plan": 2.0}, "b": None}
    assert (bodies[3]["vote"]["vote_id"], bodies[3]["vote"]["quorum_needed"]) == ("v", 2)


def test_it_stands_in_for_a_dict_of_lists(book):
    book.setdefault("v", []).append(("a", "x"))
    book.setdefault("v", []).append(("b", "x"))
    assert book["v"] == [("a", "x"), ("b", "x")]
    assert (list(book), len(book), "v" in book, "w" in book, bool(book)) == (["v"], 1, True, False, True)
    assert dict(book) == {"v": [("a", "x"), ("b", "x")]}
    assert Consensus.tally(book["v"]).winner == "x"
    book["w"] = [("a", 1)]
    assert book.get("w") == [("a", 1)]
    assert book.get("x") is None
    book.close("v")
    with pytest.raises(StateError, match="does not count"):
        book["v"].append(("c", "y"))
    del book["v"]
    with pytest.raises(KeyError):
        book["v"]
    with pytest.raises(KeyError):
        del book["v"]


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        ({"options": []}, ValueError),
        ({"options": "yn"}, TypeError),
        ({"options": ["y", None]}, ValueError),
        ({"options": [1, 1.0]}, ValueError),
        ({"eligible": "ann"}, TypeError),
        ({"eligible": [""]}, ValueError),
        ({"quorum": "3/2"}, ValueError),
        ({"quorum": True}, TypeError),
        ({"method": "luck"}, ValueError),
        ({"threshold": "0"}, ValueError),
        ({"weights": {"a": -1}}, ValueError),
        ({"tie_break": "chair:"}, ValueError),
        ({"duration_s": -1}, ValueError),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules, error, book, kinds):
    with pytest.raises(error):
        book.open_vote("v", **rules)
    assert kinds() == []


def test_a_vote_is_opened_once(book):
    book.open_vote("v")
    with pytest.raises(ExistsError):
        book.open_vote("v")
    assert not book.cast("nobody", "a", 1)
    assert book.result("nobody") is None
