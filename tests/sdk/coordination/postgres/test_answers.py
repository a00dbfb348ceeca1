"""What PostgresStore answers: the server's clock, what changed, and what goes on."""

from __future__ import annotations

import psycopg

from cosmo_sdk.coordination import ManualClock, TaskManager, TaskState
from cosmo_sdk.coordination.models import Pool
from tests.contracts.coordination_store import event
from tests.sdk.coordination.claimer import ElsewhereClock
from tests.sdk.coordination.racers import submit

# -- time


def test_leases_are_measured_by_the_server(store):
    names = submit(TaskManager(store), 2, claim_ttl_sec=60)
    here, there = TaskManager(store), TaskManager(store).bind(clock=ElsewhereClock("host-b"))
    assert here.claim("ann", names[0])
    assert there.claim("bob", names[1])
    with psycopg.connect(store._conninfo) as other:
        [there_ms] = other.execute("SELECT extract(epoch FROM clock_timestamp()) * 1000").fetchone()
    for name in names:
        assert abs(store.get(f"task:{name}").lease_ms - 60_000 - float(there_ms)) < 30_000
    # Three hours on the wall of the other machine are nothing.
    assert there.release_expired_claims(there.clock.monotonic()) == []
    assert here.release_expired_claims(here.clock.monotonic()) == []
    # A minute is, whoever looks.
    assert set(there.release_expired_claims(there.clock.monotonic() + 63)) == set(names)


def test_a_managers_clock_does_not_replace_the_servers(store):
    clock = ManualClock(wall_ms=5)
    TaskManager(store).bind(clock=clock)
    assert store.now_ms() > 1_600_000_000_000


# -- whole views


def test_what_changed_is_read_again_and_nothing_else(store):
    manager = TaskManager(store)
    names = submit(manager, 5)
    known = {f"task:{name}": 1 for name in names}
    TaskManager(store).claim("ann", names[2])
    told = {key: (value, version) for key, value, version in store.news("task", known)}
    assert [key for key, (value, _) in told.items() if value is not None] == [f"task:{names[2]}"]
    assert told[f"task:{names[2]}"][0].state is TaskState.ASSIGNED
    assert len(told) == 5


def test_a_change_from_elsewhere_is_noticed(open_postgres):
    one, two = open_postgres(), open_postgres()
    one.changed()
    assert not one.changed()
    two.commit("k", 0, 1, events=[event("one")])
    assert one.changed()
    assert not one.changed()


def test_an_empty_store_has_nothing_that_goes_on(store):
    revision, rows = store.unended({"closed"})
    assert (revision, list(rows)) == (0, [])
    store.put("pool:p", Pool("p"))
    assert [key for key, _, _ in store.unended({"closed"})[1]] == ["pool:p"]
