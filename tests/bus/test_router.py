"""Routing: whatever the trie and its cache do, it must equal asking every pattern one by one."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cosmo_bus.router import CACHED_SUBJECTS, Route, Router
from cosmo_bus.subjects import check_pattern, is_literal, matches

TOKENS = st.sampled_from(["a", "b", "TASK", ""])
SUBJECTS = st.lists(TOKENS, min_size=1, max_size=4).map(".".join)
PATTERNS = st.lists(st.one_of(TOKENS, st.sampled_from(["*", ">"])), min_size=1, max_size=4).map(".".join)


def naive_match(pattern: list[str], subject: list[str]) -> bool:
    if not pattern:
        return not subject
    if pattern[0] == ">":
        return bool(subject)
    return bool(subject) and pattern[0] in ("*", subject[0]) and naive_match(pattern[1:], subject[1:])


@given(PATTERNS, SUBJECTS)
def test_matches_agrees_with_the_definition(pattern, subject):
    assert matches(pattern, subject) == naive_match(pattern.split("."), subject.split("."))


@pytest.mark.parametrize(
    ("pattern", "subject", "expected"),
    [
        ("cosmonapse.dev.>", "cosmonapse.dev.TASK", True),
        ("cosmonapse.dev.>", "cosmonapse.dev.TASK.routed", True),
        ("cosmonapse.dev.>", "cosmonapse.dev", False),
        ("cosmonapse.dev.*", "cosmonapse.dev.TASK.routed", False),
        ("cosmonapse.*.TASK", "cosmonapse.dev.TASK", True),
        ("a.>.b", "a.x", True),
        ("*", "*", True),
        ("a", "*", False),
    ],
)
def test_wildcards(pattern, subject, expected):
    router: Router[str] = Router()
    router.add(pattern, "target")
    assert matches(pattern, subject) is expected
    assert bool(router.targets(subject)) is expected


@pytest.mark.parametrize("bad", ["", ".", "a..b", "a b.c", "a.", "a\n", "x" * 5000])
def test_malformed_text_is_no_pattern(bad):
    with pytest.raises(ValueError, match="pattern"):
        check_pattern(bad)


def test_wildcards_belong_to_patterns():
    assert check_pattern("a.*.>") == "a.*.>"
    with pytest.raises(ValueError, match="end only"):
        check_pattern("a.>.b")
    assert is_literal("a.b>c")


class RouterAgainstAList(RuleBasedStateMachine):
    """Adds, removals and questions in any order, compared with a plain list of subscriptions."""

    def __init__(self):
        super().__init__()
        self.router: Router[int] = Router()
        self.routes: list[Route[int]] = []
        self.number = 0

    @rule(pattern=PATTERNS, group=st.sampled_from([None, None, "g", "h", ""]))
    def add(self, pattern, group):
        self.number += 1
        self.routes.append(self.router.add(pattern, self.number, group=group))

    @rule(data=st.data())
    def remove(self, data):
        if self.routes:
            route = data.draw(st.sampled_from(self.routes))
            self.routes.remove(route)
            self.router.remove(route)
            self.router.remove(route)

    @rule(subject=SUBJECTS)
    def ask(self, subject):
        matching = [route for route in self.routes if matches(route.pattern, subject)]
        solo = [route.target for route in matching if route.group is None]
        members: dict[str, list[int]] = {}
        for route in matching:
            if route.group is not None:
                members.setdefault(route.group, []).append(route.target)
        found = list(self.router.targets(subject))
        assert found[: len(solo)] == solo
        assert len(found) == len(solo) + len(members)
        for chosen, candidates in zip(found[len(solo) :], members.values(), strict=True):
            assert chosen in candidates

    @invariant()
    def counts(self):
        assert len(self.router) == len(self.routes)


TestRouterAgainstAList = RouterAgainstAList.TestCase


def test_a_group_takes_turns_across_patterns():
    router: Router[str] = Router()
    router.add("m.*", "wild", group="h")
    router.add("m.k", "exact", group="h")
    assert [router.targets("m.k")[0] for _ in range(4)] == ["wild", "exact", "wild", "exact"]
    assert router.targets("m.other") == ("wild",)


def test_every_group_gets_one_copy_in_equal_shares():
    router: Router[str] = Router()
    router.add("s", "solo")
    for member in "abc":
        router.add("s", member, group="one")
    router.add("s", "x", group="two")
    seen = Counter(target for _ in range(9) for target in router.targets("s"))
    assert seen == {"solo": 9, "x": 9, "a": 3, "b": 3, "c": 3}


def test_a_rotation_offers_every_member_once():
    router: Router[str] = Router()
    for member in "abc":
        router.add("s", member, group="g")
    group = router.match("s").groups[0]
    assert sorted(group.rotation()) == ["a", "b", "c"]


def test_the_last_route_leaves_nothing_behind():
    router: Router[str] = Router()
    routes = [
        router.add(pattern, "t", group=g) for pattern in ("a.b.c", "a.*", ">", "a.>") for g in (None, "g")
    ]
    for route in routes:
        router.remove(route)
    assert len(router) == 0
    assert router.targets("a.b.c") == ()
    assert router._root.empty
    assert not router._turns


def test_the_cache_is_bounded_and_survives_unrelated_subscriptions():
    router: Router[str] = Router()
    router.add("s", "t")
    for number in range(CACHED_SUBJECTS + 10):
        router.targets(f"_inbox.{number}")
    assert len(router.answers) == CACHED_SUBJECTS
    kept = router.match("s")
    router.add("other", "u")
    assert router.match("s") is kept
    router.add("*", "v")
    assert router.targets("s") == ("t", "v")
