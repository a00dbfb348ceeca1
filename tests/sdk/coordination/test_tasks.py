"""Tasks: their states, and who may do what in each."""

from __future__ import annotations

import math

import pytest

from cosmo_sdk.coordination import (
    CoordinationMetrics,
    ExistsError,
    MetricsCollector,
    NotAuthorizedError,
    PoolManager,
    StateError,
    Task,
    TaskManager,
    TaskState,
    Topic,
)


def bring(manager: TaskManager, state: str) -> Task:
    """A task `t` in this state, held by `ann` where somebody holds it, with the result `r`."""
    task = Task("t")
    manager.submit(task)
    if state == "cancelled":
        manager.cancel_task("t")
    elif state != "pending":
        manager.claim("ann", "t")
        if state == "running":
            manager.start("ann", "t")
        elif state == "completed":
            manager.report("ann", "t", "r")
        elif state == "failed":
            manager.fail_task("t", "r", agent_id="ann")
    assert task.state.value == state
    return task


ACTIONS = {
    "claim": lambda m: m.claim("bob", "t"),
    "start by holder": lambda m: m.start("ann", "t"),
    "start by other": lambda m: m.start("bob", "t"),
    "report by holder": lambda m: m.report("ann", "t", "new"),
    "report again": lambda m: m.report("ann", "t", "r"),
    "report by other": lambda m: m.report("bob", "t", "new"),
    "fail by holder": lambda m: m.fail_task("t", "new", agent_id="ann"),
    "fail again by holder": lambda m: m.fail_task("t", "r", agent_id="ann"),
    "fail by other": lambda m: m.fail_task("t", "new", agent_id="bob"),
    "fail": lambda m: m.fail_task("t", "new"),
    "fail again": lambda m: m.fail_task("t", "r"),
    "cancel": lambda m: m.cancel_task("t"),
    "heartbeat by holder": lambda m: m.heartbeat("ann", "t"),
    "heartbeat by other": lambda m: m.heartbeat("bob", "t"),
}

TABLE = {
    "pending": {
        "claim": (True, "assigned"),
        "start by holder": (False, "pending"),
        "report by holder": (NotAuthorizedError, "pending"),
        "fail by holder": (NotAuthorizedError, "pending"),
        "fail": (None, "failed"),
        "cancel": (True, "cancelled"),
        "heartbeat by holder": (False, "pending"),
    },
    "assigned": {
        "claim": (False, "assigned"),
        "start by holder": (True, "running"),
        "start by other": (False, "assigned"),
        "report by holder": (None, "completed"),
        "report by other": (NotAuthorizedError, "assigned"),
        "fail by holder": (None, "failed"),
        "fail by other": (NotAuthorizedError, "assigned"),
        "fail": (None, "failed"),
        "cancel": (True, "cancelled"),
        "heartbeat by holder": (True, "assigned"),
        "heartbeat by other": (False, "assigned"),
    },
    "running": {
        "claim": (False, "running"),
        "start by holder": (False, "running"),
        "report by holder": (None, "completed"),
        "report by other": (NotAuthorizedError, "running"),
        "fail by holder": (None, "failed"),
        "fail by other": (NotAuthorizedError, "running"),
        "fail": (None, "failed"),
        "cancel": (True, "cancelled"),
        "heartbeat by holder": (True, "running"),
    },
    "completed": {
        "claim": (False, "completed"),
        "start by holder": (False, "completed"),
        "report again": (None, "completed"),
        "report by holder": (StateError, "completed"),
        "report by other": (NotAuthorizedError, "completed"),
        "fail by holder": (StateError, "completed"),
        "fail by other": (NotAuthorizedError, "completed"),
        "fail": (StateError, "completed"),
        "cancel": (False, "completed"),
        "heartbeat by holder": (False, "completed"),
    },
    "failed": {
        "claim": (False, "failed"),
        "report by holder": (StateError, "failed"),
        "report by other": (NotAuthorizedError, "failed"),
        "fail again by holder": (None, "failed"),
        "fail by holder": (StateError, "failed"),
        "fail by other": (NotAuthorizedError, "failed"),
        "fail again": (None, "failed"),
        "fail": (StateError, "failed"),
        "cancel": (False, "failed"),
    },
    "cancelled": {
        "claim": (False, "cancelled"),
        "report by holder": (NotAuthorizedError, "cancelled"),
        "fail by holder": (NotAuthorizedError, "cancelled"),
        "fail": (StateError, "cancelled"),
        "cancel": (False, "cancelled"),
    },
}


@pytest.mark.parametrize(
    ("state", "action"), [(state, action) for state, row in TABLE.items() for action in row]
)
def test_each_call_in_each_state(state, action, manager):
    expected, after = TABLE[state][action]
    bring(manager, state)
    if isinstance(expected, type):
        with pytest.raises(expected):
            ACTIONS[action](manager)
    else:
        assert ACTIONS[action](manager) is expected
    assert manager.get_task("t").state.value == after


