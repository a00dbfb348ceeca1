"""Pools: who is in, who gets in, and what is told of it."""

from __future__ import annotations

import threading

import pytest

from cosmo_sdk.coordination import ExistsError, PoolManager, Topic


@pytest.fixture
def manager(store, clock):
    return PoolManager(store).bind(clock=clock)


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ("p", TypeError),
        ({"id": ""}, ValueError),
        ({"colour": "red"}, ValueError),
        ({"topics": "n"}, TypeError),
        ({"topics": [1]}, TypeError),
        ({"governance": []}, None),
        ({"governance": ["x"]}, TypeError),
        ({"admission_policy": "open"}, TypeError),
        ({"admission_policy": {"mode": "open", "colour": 1}}, ValueError),
        ({"admission_policy": {"max_agents": -1}}, ValueError),
        ({"admission_policy": {"max_agents": True}}, TypeError),
        ({"admission_policy": {"mode": "allowlist", "allow": "ann"}}, TypeError),
        ({"admission_policy": {"mode": "named"}}, TypeError),
    ],
)
def test_what_makes_a_pool(spec, error, manager):
    if error is None:
        assert manager.create_pool(spec).governance == {}
    else:
        with pytest.raises(error):
            manager.create_pool(spec)


def test_a_pool_is_created_once_and_keeps_its_members(manager):
    spec = {"id": "p", "topics": [Topic("n"), "free"], "governance": {"quorum": "1/2"}}
    pool = manager.create_pool(spec)
    manager.join_pool("ann", "p")
    assert pool.agents == {"ann"}
    assert manager.create_pool(spec) is pool
    assert pool.agents == {"ann"}
    assert manager.pools == {"p": pool}
    with pytest.raises(ExistsError):
        manager.create_pool({"id": "p"})
    assert manager.create_pool({}).id.startswith("pol_")


def test_a_rule_in_code_has_a_name_that_every_process_must_know(store):
    class Short:
        def can_admit(self, agent_id, context):
            return len(agent_id) < 4 and context["pool_id"] == "p"

    knows, does_not = PoolManager(store), PoolManager(store)
    rule = Short()
    with pytest.raises(ValueError, match="register_admission"):
        knows.create_pool({"id": "p", "admission_policy": rule})
    with pytest.raises(TypeError, match="can_admit"):
        knows.register_admission("short", object())
    knows.register_admission("short", rule)
    knows.create_pool({"id": "p", "admission_policy": rule})
    assert knows.join_pool("ann", "p")
    assert not knows.join_pool("anna", "p")
    assert not does_not.join_pool("bob", "p")
    assert does_not.members("p") == ["ann"]


def test_a_full_pool_stays_full_however_many_try(store):
    manager = PoolManager(store)
    manager.create_pool({"id": "p", "admission_policy": {"max_agents": 5}})
    admitted = []
    together = threading.Barrier(16)

    def join(number: int) -> None:
        together.wait()
        if manager.join_pool(f"a{number}", "p"):
            admitted.append(f"a{number}")

    threads = [threading.Thread(target=join, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(admitted) == 5
    assert manager.members("p") == sorted(admitted)


def test_what_is_told_of_pools(manager, store):
    manager.create_pool(
        {"id": "p", "topics": ["n"], "admission_policy": {"mode": "allowlist", "allow": ["ann"]}}
    )
    manager.join_pool("ann", "p")
    manager.join_pool("ann", "p")
    manager.join_pool("bob", "p")
    manager.leave_pool("ann", "p")
    manager.leave_pool("ann", "p")
    assert manager.delete_pool("p")
    assert manager.get_pool("p") is None
    assert manager.pools == {}
    told = [event for _, event in store.events(0)]
    assert [(event.kind, event.body.get("size")) for event in told] == [
        ("pool.created", 0),
        ("pool.joined", 1),
        ("pool.refused", 1),
        ("pool.left", 0),
        ("pool.deleted", 0),
    ]
    assert told[0].body == {
        "coord": "pool",
        "id": "p",
        "topics": ["n"],
        "admission": {"mode": "allowlist", "allow": ["ann"]},
        "agents": [],
        "size": 0,
    }
    assert told[1].body == {"event": "joined", "agent": "ann", "size": 1}
    assert told[2].body["reason"] == "not_allowed"
    assert {event.parent for event in told[1:]} == {told[0].id}


def test_unknown_pools_are_no_error(manager):
    assert not manager.join_pool("ann", "x")
    assert not manager.expel("x", "ann", "why")
    assert not manager.delete_pool("x")
    assert manager.leave_pool("ann", "x") is None
    assert (manager.get_pool("x"), manager.members("x"), manager.list_pools()) == (None, [], [])
    with pytest.raises(TypeError):
        manager.join_pool(7, "x")
