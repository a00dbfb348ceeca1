"""Whatever a payload holds, a Dendrite neither fails nor complains, and goes on working."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cosmo_sdk import Axon, Directed, InMemoryEngram, MemoryRegistryStore, Signal, SignalType
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import open_room

KEYS = """
input capabilities context_ref finalize output result cost confidence eta_ms deadline_ms winning_bid reason question
action granted answer query op entry merge_key recall_mode filters hits engram_id role version status neuron rollback
cancelled compensated node code message recoverable target
"""

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "a", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "id", "content"]), inner, max_size=2)
    ),
    max_leaves=4,
)
PAYLOADS = st.dictionaries(st.sampled_from(KEYS.split()), JSON, max_size=6)
SIGNALS = st.builds(
    Signal,
    type=st.sampled_from(SignalType),
    trace_id=st.sampled_from(["trc_1", "trc_2"]),
    parent_id=st.sampled_from([None, "evt_1", "evt_2"]),
    directed=st.sampled_from(
        [None, Directed(), Directed(id="a"), Directed(id="engram-memory"), Directed(type="x")]
    ),
    payload=PAYLOADS,
    meta=st.dictionaries(
        st.sampled_from(["cosmo.instance", "auto_bid", "attempt", "_reply_to"]), JSON, max_size=2
    ),
)


async def echo(input, context):
    return {"said": input}


async def bombard(signals: list[Signal]) -> None:
    async with open_room() as room:
        axons = [Axon(neuron_id="a", neuron_fn=echo, capabilities=["x"], catch_all=True)]
        target = await room.dendrite(
            "target", axons=axons, engrams=[InMemoryEngram()], registry_store=MemoryRegistryStore()
        )
        for type in SignalType:
            if type not in (SignalType.TASK_OFFER, SignalType.DISCOVER):
                target.on_signal(type, lambda signal: None, capability="x")
        pathway = await target.observe_pathway("trc_1")
        offering = asyncio.ensure_future(target.dispatch_offer(input={}, deadline_ms=50, trace_id="trc_2"))
        await settle()
        for signal in signals:
            await target.publish(signal)
        await settle()
        await room.clock.advance(1)
        await asyncio.gather(offering, return_exceptions=True)
        await pathway.close()
        reply = await target.dispatch_and_wait(neuron="a", input={"still": "here"}, timeout_s=5)
        assert reply.payload == {"output": {"said": {"still": "here"}}}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SIGNALS, min_size=1, max_size=25))
def test_no_payload_makes_a_dendrite_fail(caplog: pytest.LogCaptureFixture, signals: list[Signal]):
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        asyncio.run(bombard(signals))
    # A warning may say what is wrong with a Signal; what failed is logged as an error.
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
