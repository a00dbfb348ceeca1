"""Tasks: their states, who may do what, leases, waiting and listing."""

from __future__ import annotations

import asyncio
import logging
import math
import threading

import pytest

from cosmo_sdk.ambient import handling
from cosmo_sdk.coordination import (
    Claim,
    CoordinationMetrics,
    ExistsError,
    ManualClock,
    MetricsCollector,
    NotAuthorizedError,
    PoolManager,
    SqliteStore,
    StateError,
    Task,
    TaskManager,
    TaskState,
    Topic,
    aio,
    run_claim_sweeper,
)
from cosmo_sdk.coordination.events import EVENT_KINDS

HELD = ("assigned", "running")
NOBODY, NOT_YOURS, TOO_LATE, NOTHING = "nobody", NotAuthorizedError, StateError, None


@pytest.fixture
def manager(store, clock):
    return TaskManager(store).bind(clock=clock)


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


# -- leases


def test_a_heartbeat_restarts_the_lease(manager, clock, kinds):
    manager.submit(Task("t", constraints={"claim_ttl_sec": 10}))
    manager.claim("ann", "t")
    for _ in range(3):
        clock.advance(6)
        assert manager.heartbeat("ann", "t")
        assert manager.release_expired_claims(clock.monotonic()) == []
    assert kinds() == ["task.submitted", "task.claimed", "task.heartbeat"]
    clock.advance(10)
    assert manager.release_expired_claims(clock.monotonic()) == ["t"]
    assert not manager.heartbeat("ann", "t")


@pytest.mark.parametrize("ttl", [None, math.inf])
def test_without_a_ttl_a_claim_lasts(ttl, manager, clock):
    manager.submit(Task("t", constraints={} if ttl is None else {"claim_ttl_sec": ttl}))
    manager.claim("ann", "t")
    assert manager.tasks["t"].lease_ms is None
    clock.advance(1e9)
    assert manager.release_expired_claims(clock.monotonic()) == []


def test_a_broken_ttl_in_the_store_counts_as_none(manager, store, clock):
    store.put("task:t", Task("t", constraints={"claim_ttl_sec": "soon", "max_attempts": "many"}))
    assert manager.claim("ann", "t")
    clock.advance(1e6)
    assert manager.release_expired_claims(clock.monotonic()) == []
    assert manager.release_claims_of("ann") == ["t"]


def test_a_late_report_counts_until_somebody_sweeps(manager, clock):
    manager.submit(Task("t", constraints={"claim_ttl_sec": 1}))
    manager.claim("ann", "t")
    clock.advance(5)
    manager.report("ann", "t", "late")
    assert manager.release_expired_claims(clock.monotonic()) == []
    assert manager.tasks["t"].result == "late"


def test_wall_time_given_to_the_sweep_is_remarked_once(manager, caplog):
    with caplog.at_level(logging.WARNING):
        manager.release_expired_claims(1.7e9)
        manager.release_expired_claims(1.7e9)
    assert [record.getMessage().count("time.time()") for record in caplog.records] == [1]
    with pytest.raises(TypeError, match="now_ts"):
        manager.release_expired_claims("now")


def test_the_claims_of_a_dead_agent_come_back(manager):
    for name, agent in (("z", "ann"), ("y", "bob"), ("x", "ann"), ("w", "ann")):
        manager.submit(Task(name, constraints={"max_attempts": 1} if name == "w" else {}))
        manager.claim(agent, name)
    manager.start("ann", "x")
    assert manager.release_claims_of("ann") == ["z", "x"]
    assert manager.get_task("w").result == {"error": "max_attempts", "attempts": 1}
    assert manager.get_task("w").assigned_to == "ann"
    assert manager.get_task("y").assigned_to == "bob"


