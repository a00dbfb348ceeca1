"""Random histories of pools, votes and auctions, against models that are dicts."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cosmo_sdk.coordination import (
    AuctionRules,
    BiddingProtocol,
    Consensus,
    ManualClock,
    MemoryStore,
    PoolManager,
    SqliteStore,
    VoteBook,
)
from tests.sdk.coordination.processes import race

AGENTS = st.sampled_from(["ann", "bob", "cat", "dan"])


class Pools(RuleBasedStateMachine):
    """Members of one pool with a limit, through two managers."""

    @initialize(most=st.none() | st.integers(0, 3))
    def begin(self, most):
        store = MemoryStore()
        self.managers = [PoolManager(store) for _ in range(2)]
        self.most = most
        self.policy = {} if most is None else {"max_agents": most}
        self.members = None
        self.told = []

    @rule(which=st.integers(0, 1))
    def create(self, which):
        self.managers[which].create_pool({"id": "p", "admission_policy": self.policy})
        self.members = set() if self.members is None else self.members

    @rule(agent=AGENTS, which=st.integers(0, 1))
    def join(self, agent, which):
        may = self.members is not None and (
            agent in self.members or self.most is None or len(self.members) < self.most
        )
        assert self.managers[which].join_pool(agent, "p") is may
        if may:
            self.members.add(agent)

    @rule(agent=AGENTS, which=st.integers(0, 1), by_force=st.booleans())
    def leave(self, agent, which, by_force):
        was_in = self.members is not None and agent in self.members
        if by_force:
            assert self.managers[which].expel("p", agent, "why") is was_in
        else:
            self.managers[which].leave_pool(agent, "p")
        if was_in:
            self.members.discard(agent)

    @rule(which=st.integers(0, 1))
    def delete(self, which):
        may = self.members == set()
        assert self.managers[which].delete_pool("p") is may
        self.members = None if may else self.members

    @invariant()
    def both_see_the_same(self):
        for manager in getattr(self, "managers", ()):
            pool = manager.get_pool("p")
            assert (None if pool is None else pool.agents) == self.members
            for agent in ("ann", "bob"):
                expected = ["p"] if self.members and agent in self.members else []
                assert manager.get_pools_for_agent(agent) == expected


class Votes(RuleBasedStateMachine):
    """One vote, whose result is that of the plain list of what counted."""

    @initialize(
        options=st.none() | st.just(["x", "y"]),
        eligible=st.none() | st.lists(AGENTS, unique=True),
        quorum=st.sampled_from([None, 2, "1/2", "majority"]),
        method=st.sampled_from(["majority", "plurality", "supermajority", "unanimous"]),
        allow_change=st.booleans(),
    )
    def begin(self, options, eligible, quorum, method, allow_change):
        self.clock = ManualClock()
        store = MemoryStore(self.clock)
        self.books = [VoteBook(store) for _ in range(2)]
        self.rules = {"eligible": eligible, "quorum": quorum, "method": method}
        self.options, self.allow_change = options, allow_change
        self.books[0].open_vote("v", options, duration_s=10, allow_change=allow_change, **self.rules)
        self.records, self.closed, self.until = [], False, self.clock.now_ms() + 10_000

    @rule(agent=AGENTS, option=st.sampled_from(["x", "y", "z", None]), which=st.integers(0, 1))
    def cast(self, agent, option, which):
        before = dict(self.records)
        counts = (
            not self.closed
            and self.clock.now_ms() < self.until
            and (self.rules["eligible"] is None or agent in self.rules["eligible"])
            and (self.options is None or option is None or option in self.options)
            and (self.allow_change or agent not in before or before[agent] == option)
        )
        assert self.books[which].cast("v", agent, option) is counts
        if counts and (agent not in before or before[agent] != option):
            self.records.append((agent, option))
        self.closed = self.closed or self.clock.now_ms() >= self.until

    @rule(seconds=st.integers(0, 4))
    def wait(self, seconds):
        self.clock.advance(seconds)

    @rule(which=st.integers(0, 1), luck=st.integers(0, 6))
    def close(self, which, luck):
        if luck:
            return
        assert self.books[which].close("v") == Consensus.tally(self.records, **self.rules)
        self.closed = True

    @invariant()
    def the_result_is_there_once_it_is_over(self):
        if hasattr(self, "books"):
            over = self.closed or self.clock.now_ms() >= self.until
            expected = Consensus.tally(self.records, **self.rules) if over else None
            assert self.books[1].result("v") == expected
            self.closed = over


class English(RuleBasedStateMachine):
    """One English auction in either direction."""

    @initialize(
        reverse=st.booleans(),
        start=st.none() | st.integers(0, 20),
        increment=st.integers(0, 3),
        reserve=st.none() | st.integers(0, 20),
        soft=st.integers(0, 4),
    )
    def begin(self, reverse, start, increment, reserve, soft):
        self.clock = ManualClock()
        rules = AuctionRules(
            direction="reverse" if reverse else "forward",
            start=start,
            increment=increment,
            reserve=reserve,
            duration_s=10,
            soft_close_s=soft,
        )
        self.auction = BiddingProtocol.with_rules(rules, auction_type="english", clock=self.clock)
        self.sign = -1 if reverse else 1
        self.start, self.increment, self.reserve, self.soft = start, increment, reserve, soft
        self.bids, self.until, self.resolved = [], self.clock.now_ms() + 10_000, False

    def reason(self, agent, amount) -> str:
        if self.resolved or self.clock.now_ms() >= self.until:
            return "closed"
        good = self.start is None or self.sign * (amount - self.start) >= 0
        if not self.bids:
            return "" if good else "below_start"
        leader, best = self.bids[-1]
        if leader == agent:
            return "already_leading"
        if not good:
            return "below_start"
        gain = self.sign * (amount - best)
        return "" if gain >= self.increment and gain > 0 else "below_increment"

    @rule(agent=AGENTS, amount=st.integers(0, 25))
    def bid(self, agent, amount):
        reason = self.reason(agent, amount)
        assert self.auction.check_bid(agent, amount).reason == reason
        assert self.auction.submit_bid(agent, amount) is (not reason)
        assert self.auction.last_rejection == reason
        if not reason:
            self.bids.append((agent, amount))
            self.until = max(self.until, self.clock.now_ms() + self.soft * 1000)

    @rule(seconds=st.integers(0, 4))
    def wait(self, seconds):
        self.clock.advance(seconds)

    @rule(luck=st.integers(0, 6))
    def resolve(self, luck):
        if luck:
            return
        sold = bool(self.bids) and (
            self.reserve is None or self.sign * (self.bids[-1][1] - self.reserve) >= 0
        )
        assert self.auction.resolve() == (self.bids[-1][0] if sold else None)
        self.resolved = True
        result = self.auction.result()
        assert result.price == (self.bids[-1][1] if sold else None)
        assert result.reason == ("sold" if sold else "below_reserve" if self.bids else "no_bids")

    @invariant()
    def it_shows_how_it_stands(self):
        if hasattr(self, "auction"):
            assert self.auction.rounds == len(self.bids)
            assert self.auction.bids == {agent: float(amount) for agent, amount in self.bids}
            assert self.auction.active is (not self.resolved and self.clock.now_ms() < self.until)
            if not self.resolved:
                assert self.auction.leader == (self.bids[-1][0] if self.bids else None)


for machine in (Pools, Votes, English):
    machine.TestCase.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)
TestPools = Pools.TestCase
TestVotes = Votes.TestCase
TestEnglish = English.TestCase


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_bidders_of_four_processes_outbid_each_other_by_the_rules(tmp_path):
    store = SqliteStore(tmp_path / "c.db", busy_timeout_ms=30_000)
    rules = AuctionRules(start=1, increment=Decimal("0.3"))
    auction = BiddingProtocol.with_rules(rules, auction_type="english", store=store, auction_id="x")

    def bid(number: int) -> list[float]:
        mine = BiddingProtocol.attached("x", store=store)
        amounts = (mine.min_next_bid for _ in range(20))
        return [amount for amount in amounts if mine.submit_bid(f"a{number}", amount)]

    stood = sorted(amount for each in race(4, bid) for amount in each)
    told = [event.body["cost"] for _, event in store.events(0, 1000) if event.kind == "auction.bid"]
    assert told == stood
    assert told[0] == 1.0
    for lower, higher in pairwise(told):
        assert Decimal(str(higher)) - Decimal(str(lower)) >= Decimal("0.3")
    auction.resolve()
    assert auction.result().price == told[-1]
    store.close()
