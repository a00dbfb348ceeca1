"""What the tests of PostgresStore share: databases and stores on one server."""

from __future__ import annotations

import pytest

from cosmo_sdk.coordination import PostgresStore


@pytest.fixture
def url(postgres, schema):
    """A database of its own, for programs that take no schema."""
    return postgres.new_database(schema)


@pytest.fixture
def shared(url):
    """A store on that database."""
    store = PostgresStore(url, busy_timeout_ms=30_000)
    yield store
    store.close()


@pytest.fixture
def store(open_postgres):
    """One that waits for others as long as a race may take."""
    return open_postgres(busy_timeout_ms=30_000)
