"""Tasks as others see them: listing them, and waiting for their end."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cosmo_sdk.coordination import SqliteStore, Task, TaskManager, TaskState, aio

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