def test_two_sweepers_release_each_claim_once(store, clock):
    managers = [TaskManager(store).bind(clock=clock) for _ in range(2)]
    for number in range(40):
        managers[0].submit(Task(f"t{number:02}", constraints={"claim_ttl_sec": 0}))
        managers[0].claim("ann", f"t{number:02}")
    released: list[str] = []
    together = threading.Barrier(2)

    def sweep(manager: TaskManager) -> None:
        together.wait()
        released.extend(manager.release_expired_claims(clock.monotonic()))

    threads = [threading.Thread(target=sweep, args=(manager,)) for manager in managers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(released) == [f"t{number:02}" for number in range(40)]


async def test_a_sweeper_runs_until_it_is_cancelled(store):
    clock = ManualClock()
    manager = TaskManager(store).bind(clock=clock)
    task = Task("t", constraints={"claim_ttl_sec": 0})
    manager.submit(task)
    manager.claim("ann", "t")
    released, loop = asyncio.Event(), asyncio.get_running_loop()

    class Told:
        def notify(self):
            loop.call_soon_threadsafe(released.set)

    manager.bind(sink=Told())
    sweeping = asyncio.create_task(run_claim_sweeper(manager, every_s=0.001))
    await released.wait()
    assert task.state is TaskState.PENDING
    sweeping.cancel()
    await asyncio.wait([sweeping])
    assert sweeping.cancelled()


# -- fencing


def test_a_claim_ends_with_its_attempt(manager, clock):
    manager.submit(Task("t", constraints={"claim_ttl_sec": 1}))
    first = manager.claim_task("ann", "t")
    assert first == Claim("t", "ann", 1, clock.now_ms() + 1000)
    assert manager.extend(first)
    clock.advance(1)
    manager.release_expired_claims(clock.monotonic())
    second = manager.claim_task("ann", "t")
    assert second.attempt == 2
    for late in (manager.extend, manager.abandon):
        assert not late(first)
    assert not manager.complete(first, "stale")
    assert not manager.fail(first, "stale")
    assert manager.complete(second, "fresh")
    assert not manager.complete(second, "fresh")
    assert manager.get_task("t").result == "fresh"


def test_who_abandons_lets_others_try(manager):
    manager.submit(Task("t", constraints={"max_attempts": 2}))
    assert manager.abandon(manager.claim_task("ann", "t"))
    second = manager.claim_task("bob", "t")
    assert manager.claim_task("ann", "t") is None
    assert manager.fail(second, {"error": "no"})
    assert manager.get_task("t").result == {"error": "no"}


# -- listing


def test_another_manager_learns_of_changes_from_the_events(store, clock):
    one, two = (TaskManager(store).bind(clock=clock) for _ in range(2))
    assert two.list_pending_tasks() == []
    for number in range(3):
        one.submit(Task(f"t{number}"))
    seen = two.list_pending_tasks()
    assert [task.id for task in seen] == ["t0", "t1", "t2"]
    one.claim("ann", "t1")
    assert [task.id for task in two.list_pending_tasks()] == ["t0", "t2"]
    assert seen[1].assigned_to == "ann"
    assert two.pending_task_ids == {"t0", "t2"}
    one.cancel_task("t0")
    store.prune(events_before_ms=1 << 60, unpublished=True)
    one.submit(Task("t3"))
    assert [task.id for task in two.list_pending_tasks()] == ["t2", "t3"]


def test_many_changes_at_once_are_read_in_one_scan(store, clock):
    one, two = (TaskManager(store).bind(clock=clock) for _ in range(2))
    two.list_pending_tasks()
    for number in range(600):
        one.submit(Task(f"t{number:03}"))
    assert len(two.list_pending_tasks()) == 600


def test_a_refresh_sees_what_came_without_an_event(manager, store):
    manager.list_pending_tasks()
    store.put("task:t", Task("t"))
    store.put("task:u", Task("u"))
    assert [task.id for task in manager.list_pending_tasks(refresh_from_store=True)] == ["t", "u"]
    store.delete("task:t")
    manager.refresh_from_store()
    assert list(manager.tasks) == ["u"]


@pytest.mark.parametrize("look", ["get", "list", "refresh"])
def test_a_task_that_was_pruned_and_submitted_again_is_another_one(look, store, clock):
    mine, theirs = (TaskManager(store).bind(clock=clock) for _ in range(2))
    old = Task("t", {"life": 1})
    mine.submit(old)
    mine.claim("ann", "t")
    mine.report("ann", "t", 1)
    clock.advance(1)
    assert store.prune(tasks_before_ms=clock.now_ms(), events_before_ms=clock.now_ms(), unpublished=True) >= 4
    theirs.submit(Task("t", {"life": 2}))
    theirs.claim("bob", "t")
    theirs.report("bob", "t", 2)
    if look == "get":
        mine.get_task("t")
    elif look == "list":
        mine.list_pending_tasks()
    else:
        mine.refresh_from_store()
    assert (mine.tasks["t"].objective, mine.tasks["t"].result) == ({"life": 2}, 2)
    assert (old.objective, old.result) == ({"life": 1}, 1)


# -- waiting


async def test_waiting_for_a_task(manager):
    manager.submit(Task("t"))
    assert await manager.wait_until_done("nobody", 5) is None
    assert await manager.wait_until_done("t", 0) is None
    assert await manager.wait_until_done("t", 0.01) is None
    waiting = [asyncio.create_task(manager.wait_until_done("t", 30)) for _ in range(3)]
    short = asyncio.create_task(manager.wait_until_done("t", 0.01))
    assert await short is None
    waiting[0].cancel()
    await asyncio.wait(waiting[:1])
    manager.claim("ann", "t")
    manager.report("ann", "t", 42)
    for each in waiting[1:]:
        assert (await each).result == 42
    assert (await manager.wait_until_done("t", 0)).state is TaskState.COMPLETED
    assert manager._waiters._waiting == {}


@pytest.mark.parametrize("end", ["cancel", "fail", "complete", "max_attempts"])
async def test_every_end_wakes_who_waits(end, manager, clock):
    manager.submit(Task("t", constraints={"claim_ttl_sec": 0, "max_attempts": 1}))
    claim = manager.claim_task("ann", "t")
    waiting = asyncio.create_task(manager.wait_until_done("t", 30))
    await asyncio.sleep(0)
    ends = {
        "cancel": lambda: manager.cancel_task("t"),
        "fail": lambda: manager.fail_task("t", "why"),
        "complete": lambda: manager.complete(claim, 1),
        "max_attempts": lambda: manager.release_expired_claims(clock.monotonic()),
    }
    threading.Thread(target=ends[end]).start()
    assert (await waiting).state.terminal


async def test_what_another_process_ends_is_noticed(tmp_path):
    path = tmp_path / "c.db"
    mine, theirs = (TaskManager(SqliteStore(path)) for _ in range(2))
    mine.submit(Task("t"))
    waiting = asyncio.create_task(mine.wait_until_done("t", 30))
    await asyncio.sleep(0)
    await aio(theirs).claim("ann", "t")
    await aio(theirs).report("ann", "t", "done")
    assert (await waiting).result == "done"
    assert aio(mine).tasks is mine.tasks
    for manager in (mine, theirs):
        manager.store.close()


# -- events


def test_every_event_says_what_happened(manager, store, clock):
    with handling("trc_9", "evt_task"):
        manager.submit(
            Task("t", {"do": "it"}, priority=2, topic=Topic("n"), constraints={"claim_ttl_sec": 5})
        )
    manager.claim("ann", "t")
    manager.start("ann", "t")
    manager.report("ann", "t", {"ok": True})
    told = [event for _, event in store.events(0)]
    assert [event.kind for event in told] == [
        "task.submitted",
        "task.claimed",
        "task.started",
        "task.completed",
    ]
    assert {event.kind for event in told} <= EVENT_KINDS
    assert {event.trace_id for event in told} == {"trc_9"}
    assert [event.parent for event in told] == ["evt_task", *[told[0].id] * 3]
    assert told[0].body == {
        "event": "submitted",
        "state": "pending",
        "priority": 2,
        "pool_id": None,
        "topic": {"namespace": "n"},
        "required_capabilities": [],
        "objective": {"do": "it"},
    }
    lease_ms = clock.now_ms() + 5000
    assert told[1].body == {
        "event": "claimed",
        "state": "assigned",
        "agent": "ann",
        "attempt": 1,
        "lease_ms": lease_ms,
    }
    assert told[3].body == {
        "event": "completed",
        "state": "completed",
        "agent": "ann",
        "attempt": 1,
        "lease_ms": None,
        "result": {"ok": True},
    }


def test_a_task_of_another_workflow_keeps_its_trace(manager, store):
    with handling("trc_9", "evt_task"):
        manager.submit(Task("t", trace_id="trc_mine"))
    [(_, event)] = store.events(0)
    assert (event.trace_id, event.parent) == ("trc_mine", None)


def test_ids_are_text(manager):
    for call in (manager.get_task, manager.cancel_task):
        with pytest.raises(TypeError, match="id of a task"):
            call(7)


class Loud:
    """A sink and a metrics object that always fail."""

    def __init__(self):
        self.notified = 0
        self.stores = []

    def attach(self, store):
        self.stores.append(store)

    def notify(self):
        self.notified += 1
        raise RuntimeError("sink")

    def task_submitted(self):
        raise RuntimeError("metrics")


def test_a_sink_and_metrics_never_stand_in_the_way(store, caplog):
    loud = Loud()
    manager = TaskManager(store, loud).bind(sink=loud)
    with caplog.at_level(logging.ERROR):
        for number in range(3):
            manager.submit(Task(f"t{number}"))
    assert (loud.notified, loud.stores) == (3, [store])
    assert len(caplog.records) == 1


def test_counts(store, clock):
    counts = MetricsCollector()
    manager = TaskManager(store, CoordinationMetrics(counts)).bind(clock=clock)
    manager.submit(Task("t"))
    clock.advance(2)
    manager.claim("ann", "t")
    manager.claim("bob", "t")
    clock.advance(3)
    manager.report("ann", "t", 1)
    assert counts.snapshot() == {
        "task_submitted_total": 1,
        "task_claimed_total": 1,
        "task_claim_lost_total": 1,
        "task_completed_total": 1,
        "task_queued_seconds_total": 2,
        "task_held_seconds_total": 3,
    }
    assert "# TYPE task_claimed_total counter\ntask_claimed_total 1\n" in counts.format_prometheus()


def test_bind_takes_what_it_knows(store):
    with pytest.raises(TypeError, match="colour"):
        TaskManager(store).bind(colour="red")
    with pytest.raises(TypeError, match="CompatStore"):
        TaskManager({})
    moved = TaskManager()
    moved.submit(Task("old"))
    assert moved.bind(store=store) is moved
    assert moved.get_task("old") is None
    assert moved.tasks == {}


def test_topics_are_equal_by_value():
    one, other = Topic("n", {"a": 1, "b": 2.0}), Topic("n", {"b": 2, "a": 1.0})
    assert one == other
    assert hash(one) == hash(other)
    assert Topic("n", {"a": True}) != Topic("n", {"a": 1})
    assert str(one) == "n[a=1,b=2.0]v1.0"
    assert one != "n"
