"""InMemoryEngram keeps the contract."""

from __future__ import annotations

import pytest

from cosmo_sdk.engram import InMemoryEngram
from tests.contracts.engram import *  # noqa: F403


@pytest.fixture
def make_engram():
    return InMemoryEngram


async def test_it_says_what_it_is():
    engram = InMemoryEngram()
    assert (engram.engram_id, engram.engram_kind) == ("engram-memory", "keyvalue")
    assert engram.capabilities == ["substring", "tags", "merge_key"]
    assert engram
    assert len(engram) == 0
