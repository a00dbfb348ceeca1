"""The stores: one contract, and what each has of its own."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading

import pytest

from cosmo_sdk.coordination.errors import StateError, StoreBusyError, StoreCorruptError
from cosmo_sdk.coordination.models import Task
from cosmo_sdk.coordination.store import BaseStore, CompatStore, MemoryStore, SqliteStore
from tests.contracts.coordination_store import *  # noqa: F403
from tests.contracts.coordination_store import broken, event, submit

# A process with threads may fork here: the stores are built for it.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


class Plain:
    """A foreign store: the five methods and nothing else."""

    def __init__(self):
        self.values = {}

    def put(self, key, value):
        self.values[key] = value

    def get(self, key):
        return self.values.get(key)

    def delete(self, key):
        self.values.pop(key, None)

    def list(self, prefix=""):
        return [key for key in self.values if key.startswith(prefix)]

    def put_if_absent(self, key, value):
        return self.values.setdefault(key, value) is value


@pytest.fixture(params=["memory", "sqlite", "compat", "postgres"])
def make_store(request, tmp_path):
    opened = []
    open_postgres = request.getfixturevalue("open_postgres") if request.param == "postgres" else None

    def make(clock=None) -> BaseStore:
        if request.param == "memory":
            store = MemoryStore(clock)
        elif request.param == "sqlite":
            store = SqliteStore(tmp_path / "coord.db", clock=clock)
        elif request.param == "postgres":
            store = open_postgres(clock)
        else:
            store = CompatStore(Plain(), clock=clock)
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(make_store):
    return make_store()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "coord.db"


def test_memory_drops_the_oldest_events_and_counts_them():
    store = MemoryStore()
    for number in range(100):
        store.commit(f"k{number}", 0, 1, events=[event(f"{number}-{each}") for each in range(101)])
    assert store.revision() == 10_100
    assert store.events_dropped == 100
    assert store.events(0, 1)[0][0] == 101


def test_broken_records_are_named(path):
    store = SqliteStore(path)
    store.put("task:t", Task("t"))

    def write(data: bytes) -> None:
        with sqlite3.connect(path) as other:
            other.execute("UPDATE kv SET value=?", (data,))
        other.close()

    broken(store, "task:t", write)
    assert not store.put_if_absent("task:t", Task("t"))
    store.close()


def test_a_file_that_is_no_store_is_left_alone(path):
    path.write_bytes(b"something else entirely, and long enough to be looked at" * 100)
    with pytest.raises(StoreCorruptError, match=r"coord\.db"):
        SqliteStore(path)
    assert path.read_bytes().startswith(b"something else")


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(OSError, match=r"nowhere.c\.db cannot be opened"):
        SqliteStore(tmp_path / "nowhere" / "c.db")


def test_tables_of_another_version_are_left_alone(path):
    SqliteStore(path).close()
    with sqlite3.connect(path) as other:
        other.execute("UPDATE meta SET v='2' WHERE k='schema_version'")
    other.close()
    with pytest.raises(StoreCorruptError, match="version 2"):
        SqliteStore(path)


def test_a_store_needs_a_file():
    with pytest.raises(ValueError, match="MemoryStore"):
        SqliteStore(":memory:")
    with pytest.raises(ValueError, match="synchronous"):
        SqliteStore("x.db", synchronous="OFF")


def test_two_openings_are_one_store(path):
    one, two = SqliteStore(path), SqliteStore(path)
    assert one.store_id == two.store_id
    submit(one, "task:a")
    submit(two, "task:b")
    assert two.get("task:b").seq == 2
    assert [key for key, _, _ in one.scan("task")] == ["task:a", "task:b"]
    one.close()
    two.close()


def test_a_change_from_elsewhere_is_noticed(path):
    one, two = SqliteStore(path), SqliteStore(path)
    one.changed()
    one.put("k", 1)
    assert not one.changed()
    two.put("k", 2)
    assert one.changed()
    assert not one.changed()
    one.close()
    two.close()


def test_who_waits_too_long_is_told_that_nothing_was_written(path):
    store = SqliteStore(path, busy_timeout_ms=20)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError, match="nothing was written"):
        store.put("k", 1)
    other.execute("ROLLBACK")
    store.put("k", 1)
    assert store.get("k") == 1
    other.close()
    store.close()


def test_connections_of_ended_threads_are_closed(path):
    store = SqliteStore(path)
    for _ in range(5):
        thread = threading.Thread(target=store.get, args=("k",))
        thread.start()
        thread.join()
    assert len(store._pool._held) <= 2
    store.close()


def test_threads_that_come_and_go_never_share_a_connection(path):
    store = SqliteStore(path)
    busy = threading.Semaphore(4)
    failed = []

    def write(number: int) -> None:
        with busy:
            try:
                store.put(f"k{number}", number)
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(150)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(store.list("k")) == 150
    store.close()


def in_child(work) -> int:
    """Run it in a forked child; 0 when it returned true."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if work() else 1)
        except BaseException:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_forked_child_opens_its_own_connection(path):
    store = SqliteStore(path)
    store.put("k", 1)
    assert all(held.connection is not None for held in store._pool._held.values())

    def child() -> bool:
        return store.get("k") == 1 and store.commit("k", 1, 2) == 2

    assert in_child(child) == 0
    assert store.get_versioned("k") == (2, 2)
    assert store.commit("k", 2, 3) == 3
    store.close()


def test_a_fork_waits_for_the_transactions_of_other_threads(path):
    store = SqliteStore(path)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            store.put("k", 1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(10):
            assert in_child(lambda number=number: store.put_if_absent(f"c{number}", 1)) == 0
    finally:
        stop.set()
        writer.join()
    assert len(store.list("c")) == 10
    store.close()


def test_a_memory_store_can_be_inherited():
    store = MemoryStore()
    held = threading.Event()
    release = threading.Event()

    def hold() -> None:
        with store._lock:
            held.set()
            release.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    try:
        assert in_child(lambda: store.put_if_absent("k", 1)) == 0
    finally:
        release.set()
        holder.join()
    assert store.get("k") is None


def test_a_foreign_store_is_for_one_process():
    inner = Plain()
    store = CompatStore(inner)
    assert not store.atomic
    store.put("k", 1)
    assert in_child(lambda: store.get("k")) == 2
    inner.values["cosmo:owner"] = {**inner.values["cosmo:owner"], "pid": 1}
    with pytest.raises(StateError, match="SqliteStore"):
        CompatStore(inner)
    unsafe = CompatStore(inner, allow_unsafe=True)
    assert unsafe.get("k") == 1


def test_a_foreign_store_is_taken_over_from_a_dead_process():
    inner = Plain()
    CompatStore(inner)
    gone = multiprocessing.get_context("spawn").Process(target=int)
    gone.start()
    gone.join()
    inner.values["cosmo:owner"] = {**inner.values["cosmo:owner"], "pid": gone.pid}
    assert CompatStore(inner).put_if_absent("k", 1)


def test_what_a_foreign_store_holds_already_is_not_guessed_at():
    inner = Plain()
    inner.put("task:old", "pickled")
    with pytest.raises(StoreCorruptError, match="task:old"):
        CompatStore(inner).get("task:old")
