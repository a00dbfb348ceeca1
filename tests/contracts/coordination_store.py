"""What every coordination store does. A store's test module imports `*` and provides two fixtures: `make_store(clock=None)`,
a factory that opens the same data each time, and `store`, one of them.
"""

from __future__ import annotations

import threading

import msgspec
import pytest

from cosmo_sdk.coordination.clock import ManualClock
from cosmo_sdk.coordination.errors import StoreCorruptError
from cosmo_sdk.coordination.events import Event
from cosmo_sdk.coordination.models import Pool, Task, TaskState, Topic
from cosmo_sdk.coordination.store import NEXT_SEQ, Amendment, Index, Store


def pending(key: str, priority: int = 0) -> tuple[str, Task, Index]:
    name = key.removeprefix("task:")
    return key, Task(name, priority=priority), Index("task", "pending", None, priority, NEXT_SEQ)


def submit(store, key: str, priority: int = 0) -> None:
    key, task, index = pending(key, priority)
    assert store.commit(key, 0, task, index=index) == 1


def event(subject: str, ts_ms: int = 1, kind: str = "task.submitted") -> Event:
    return Event(ts_ms, kind, subject, "ann", "trc_1", None, {"state": "pending"})


def test_it_is_a_store(store):
    assert isinstance(store, Store)
    assert isinstance(store.store_id, str)


def test_values_come_back_as_they_were_and_fresh(store):
    task = Task(
        "t",
        {"goal": [1, 2.5, None, True]},
        state=TaskState.ASSIGNED,
        topic=Topic("n", {"a": 1}),
        constraints={"claim_ttl_sec": float("inf")},
    )
    store.put("task:t", task)
    assert store.get("task:t") == task
    first, second = store.get("task:t"), store.get("task:t")
    first.objective["goal"].append(9)
    assert second == store.get("task:t") == task
    store.put("pool:p", Pool("p", ["x", Topic("n")], agents={"a", "b"}))
    assert store.get("pool:p") == Pool("p", ["x", Topic("n")], agents={"a", "b"})
    store.put("free", {"any": ["json"]})
    assert store.get("free") == {"any": ["json"]}


def test_what_it_cannot_keep_is_refused(store):
    for value in (object(), {1: 2}, (1, 2), b"x"):
        with pytest.raises(TypeError):
            store.put("k", value)
    with pytest.raises(TypeError):
        store.put("k", None)
    assert store.get("k") is None


def test_versions_count_from_one(store):
    assert store.get_versioned("k") is None
    store.put("k", 1)
    assert store.get_versioned("k") == (1, 1)
    store.put("k", 2)
    assert store.get_versioned("k") == (2, 2)
    store.delete("k")
    store.delete("k")
    assert store.get_versioned("k") is None


def test_a_commit_needs_the_version_that_was_read(store):
    assert store.commit("k", 1, "x") is None
    assert store.commit("k", 0, "x") == 1
    assert store.commit("k", 0, "y") is None
    assert store.commit("k", 1, "y") == 2
    assert store.commit("k", 1, "z") is None
    assert store.get("k") == "y"
    assert store.commit("k", 1, None) is None
    assert store.commit("k", 2, None) == 0
    assert store.get("k") is None


def test_only_the_first_puts_if_absent(store):
    assert store.put_if_absent("k", 1)
    assert not store.put_if_absent("k", 2)
    assert store.get("k") == 1


def test_a_prefix_is_meant_exactly(store):
    for key in ("task_1", "TASK_2", "taskX1", "task%", "tasl", "täsk", "\U0010ffff", "\U0010ffffz"):
        store.put(key, 1)
    assert store.list("task_") == ["task_1"]
    assert store.list("task") == ["task%", "taskX1", "task_1"]
    assert store.list("t") == ["task%", "taskX1", "task_1", "tasl", "täsk"]
    assert store.list("\U0010ffff") == ["\U0010ffff", "\U0010ffffz"]
    assert store.list() == sorted(store.list())
    assert store.list("nobody") == []


