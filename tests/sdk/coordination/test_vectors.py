"""The test vectors, on every store. `COSMO_VECTORS` names further files, separated by `:`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cosmo_sdk.coordination import MemoryStore, SqliteStore
from tests.sdk.coordination.vectors import HERE, load, run

FILES = [
    *sorted(HERE.glob("*.json")),
    *map(Path, filter(None, os.environ.get("COSMO_VECTORS", "").split(":"))),
]
VECTORS = [vector for path in FILES for vector in load(path)]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def make_store(request, tmp_path):
    opened = []
    open_postgres = request.getfixturevalue("open_postgres") if request.param == "postgres" else None

    def make(clock):
        if request.param == "memory":
            store = MemoryStore(clock)
        elif request.param == "sqlite":
            store = SqliteStore(tmp_path / "v.db", clock=clock)
        else:
            store = open_postgres(clock)
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vector(vector, make_store):
    run(vector, make_store)


def test_a_wrong_expectation_is_noticed(make_store):
    wrong = {
        "id": "X",
        "component": "pools",
        "steps": [{"op": "create_pool", "args": {"spec": {"id": "p"}}, "returns": "q"}],
    }
    with pytest.raises(AssertionError, match="X step 0 create_pool returns: 'p', expected 'q'"):
        run(wrong, make_store)
