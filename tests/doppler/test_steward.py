"""What a person may do to a coordination store, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cosmo_doppler.by_hand import ControlError
from cosmo_doppler.steward import Steward, deeds_for
from cosmo_sdk.coordination import (
    AuctionRules,
    BiddingProtocol,
    DelegationProtocol,
    SqliteStore,
    Task,
    TaskManager,
    VoteBook,
)
from cosmo_sdk.coordination.models import TaskState
from tests.doppler.model.afternoon import afternoon
from tests.doppler.model.coordinating import Told, found


@pytest.fixture
def store(tmp_path: Path):
    store = SqliteStore(tmp_path / "work.db")
    yield store
    store.close()


@pytest.fixture
def steward(store: SqliteStore) -> Steward:
    return Steward(store, "work.db")


def test_a_task_is_cancelled_once(store, steward):
    tasks = TaskManager(store)
    tasks.submit(Task("t"))
    before = steward.revision()
    assert steward.do("cancel task", "t") == "Task t is cancelled"
    task = tasks.get_task("t")
    assert task is not None
    assert task.state is TaskState.CANCELLED
    assert steward.revision() == before + 1
    with pytest.raises(ControlError, match="over already, or not in this store"):
        steward.do("cancel task", "t")


def test_claims_whose_lease_ran_out_are_released(store, steward):
    tasks = TaskManager(store)
    tasks.submit(Task("short", constraints={"claim_ttl_sec": 0}))
    tasks.submit(Task("long", constraints={"claim_ttl_sec": 999}))
    for task_id in ("short", "long"):
        assert tasks.claim("ann", task_id)
    assert steward.do("release expired", "short") == "Released: short"
    assert steward.do("release expired", "short") == "No lease has run out, so no claim was released"


def test_a_vote_is_counted(store, steward):
    votes = VoteBook(store)
    votes.open_vote("v", ["yes", "no"])
    votes.cast("v", "ann", "yes")
    assert steward.do("close vote", "v") == "Vote v is closed, decided: yes"
    with pytest.raises(ControlError, match="there is no vote 'w'"):
        steward.do("close vote", "w")


def test_an_auction_is_resolved_or_called_off(store, steward):
    for auction_id in ("a", "b"):
        BiddingProtocol.with_rules(AuctionRules(), store=store, auction_id=auction_id).submit_bid("ann", 5)
    assert steward.do("resolve auction", "a") == "Auction a goes to ann"
    assert steward.do("cancel auction", "b") == "Auction b is called off"
    with pytest.raises(ControlError, match="over already"):
        steward.do("cancel auction", "b")


def test_a_delegation_is_revoked_as_by_an_administrator(store, steward):
    delegation = DelegationProtocol().bind(store=store)
    grant = delegation.delegate("boss", "ann", ["topic:*"])
    assert steward.do("revoke delegation", grant) == f"Delegation {grant} is revoked"
    assert not delegation.active(grant)
    with pytest.raises(ControlError, match="ended already"):
        steward.do("revoke delegation", grant)


def test_what_may_be_done_follows_from_how_a_thing_stands():
    told = Told()
    afternoon(told)
    board = told.board()

    def may(kind: str, subject: str) -> list[str]:
        return [deed.name for deed in deeds_for(found(board, told, kind, subject))]

    assert may("task", "t2") == ["cancel task", "release expired"]
    assert may("task", "t7") == ["cancel task"]
    assert may("task", "t1") == []
    assert may("vote", "close at five") == ["close vote"]
    assert may("vote", "buy a cat") == []
    assert may("auction", "a-boat") == ["resolve auction", "cancel auction"]
    assert may("pool", "movers") == []