def test_events_land_with_their_commit_or_not_at_all(store):
    assert store.events(0) == []
    before = store.revision()
    assert store.commit("k", 0, 1, events=[event("one"), event("two")]) == 1
    assert store.commit("k", 0, 2, events=[event("never")]) is None
    told = store.events(before)
    assert [each.subject for _, each in told] == ["one", "two"]
    assert told[0][0] < told[1][0] == store.revision()
    assert told[0][1].body == {"state": "pending"}
    assert (told[0][1].actor, told[0][1].trace_id, told[0][1].ts_ms) == ("ann", "trc_1", 1)
    assert [each.subject for _, each in store.events(told[0][0])] == ["two"]
    assert [each.subject for _, each in store.events(before, limit=1)] == ["one"]
    assert store.commit("k", 1, None, events=[event("gone")]) == 0
    assert store.events(told[1][0])[0][1].subject == "gone"


def test_what_one_of_two_events_cannot_say_leaves_nothing_behind(store):
    odd = Event(1, "task.submitted", "two", body={"odd": object()})
    with pytest.raises(TypeError):
        store.commit("k", 0, 1, events=[event("one"), odd])
    assert store.get("k") is None
    assert store.events(0) == []


def test_what_is_submitted_is_numbered(store):
    submit(store, "task:z")
    submit(store, "task:a")
    assert [store.get(key).seq for key in ("task:z", "task:a")] == [1, 2]
    assert [key for key, _, _ in store.scan("task")] == ["task:z", "task:a"]


def test_a_scan_has_a_kind_a_state_and_an_order(store):
    for key, priority in (("task:c", 5), ("task:b", 5), ("task:a", 1), ("task:d", 9)):
        submit(store, key, priority)
    store.put("pool:p", Pool("p"))
    done = store.get("task:a")
    done.state = TaskState.COMPLETED
    store.put("task:a", done)

    def names(**how) -> list[str]:
        return [key.removeprefix("task:") for key, _, _ in store.scan("task", **how)]

    assert names() == ["c", "b", "a", "d"]
    assert names(state="pending") == ["c", "b", "d"]
    assert names(state="pending", order="priority") == ["d", "b", "c"]
    assert names(order="priority") == ["d", "b", "c", "a"]
    assert names(state="completed") == ["a"]
    assert names(state="pending", limit=2) == ["c", "b"]
    assert names(limit=0) == []
    assert [(key, value.id, version) for key, value, version in store.scan("pool")] == [("pool:p", "p", 1)]


def test_leases_are_found(store):
    for name in "xyz":
        submit(store, f"task:{name}")
    for name in "zx":
        held = store.get(f"task:{name}")
        held.state, held.lease_ms = TaskState.ASSIGNED, 5
        store.put(f"task:{name}", held)
    assert [key for key, _, _ in store.leased("task")] == ["task:x", "task:z"]


def test_the_first_that_fits_is_amended(store):
    for key, priority in (("task:a", 1), ("task:b", 5), ("task:c", 9)):
        submit(store, key, priority)
    seen = []

    def amend(key, task, version):
        seen.append((key, version))
        if key == "task:c":
            return None
        task.state = TaskState.ASSIGNED
        return Amendment(task, [event(task.id)])

    before = store.revision()
    assert store.amend_first("task", state="pending", amend=amend).value.id == "b"
    assert seen == [("task:c", 1), ("task:b", 1)]
    assert store.get_versioned("task:b")[1] == 2
    assert [each.subject for _, each in store.events(before)] == ["b"]
    assert [key for key, _, _ in store.scan("task", state="pending")] == ["task:a", "task:c"]
    assert store.amend_first("task", state="pending", amend=lambda *_: None) is None


