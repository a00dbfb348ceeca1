"""Delegation: authority that only shrinks, and ends with what it came from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from cosmo_sdk.coordination import (
    CoordinationMetrics,
    DelegationProtocol,
    DelegationType,
    ManualClock,
    MemoryStore,
    MetricsCollector,
    NotAuthorizedError,
    PoolManager,
    ScopeError,
    StateError,
)
from cosmo_sdk.coordination._scopes import check_scope, covers

AGENTS = ["ann", "bob", "cat", "dan"]
segments = st.sampled_from(["a", "b", "c"])
permissions = st.lists(segments, min_size=1, max_size=4).map(":".join)
patterns = st.one_of(
    permissions,
    st.lists(segments, max_size=3).map(lambda parts: ":".join([*parts, "*"])),
)


@pytest.fixture
def pools(store, clock):
    return PoolManager(store).bind(clock=clock)


@pytest.fixture
def protocol(store, clock, pools):
    return DelegationProtocol().bind(store=store, clock=clock, pools=pools)


@given(patterns, patterns, permissions)
def test_what_covers_a_pattern_covers_all_it_covers(wide, narrow, permission):
    if covers(wide, narrow) and covers(narrow, permission):
        assert covers(wide, permission)
    assert covers(wide, wide)
    assert covers("*", narrow)


@pytest.mark.parametrize(
    ("pattern", "permission", "expected"),
    [
        ("topic:*", "topic:a", True),
        ("topic:*", "topic:a:b", True),
        ("topic:*", "topic", False),
        ("topic:*", "topics:a", False),
        ("topic:a", "topic:a:b", False),
        ("topic:a", "topic:*", False),
        ("*", "anything:at:all", True),
    ],
)
def test_what_a_pattern_covers(pattern, permission, expected):
    assert covers(pattern, permission) is expected


@pytest.mark.parametrize(
    ("scope", "error"),
    [
        ("topic:*", ValueError),
        ([], ValueError),
        ([""], ValueError),
        (["a::b"], ValueError),
        (["*:a"], ValueError),
        ([7], TypeError),
        (7, TypeError),
        ({"a"}, TypeError),
    ],
)
def test_what_is_no_scope(scope, error, protocol, kinds):
    with pytest.raises(error):
        protocol.delegate("ann", "bob", scope)
    assert kinds() == []


def test_a_scope_keeps_its_order_without_repeats():
    assert check_scope(["b", "a:*", "b"]) == ["b", "a:*"]


def test_what_cannot_be_delegated(protocol, pools):
    with pytest.raises(ValueError, match="itself"):
        protocol.delegate("ann", "ann", ["a"])
    with pytest.raises(ValueError, match="delegation_type"):
        protocol.delegate("ann", "bob", ["a"], delegation_type="shared")
    with pytest.raises(ValueError, match="no pool"):
        protocol.delegate("ann", "crew", ["a"], delegation_type=DelegationType.POOLED)
    with pytest.raises(ValueError, match="bind"):
        DelegationProtocol().delegate("ann", "crew", ["a"], delegation_type="pooled")
    with pytest.raises(ValueError, match="no delegation"):
        protocol.delegate("ann", "bob", ["a"], parent_id="dlg_none")
    with pytest.raises(TypeError):
        protocol.delegate("ann", "bob", ["a"], max_depth=True)
    parent = protocol.delegate("ann", "bob", ["a:*"], max_depth=1)
    with pytest.raises(NotAuthorizedError):
        protocol.delegate("cat", "dan", ["a:b"], parent_id=parent)
    with pytest.raises(ScopeError, match="more than"):
        protocol.delegate("bob", "cat", ["a:b", "c"], parent_id=parent)
    child = protocol.delegate("bob", "cat", ["a:b"], parent_id=parent, max_depth=7)
    with pytest.raises(ScopeError, match="depth is 0"):
        protocol.delegate("cat", "dan", ["a:b"], parent_id=child)
    protocol.revoke(parent)
    with pytest.raises(StateError, match="ended"):
        protocol.delegate("bob", "dan", ["a:b"], parent_id=parent)


def test_a_circle_is_refused(protocol):
    first = protocol.delegate("ann", "bob", ["a"], max_depth=3)
    second = protocol.delegate("bob", "cat", ["a"], parent_id=first, max_depth=3)
    for giver in ("ann", "bob"):
        with pytest.raises(ValueError, match="circle"):
            protocol.delegate("cat", giver, ["a"], parent_id=second)


def test_a_pool_holds_what_its_members_of_the_moment_may_use(protocol, pools):
    pools.create_pool({"id": "crew"})
    pools.join_pool("bob", "crew")
    first = protocol.delegate("ann", "crew", ["dig"], delegation_type="pooled", max_depth=1)
    second = protocol.delegate("bob", "cat", ["dig"], parent_id=first)
    assert protocol.check("bob", "dig")
    assert protocol.held_by("bob") == [first]
    assert not protocol.revoke(first, agent_id="bob")
    pools.leave_pool("bob", "crew")
    assert not protocol.check("bob", "dig")
    assert protocol.check("cat", "dig", on_behalf_of="ann")
    assert protocol.chain(second) == [first, second]


def test_another_protocol_on_the_store_sees_a_revocation_at_once(store, clock):
    mine, theirs = (DelegationProtocol().bind(store=store, clock=clock) for _ in range(2))
    first = mine.delegate("ann", "bob", ["a"])
    assert theirs.check("bob", "a")
    assert mine.revoke(first, agent_id="ann")
    assert not theirs.check("bob", "a")
    assert not theirs.active(first)
    assert theirs.get(first).status == "revoked"


def test_a_chain_with_a_missing_link_gives_nothing(protocol, store):
    first = protocol.delegate("ann", "bob", ["a"], max_depth=1)
    second = protocol.delegate("bob", "cat", ["a"], parent_id=first)
    store.delete(f"dlg:{first}")
    fresh = DelegationProtocol().bind(store=store)
    assert not fresh.check("cat", "a")
    assert not fresh.active(second)


def test_delegations_are_shown_as_dicts(protocol, clock):
    first = protocol.delegate("ann", "bob", ["a"], expires_in_s=1.5)
    assert protocol.delegations == {
        first: {
            "delegator": "ann",
            "delegatee": "bob",
            "scope": ["a"],
            "active": True,
            "type": "direct",
            "parent": None,
            "depth": 0,
            "expires_ms": clock.now_ms() + 1500,
        }
    }
    protocol.delegations[first]["scope"].append("b")
    assert not protocol.check("bob", "b")


def test_what_is_told_of_delegations(protocol, store, clock):
    counts = MetricsCollector()
    protocol.bind(metrics=CoordinationMetrics(counts))
    first = protocol.delegate("ann", "bob", ["a"], expires_in_s=1)
    second = protocol.delegate("ann", "cat", ["a"])
    assert not protocol.revoke(second, agent_id="dan")
    assert protocol.revoke(second, agent_id="cat")
    clock.advance(1)
    assert protocol.expire() == [first]
    assert protocol.expire() == []
    told = [event for _, event in store.events(0)]
    assert [(event.kind, event.actor) for event in told] == [
        ("delegation.granted", "ann"),
        ("delegation.granted", "ann"),
        ("delegation.denied", "dan"),
        ("delegation.revoked", "cat"),
        ("delegation.expired", None),
    ]
    assert told[0].body == {
        "event": "granted",
        "delegator": "ann",
        "delegatee": "bob",
        "type": "direct",
        "scope": ["a"],
        "parent": None,
        "depth": 0,
        "expires_ms": told[0].ts_ms + 1000,
    }
    assert counts.snapshot()["delegation_granted_total"] == 2


class Handing(RuleBasedStateMachine):
    """Random handing on, ending and waiting, against a model that knows nothing of stores."""

    grants = Bundle("grants")

    @initialize()
    def begin(self):
        self.clock = ManualClock()
        self.protocol = DelegationProtocol().bind(store=MemoryStore(self.clock), clock=self.clock)
        self.model = {}

    def stands(self, name):
        while name is not None:
            grant = self.model[name]
            if grant["revoked"] or (grant["until"] is not None and self.clock.now_ms() >= grant["until"]):
                return False
            name = grant["parent"]
        return True

    @rule(
        target=grants,
        giver=st.sampled_from(AGENTS),
        taker=st.sampled_from(AGENTS),
        scope=st.lists(patterns, min_size=1, max_size=2),
        parent=st.none() | grants,
        depth=st.integers(0, 3),
        lasts=st.none() | st.integers(0, 5),
    )
    def delegate(self, giver, taker, scope, parent, depth, lasts):
        line, each = [], parent
        while each is not None:
            line.append(self.model[each])
            each = self.model[each]["parent"]
        allowed = giver != taker and (
            parent is None
            or (
                self.stands(parent)
                and line[0]["taker"] == giver
                and line[0]["depth"] > 0
                and all(any(covers(wide, entry) for wide in line[0]["scope"]) for entry in scope)
                and taker not in {grant["giver"] for grant in line}
            )
        )
        try:
            name = self.protocol.delegate(
                giver, taker, scope, parent_id=parent, max_depth=depth, expires_in_s=lasts
            )
        except ValueError:
            assert not allowed
            return None
        assert allowed
        ends = [] if lasts is None else [self.clock.now_ms() + lasts * 1000]
        if line:
            ends += [line[0]["until"]] if line[0]["until"] is not None else []
            depth = min(depth, line[0]["depth"] - 1)
        self.model[name] = {
            "giver": giver,
            "taker": taker,
            "scope": scope,
            "parent": parent,
            "depth": depth,
            "until": min(ends, default=None),
            "revoked": False,
        }
        return name

    @rule(name=grants)
    def revoke(self, name):
        if name is None:
            return
        stood = self.stands(name)
        assert self.protocol.revoke(name) is stood
        self.model[name]["revoked"] |= stood

    @rule(seconds=st.integers(0, 3), note=st.booleans())
    def wait(self, seconds, note):
        self.clock.advance(seconds)
        if note:
            self.protocol.expire()

    @rule(agent=st.sampled_from(AGENTS), permission=permissions)
    def check(self, agent, permission):
        expected = any(
            grant["taker"] == agent
            and self.stands(name)
            and any(covers(each, permission) for each in grant["scope"])
            for name, grant in self.model.items()
        )
        assert self.protocol.check(agent, permission) is expected

    @invariant()
    def nothing_outlasts_what_it_came_from(self):
        for name, grant in getattr(self, "model", {}).items():
            assert self.protocol.active(name) is self.stands(name)
            if grant["parent"] is not None and self.protocol.active(name):
                assert self.protocol.active(grant["parent"])


Handing.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestHanding = Handing.TestCase
