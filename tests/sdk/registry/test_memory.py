"""MemoryRegistryStore keeps the contract."""

from __future__ import annotations

import json

import pytest

from cosmo_sdk.registry import MemoryRegistryStore, NeuronRecord
from tests.contracts.registry_store import *  # noqa: F403


@pytest.fixture
def store():
    return MemoryRegistryStore()


async def test_records_outlive_close(store):
    await store.upsert(NeuronRecord("n1"))
    await store.close()
    assert (await store.get("n1")).neuron_id == "n1"


def test_a_record_as_a_dict_is_plain_json():
    plain = NeuronRecord("n1", ["a"]).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert list(plain)[:6] == [
        "neuron_id",
        "capabilities",
        "version",
        "status",
        "last_heartbeat",
        "registered_at",
    ]
