"""Many processes on one file: one winner each, nothing lost, and whoever is killed leaves no trace."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys

import pytest

from cosmo_sdk.coordination import SqliteStore, Task, TaskManager
from tests.sdk.coordination.processes import fork, result_of
from tests.sdk.coordination.racers import (
    check_whole,
    race_for_what_comes_next,
    race_into_a_pool,
    race_of_heirs,
    race_of_strangers,
    race_of_sweepers,
    race_of_threads,
)

# A process with threads may fork here: the stores are built for it.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def store(tmp_path):
    # On a machine with much else to do, whoever waits for the file may wait long.
    store = SqliteStore(tmp_path / "c.db", busy_timeout_ms=30_000)
    yield store
    store.close()


def test_of_eight_processes_one_gets_each_of_500_tasks(store):
    race_of_strangers(store, store.path, *[(f"agent{number}",) for number in range(8)])


def test_forked_children_that_inherited_a_manager_race_fairly(store):
    race_of_heirs(store, 100)


def test_of_eight_processes_that_take_what_comes_next_none_gets_the_same(store):
    race_for_what_comes_next(store, processes=8, tasks=500)


def test_sixteen_threads_get_each_task_once(store):
    race_of_threads(store, 60)


def test_four_processes_do_not_overfill_a_pool(store):
    race_into_a_pool(store)


def test_sweepers_of_two_processes_release_each_claim_once(store):
    race_of_sweepers(store, 60)


def suicidal(store: SqliteStore, steps: int) -> None:
    """Let this process be killed by SIGKILL when its database has done so many steps, wherever that is."""
    opening = store._pool._open
    left = steps

    def step() -> int:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    def opened() -> sqlite3.Connection:
        connection = opening()
        connection.set_progress_handler(step, 1)
        return connection

    store._pool._open = opened


@pytest.fixture
def kept_open(store):
    """Another process that has the file open: otherwise each fork, which closes it, would write all of it back."""
    program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print(c.execute('SELECT count(*) FROM kv').fetchone())"
    keeper = subprocess.Popen(
        [sys.executable, "-c", f"{program}; sys.stdout.flush(); sys.stdin.read()", store.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert keeper.stdout.readline() == b"(0,)\n"
    yield
    keeper.communicate()


@pytest.mark.usefixtures("kept_open")
def test_whoever_is_killed_in_the_middle_leaves_a_whole_store_and_no_lock(store):
    """200 claimers, each killed by SIGKILL after another number of SQLite's steps: also within a transaction."""
    manager = TaskManager(store)
    dice = random.Random(7)
    killed = submitted = 0

    def work(agent: str, steps: int):
        def run() -> str:
            suicidal(store, steps)
            while (task := manager.claim_next(agent)) is not None:
                manager.start(agent, task.id)
                manager.heartbeat(agent, task.id)
                if dice.random() < 0.5:
                    manager.report(agent, task.id, agent)
                else:
                    manager.release_claims_of(agent)
            return "done"

        return run

    for number in range(200):
        # More than anybody lives to do.
        for _ in range(60 - len(list(store.scan("task", state="pending")))):
            manager.submit(Task(f"t{submitted:04}"))
            submitted += 1
        agent = f"agent{number}"
        killed += result_of(*fork(work(agent, dice.randrange(1, 3000)))) is None
        # Nobody waits for the dead: this writes at once, or fails.
        manager.release_claims_of(agent)
    assert killed == 200
    check = sqlite3.connect(store.path)
    assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    check.close()
    check_whole(store)
