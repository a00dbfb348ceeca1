"""Who owns a key: the same for everybody, evenly, and with little movement."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cosmo_sdk import CosmoError, HashRing, NoOwner

KEYS = [f"trc_{number}" for number in range(2_000)]

names = st.text(min_size=1, max_size=12)
some_nodes = st.lists(names, min_size=1, max_size=12, unique=True)


def shares(ring: HashRing) -> dict[str, float]:
    """What part of the circle each node owns, reckoned exactly."""
    points, owners = ring._circle
    part: Counter[str] = Counter()
    before = points[-1] - 2**64
    for point, owner in zip(points, owners, strict=True):
        part[owner] += point - before
        before = point
    return {node: part[node] / 2**64 for node in ring.nodes}


# -- agreement


def test_points_and_hashes_are_those_written_down():
    ring = HashRing(["worker-a"], virtual_nodes=3)
    assert ring._circle.points == [10476309471816377245, 13217351011147813043, 15532671234049742494]
    ring = HashRing(["worker-a", "worker-b", "worker-c"])
    assert [ring.owner(f"trc_{number}") for number in range(6)] == [
        "worker-c",
        "worker-c",
        "worker-b",
        "worker-c",
        "worker-a",
        "worker-c",
    ]


@given(some_nodes, st.randoms(use_true_random=False))
def test_the_order_of_joining_makes_no_difference(nodes, random):
    shuffled = list(nodes)
    random.shuffle(shuffled)
    grown = HashRing()
    for node in shuffled:
        grown.add(node)
    built = HashRing(nodes)
    assert [grown.owner(key) for key in KEYS[:50]] == [built.owner(key) for key in KEYS[:50]]
    assert grown._circle == built._circle


@given(some_nodes, names)
def test_who_joined_and_left_leaves_no_trace(nodes, guest):
    ring = HashRing(nodes)
    before = ring._circle
    if guest not in ring:
        ring.add(guest)
        ring.remove(guest)
    assert ring._circle == before


def test_another_process_with_another_hash_seed_agrees():
    nodes = ["ann", "bob", "cléo", "dan"]
    ring = HashRing(nodes)
    program = (
        "import json, sys; from cosmo_sdk import HashRing; nodes, keys = json.load(sys.stdin); "
        "ring = HashRing(set(nodes)); print(json.dumps([ring.owners(key, 2) for key in keys]))"
    )
    for seed in ("1", "2"):
        shown = subprocess.run(
            [sys.executable, "-c", program],
            input=json.dumps([nodes, KEYS[:200]]),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            env={"PYTHONHASHSEED": seed},
        )
        assert json.loads(shown.stdout) == [ring.owners(key, 2) for key in KEYS[:200]]


# -- balance


@settings(max_examples=60)
@given(st.lists(names, min_size=2, max_size=20, unique=True))
def test_every_node_has_about_its_share(nodes):
    part = shares(HashRing(nodes))
    assert sum(part.values()) == pytest.approx(1.0)
    for share in part.values():
        assert 0.5 < share * len(nodes) < 1.6


def test_more_points_spread_more_evenly():
    nodes = [f"worker-{number}" for number in range(10)]

    def unevenness(virtual_nodes: int) -> float:
        return max(shares(HashRing(nodes, virtual_nodes=virtual_nodes)).values()) * 10

    assert unevenness(1_000) < unevenness(100) < unevenness(1)


# -- movement


@given(some_nodes, names)
def test_a_newcomer_takes_keys_and_moves_none_between_others(nodes, newcomer):
    assume(nodes != [newcomer])
    ring = HashRing([node for node in nodes if node != newcomer])
    before = {key: ring.owner(key) for key in KEYS[:300]}
    ring.add(newcomer)
    for key, owner in before.items():
        assert ring.owner(key) in (owner, newcomer)


@given(st.lists(names, min_size=2, max_size=12, unique=True), st.data())
def test_who_leaves_hands_over_its_own_keys_to_the_next_and_no_others(nodes, data):
    ring = HashRing(nodes)
    leaver = data.draw(st.sampled_from(nodes))
    before = {key: ring.owners(key, 2) for key in KEYS[:300]}
    ring.remove(leaver)
    for key, (owner, stand_in) in before.items():
        assert ring.owner(key) == (stand_in if owner == leaver else owner)


def test_one_more_of_ten_moves_about_an_eleventh():
    ring = HashRing(f"worker-{number}" for number in range(10))
    before = [ring.owner(key) for key in KEYS]
    ring.add("worker-10")
    moved = sum(ring.owner(key) != owner for key, owner in zip(KEYS, before, strict=True))
    assert 0.05 < moved / len(KEYS) < 0.14


# -- owners and edges


@given(some_nodes, st.text(), st.integers(1, 15))
def test_owners_are_different_and_begin_with_the_owner(nodes, key, count):
    ring = HashRing(nodes)
    found = ring.owners(key, count)
    assert found[0] == ring.owner(key)
    assert len(found) == len(set(found)) == min(count, len(nodes))
    assert [node for node in nodes if ring.owns(node, key)] == [found[0]]


def test_an_empty_ring_says_so():
    ring = HashRing()
    with pytest.raises(NoOwner, match="nobody owns 'trc_1': the ring has no nodes") as caught:
        ring.owner("trc_1")
    assert isinstance(caught.value, CosmoError)
    assert isinstance(caught.value, LookupError)
    assert caught.value.key == "trc_1"
    with pytest.raises(NoOwner):
        ring.owners("trc_1", 2)
    assert not ring.owns("worker-a", "trc_1")


def test_nodes_come_and_go_by_name():
    ring = HashRing(["b", "a", "b"])
    assert (ring.nodes, len(ring), "a" in ring, "c" in ring) == (["a", "b"], 2, True, False)
    ring.add("c", "a")
    ring.remove("b", "never there")
    assert repr(ring) == "HashRing(['a', 'c'], virtual_nodes=128)"
    ring.replace(["z"])
    assert ring.nodes == ["z"]


@pytest.mark.parametrize(
    ("attempt", "complaint"),
    [
        (lambda: HashRing([""]), "a node needs a name"),
        (lambda: HashRing(["a"], virtual_nodes=0), "virtual_nodes=0"),
        (lambda: HashRing(["a"]).add(""), "a node needs a name"),
        (lambda: HashRing(["a"]).owners("k", 0), "count=0"),
    ],
)
def test_what_makes_no_sense_is_refused(attempt, complaint):
    with pytest.raises(ValueError, match=complaint):
        attempt()


def test_half_a_surrogate_pair_is_a_name_like_any_other():
    assert HashRing(["\ud800"]).owner("\udfff") == "\ud800"
