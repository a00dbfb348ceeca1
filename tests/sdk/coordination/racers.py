"""Processes of their own that race for the tasks of a store, and what became of it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from cosmo_sdk.coordination import PoolManager, Task, TaskManager, TaskState
from tests.sdk.coordination.processes import race

CLAIMER = Path(__file__).parent / "claimer.py"


def submit(manager, count: int, **constraints) -> list[str]:
    names = [f"t{number:03}" for number in range(count)]
    for name in names:
        manager.submit(Task(name, constraints=constraints))
    return names


def claims(store) -> Counter[str]:
    """How often each task was claimed."""
    after, found = 0, Counter()
    while told := store.events(after):
        after = told[-1][0]
        found.update(event.subject for _, event in told if event.kind == "task.claimed")
    return found


@contextmanager
def at_the_line(where: str, *agents: tuple[str, ...]):
    """Claimers that have seen everything and wait for a line. They are gone at the end of the block."""
    racers = [
        subprocess.Popen(
            [sys.executable, str(CLAIMER), where, *agent],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for agent in agents
    ]
    try:
        assert [racer.stdout.readline() for racer in racers] == ["ready\n"] * len(racers)
        yield racers
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()


def let_go(racers) -> None:
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()


def race_of_strangers(store, where: str, *agents: tuple[str, ...], tasks: int = 500) -> None:
    """Each task goes to exactly one of them, who knows it."""
    names = submit(TaskManager(store), tasks)
    with at_the_line(where, *agents) as racers:
        let_go(racers)
        won = [json.loads(racer.stdout.readline()) for racer in racers]
        assert [racer.wait() for racer in racers] == [0] * len(racers)
    assert sorted(name for each in won for name in each) == names
    assert claims(store) == Counter(names)
    for (agent, *_), mine in zip(agents, won, strict=True):
        for name in mine:
            task = store.get(f"task:{name}")
            assert (task.state, task.assigned_to, task.attempt) == (TaskState.ASSIGNED, agent, 1)


LEGAL = {
    TaskState.PENDING: lambda task: task.assigned_to is None and task.claimed_at is None,
    TaskState.ASSIGNED: lambda task: task.assigned_to is not None and task.claimed_at is not None,
    TaskState.RUNNING: lambda task: task.assigned_to is not None and task.claimed_at is not None,
    TaskState.COMPLETED: lambda task: task.assigned_to is not None and task.claimed_at is None,
}


def check_whole(store) -> None:
    """Every task is in a legal state, the one that was told last."""
    replayed, after = {}, 0
    while told := store.events(after):
        after = told[-1][0]
        replayed.update((event.subject, event.body["state"]) for _, event in told)
    for _, task, _ in store.scan("task"):
        assert LEGAL[task.state](task), task
        assert replayed[task.id] == task.state.value
    done = [task for _, task, _ in store.scan("task", state="completed")]
    assert all(task.result == task.assigned_to for task in done)


def race_of_heirs(store, tasks: int) -> None:
    """Forked children that inherited a manager claim by name: each task has one winner, and the parent goes on."""
    manager = TaskManager(store)
    names = submit(manager, tasks)
    assert len(manager.list_pending_tasks()) == tasks
    won = race(4, lambda number: [name for name in names if manager.claim(f"agent{number}", name)])
    assert sorted(name for each in won for name in each) == names
    assert claims(store) == Counter(names)
    # The parent goes on with the same objects.
    assert manager.list_pending_tasks() == []
    assert not manager.claim("parent", names[0])


def race_for_what_comes_next(store, *, processes: int, tasks: int) -> None:
    """Forked children take whatever comes next until nothing is left: none gets what another one has."""
    manager = TaskManager(store)
    names = submit(manager, tasks)

    def take(number: int) -> list[str]:
        won = []
        while (task := manager.claim_next(f"agent{number}")) is not None:
            won.append(task.id)
        return won

    won = race(processes, take)
    assert sorted(name for each in won for name in each) == names
    assert claims(store) == Counter(names)


def race_of_threads(store, tasks: int) -> None:
    """Sixteen threads with one manager claim by name at the same time."""
    manager = TaskManager(store)
    names = submit(manager, tasks)
    won: list[str] = []
    together = threading.Barrier(16)

    def claim(agent: str) -> None:
        together.wait()
        won.extend(name for name in names if manager.claim(agent, name))

    threads = [threading.Thread(target=claim, args=(f"agent{number}",)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == names
    assert claims(store) == Counter(names)


def race_into_a_pool(store) -> None:
    """Twenty agents in four processes want to join a pool for five."""
    pools = PoolManager(store)
    pools.create_pool({"id": "p", "admission_policy": {"max_agents": 5}})

    def join(number: int) -> list[str]:
        agents = [f"a{number}-{each}" for each in range(5)]
        return [agent for agent in agents if pools.join_pool(agent, "p")]

    joined = [agent for each in race(4, join) for agent in each]
    assert len(joined) == 5
    assert pools.members("p") == sorted(joined)


def race_of_sweepers(store, tasks: int) -> None:
    """Two processes release the same claims that ran out: each is released once."""
    manager = TaskManager(store)
    names = submit(manager, tasks, claim_ttl_sec=0)
    for name in names:
        manager.claim("gone", name)
    now = manager.clock.monotonic()
    released = race(2, lambda number: manager.release_expired_claims(now))
    assert sorted(name for each in released for name in each) == names
