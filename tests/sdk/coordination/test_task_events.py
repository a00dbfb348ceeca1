"""What is told of tasks: events, sinks and counts."""

from __future__ import annotations

import logging

import pytest

from cosmo_sdk.ambient import handling
from cosmo_sdk.coordination import CoordinationMetrics, MetricsCollector, Task, TaskManager, Topic
from cosmo_sdk.coordination.events import EVENT_KINDS


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
