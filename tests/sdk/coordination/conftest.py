"""What the tests of coordination share: a clock that stands still, and a store of either kind."""

from __future__ import annotations

from itertools import count

import pytest

from cosmo_sdk import MemorySynapse
from cosmo_sdk.coordination import ManualClock, MemoryStore, PostgresStore, SqliteStore, TaskManager
from tests.postgres_server import running_postgres


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request, tmp_path, clock):
    if request.param == "postgres":
        # Closed where it was opened.
        yield request.getfixturevalue("open_postgres")(clock)
        return
    store = MemoryStore(clock) if request.param == "memory" else SqliteStore(tmp_path / "c.db", clock=clock)
    yield store
    store.close()


@pytest.fixture
def manager(store, clock):
    """Who manages the tasks in it."""
    return TaskManager(store).bind(clock=clock)


@pytest.fixture
async def synapse():
    """A bus in memory."""
    synapse = MemorySynapse()
    await synapse.connect()
    yield synapse
    await synapse.close()


@pytest.fixture
def kinds(store):
    """The kinds of the events so far."""
    return lambda: [event.kind for _, event in store.events(0)]


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for all tests of this process."""
    with running_postgres() as server:
        yield server


_numbers = count()


@pytest.fixture
def schema():
    """The name of tables, or of a database, of this test's own."""
    return f"test{next(_numbers)}"


@pytest.fixture
def open_postgres(postgres, schema):
    """Opens a store on tables of this test's own."""
    opened = []

    def open_store(clock=None, **options):
        opened.append(PostgresStore(postgres.url(), **{"schema": schema, "clock": clock, **options}))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()
