"""PostgresStore, many at once: processes, hosts, threads and coroutines."""

from __future__ import annotations

import asyncio
import threading

import psycopg
import pytest

from cosmo_sdk.coordination import PostgresStore, Task, TaskManager, aio
from tests.contracts.coordination_store import event
from tests.contracts.coordination_store import submit as submit_key
from tests.sdk.coordination.processes import race
from tests.sdk.coordination.racers import (
    race_for_what_comes_next,
    race_into_a_pool,
    race_of_heirs,
    race_of_strangers,
    race_of_sweepers,
    race_of_threads,
)

# A process with threads may fork here: the stores are built for it.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def test_of_eight_processes_on_two_hosts_one_gets_each_of_500_tasks(shared, url):
    hosts = ["host-a", "host-b"]
    race_of_strangers(shared, url, *[(f"agent{number}", hosts[number % 2]) for number in range(8)])


def test_forked_children_that_inherited_a_manager_race_fairly(store):
    race_of_heirs(store, 60)


def test_of_four_processes_that_take_what_comes_next_none_gets_the_same_and_none_is_left(store):
    race_for_what_comes_next(store, processes=4, tasks=200)


def test_sixteen_threads_share_eight_connections(postgres):
    store = PostgresStore(
        f"{postgres.url()}&application_name=sixteen", schema="sixteen", busy_timeout_ms=30_000
    )
    race_of_threads(store, 20)
    with psycopg.connect(store._conninfo) as other:
        # Its own name, and so one more.
        [ours] = other.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name='sixteen'"
        ).fetchone()
    assert ours <= 8 + 1
    store.close()


def test_four_processes_do_not_overfill_a_pool(store):
    race_into_a_pool(store)


def test_sweepers_of_two_processes_release_each_claim_once(store):
    race_of_sweepers(store, 30)


def test_who_reads_on_from_a_revision_misses_nothing_that_is_committed_later(store):
    """Four writers, whose transactions overlap, and a reader that never looks back."""

    def write(number: int) -> int:
        for each in range(40):
            store.commit(
                f"k{number}-{each}", 0, 1, events=[event(f"{number}-{each}-{part}") for part in range(3)]
            )
        return number

    seen: list[int] = []
    subjects: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set() or store.revision() > (seen[-1] if seen else 0):
            for revision, told in store.events(seen[-1] if seen else 0, limit=7):
                seen.append(revision)
                subjects.append(told.subject)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    reader = threading.Thread(target=read)
    for thread in [*threads, reader]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    assert seen == list(range(1, 4 * 40 * 3 + 1))
    assert len(set(subjects)) == len(seen)


def test_tables_that_many_make_at_once_are_made_once(postgres, schema):
    ids = race(4, lambda number: PostgresStore(postgres.url(), schema=schema).store_id)
    assert len(set(ids)) == 1


async def test_coroutines_wait_for_the_end_of_a_task_and_let_others_run(store):
    tasks = TaskManager(store)
    tasks.submit(Task("t"))
    elsewhere = TaskManager(store)
    waiting = asyncio.create_task(tasks.wait_until_done("t", 30))
    assert await aio(elsewhere).claim("ann", "t")
    await aio(elsewhere).report("ann", "t", {"done": True})
    assert (await waiting).result == {"done": True}


def test_what_somebody_is_just_claiming_is_passed_by(open_postgres):
    store = open_postgres(busy_timeout_ms=60_000)
    for name in ("a", "b"):
        submit_key(store, f"task:{name}")
    with store._connections._lent() as other:
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM kv WHERE key='task:a' FOR UPDATE")
        assert TaskManager(store).claim_next("ann").id == "b"
        other.execute("ROLLBACK")
    assert TaskManager(store).claim_next("ann").id == "a"


def test_more_tasks_than_one_look_fetches_are_looked_through(store):
    manager = TaskManager(store)
    for number in range(70):
        manager.submit(
            Task(
                f"t{number:02}", required_capabilities=["rare" if number == 65 else "other"], priority=-number
            )
        )
    assert manager.claim_next("ann", capabilities=["rare"]).id == "t65"
    assert manager.claim_next("ann", capabilities=["rare"]) is None
