"""Leases of tasks: how long a claim lasts, who sweeps, and what a claim that is over may no longer do."""

from __future__ import annotations

import asyncio
import logging
import math
import threading

import pytest

from cosmo_sdk.coordination import Claim, ManualClock, Task, TaskManager, TaskState, run_claim_sweeper

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