def test_what_has_not_ended_is_found_together_with_its_revision(store):
    assert store.unended({"closed"})[0] == store.revision()
    for name in ("a", "b"):
        submit(store, f"task:{name}")
    store.put("pool:p", Pool("p"))
    done = store.get("task:a")
    done.state = TaskState.COMPLETED
    assert store.commit("task:a", 1, done, events=[event("a", kind="task.completed")]) == 2
    revision, rows = store.unended({"completed", "failed"})
    assert revision == store.revision()
    assert {(key, version) for key, _, version in rows} >= {("task:b", 1), ("pool:p", 1)}
    assert "task:a" not in {key for key, _, _ in store.unended({"completed"})[1]}
    assert "task:a" in {key for key, _, _ in store.unended({"failed"})[1]}


def test_what_was_published_is_remembered_and_pruned(store):
    store.commit("k", 0, 1, events=[event("one", 10), event("two", 20), event("three", 30)])
    assert store.published_through() == 0
    assert store.prune(events_before_ms=100) == 0
    second = store.events(0)[1][0]
    store.mark_published(second)
    assert store.published_through() == second
    assert store.prune(events_before_ms=15) == 1
    assert [each.subject for _, each in store.events(0)] == ["two", "three"]
    assert store.prune(events_before_ms=100) == 1
    assert store.prune(events_before_ms=100, unpublished=True) == 1
    assert store.events(0) == []


def test_ended_tasks_are_pruned(make_store):
    clock = ManualClock(wall_ms=1000)
    store = make_store(clock)
    for name, state in (("a", TaskState.COMPLETED), ("b", TaskState.PENDING), ("c", TaskState.FAILED)):
        store.put(f"task:{name}", Task(name, state=state, updated_ms=clock.now_ms()))
    clock.advance(1)
    store.put("task:d", Task("d", state=TaskState.CANCELLED, updated_ms=clock.now_ms()))
    assert store.prune(tasks_before_ms=2000) == 2
    assert store.list("task:") == ["task:b", "task:d"]


def test_it_tells_the_time_of_its_clock(make_store):
    clock = ManualClock(wall_ms=5000)
    store = make_store(clock)
    clock.advance(1.5)
    assert store.now_ms() == 6500


def test_a_clock_of_its_own_is_kept(make_store):
    store = make_store(ManualClock(wall_ms=1))
    store.adopt_clock(ManualClock(wall_ms=2))
    assert store.now_ms() == 1


def test_fields_of_a_later_release_survive(store):
    class Task2(msgspec.Struct):
        id: str = "t"
        colour: str = "red"

    from cosmo_sdk.coordination import _codec

    task = Task("t")
    task._unknown = {"colour": "red"}
    store.put("task:t", task)
    again = store.get("task:t")
    again.priority = 7
    store.put("task:t", again)
    fields = msgspec.msgpack.decode(_codec.encode(store.get("task:t")))["d"]
    assert msgspec.convert(fields, Task2) == Task2("t", "red")
    assert fields["priority"] == 7


def test_of_many_threads_one_wins_each_version(store):
    wins: list[int] = []
    start = threading.Barrier(8)

    def race(number: int) -> None:
        start.wait()
        for version in range(20):
            if store.commit("k", version, number) is not None:
                wins.append(version)
            while (found := store.get_versioned("k")) is None or found[1] <= version:
                pass

    threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wins) == list(range(20))


def test_it_can_be_closed_and_used_again(store):
    store.close()
    store.close()


def broken(store, key: str, write) -> None:
    """For stores whose bytes a test can reach."""
    for data in (b"\xc1", b"\x80", msgspec.msgpack.encode({"t": "?", "s": 1, "d": {}})):
        write(data)
        with pytest.raises(StoreCorruptError, match=key):
            store.get(key)
    write(msgspec.msgpack.encode({"t": "task", "s": 99, "d": {}}))
    with pytest.raises(StoreCorruptError, match="newer"):
        store.get(key)