def test_unknown_tasks_are_no_error(store):
    counts = MetricsCollector()
    manager = TaskManager(store, CoordinationMetrics(counts))
    assert (manager.claim("a", "x"), manager.start("a", "x"), manager.heartbeat("a", "x")) == (False,) * 3
    assert manager.cancel_task("x") is False
    assert manager.report("a", "x", 1) is None
    assert manager.fail_task("x", "why") is None
    assert manager.get_task("x") is None
    assert counts.snapshot() == {"unknown_id_total": 6}
    assert store.events(0) == []


@pytest.mark.parametrize(
    ("task", "error"),
    [
        ("t", TypeError),
        (Task(""), ValueError),
        (Task("a\nb"), ValueError),
        (Task("x" * 257), ValueError),
        (Task(5), TypeError),
        (Task("t", state=TaskState.ASSIGNED), StateError),
        (Task("t", priority=True), TypeError),
        (Task("t", priority=1.5), TypeError),
        (Task("t", objective={1: 2}), TypeError),
        (Task("t", inputs=(1, 2)), TypeError),
        (Task("t", outputs=object()), TypeError),
        (Task("t", inputs=math.nan), ValueError),
        (Task("t", inputs=1 << 70), ValueError),
        (Task("t", topic="n"), TypeError),
        (Task("t", required_capabilities="gpu"), TypeError),
        (Task("t", constraints=[]), TypeError),
        *[
            (Task("t", constraints={"claim_ttl_sec": ttl}), ValueError)
            for ttl in (-1, math.nan, True, "5", [])
        ],
        *[(Task("t", constraints={"max_attempts": most}), ValueError) for most in (0, 1.5, True, "2")],
    ],
)
def test_what_cannot_be_submitted(task, error, manager):
    with pytest.raises(error):
        manager.submit(task)
    assert manager.list_pending_tasks(refresh_from_store=True) == []


def test_a_task_is_submitted_once(manager, kinds):
    assert manager.submit(Task("t", {"n": 1.0})) == "t"
    assert manager.submit(Task("t", {"n": 1})) == "t"
    assert kinds() == ["task.submitted"]
    with pytest.raises(ExistsError):
        manager.submit(Task("t", {"n": 2}))
    manager.claim("ann", "t")
    with pytest.raises(ExistsError):
        manager.submit(Task("t", {"n": 1}))


def test_the_submitted_object_says_what_becomes_of_it(manager, store, clock):
    task = Task("t", constraints={"claim_ttl_sec": 60})
    manager.submit(task)
    assert (task.seq, task.created_ms, task.state) == (1, clock.now_ms(), TaskState.PENDING)
    assert manager.tasks["t"] is task
    manager.claim("ann", "t")
    assert (task.state, task.assigned_to, task.attempt) == (TaskState.ASSIGNED, "ann", 1)
    assert (task.claimed_at, task.claim_domain) == (clock.monotonic(), clock.domain)
    assert task.lease_ms == clock.now_ms() + 60_000
    TaskManager(store).bind(clock=clock).report("ann", "t", [1])
    assert manager.get_task("t") is task
    assert (task.state, task.result, task.assigned_to, task.lease_ms) == (
        TaskState.COMPLETED,
        [1],
        "ann",
        None,
    )


def test_what_a_caller_changes_later_is_not_what_was_submitted(manager, store):
    inputs = {"n": [1]}
    manager.submit(Task("t", inputs=inputs))
    inputs["n"].append(2)
    assert store.get("task:t").inputs == {"n": [1]}


def test_whoever_claims_names_itself(manager):
    manager.submit(Task("t"))
    with pytest.raises(ValueError, match="agent_id"):
        manager.claim("", "t")
    with pytest.raises(TypeError, match="agent_id"):
        manager.claim(None, "t")


def test_with_pools_bound_only_members_get_a_task(store, clock):
    pools = PoolManager(store)
    manager = TaskManager(store).bind(clock=clock, pools=pools)
    pools.create_pool({"id": "p"})
    manager.submit(Task("t", pool_id="p"))
    assert not manager.claim("ann", "t")
    assert manager.claim_next("ann") is None
    pools.join_pool("ann", "p")
    assert manager.claim("ann", "t")


def test_claim_next_takes_the_most_important_that_fits(manager):
    manager.submit(Task("c", priority=5, required_capabilities=["gpu"]))
    manager.submit(Task("b", priority=5))
    manager.submit(Task("a", priority=1, topic=Topic("n")))
    manager.submit(Task("d", priority=9, pool_id="p"))
    assert manager.claim_next("ann", pool_ids=[], capabilities=["cpu"]).id == "b"
    assert manager.claim_next("ann", pool_ids=[], capabilities=["cpu"], topics=[]) is None
    assert manager.claim_next("ann", pool_ids=[], capabilities=["cpu"], topics=[Topic("n")]).id == "a"
    task = manager.claim_next("ann")
    assert (task.id, task.state, task.assigned_to) == ("d", TaskState.ASSIGNED, "ann")
    assert manager.tasks["d"] is task
    assert manager.claim_next("ann").id == "c"
    assert manager.claim_next("ann") is None
