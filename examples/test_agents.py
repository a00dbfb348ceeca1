"""How to test agents: `pytest examples/test_agents.py`. The fixtures come with the package.

Add --cosmo-record, break a test, and open what crossed its bus: `cosmo doppler .cosmo-record/....ndjson`
"""

from __future__ import annotations

import pytest

from cosmo_sdk import Axon, SignalType
from cosmo_sdk.testing import a_task

pytestmark = pytest.mark.anyio  # or pytest.mark.asyncio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def shout(input: dict, context: list) -> dict:
    return {"text": input["text"].upper() + "!"}


def shouter() -> Axon:
    return Axon(neuron_id="shouter", neuron_fn=shout, capabilities=["shout"])


async def test_a_worker_does_what_a_stranger_asks(cosmo_synapse, cosmo_dendrite):
    await cosmo_dendrite("host", axons=[shouter()], role="worker", synapse=cosmo_synapse)
    task = await cosmo_synapse.inject(a_task(neuron="shouter", input={"text": "hey"}))
    output = await cosmo_synapse.expect(SignalType.AGENT_OUTPUT, parent=task, within_s=5)
    assert output.payload == {"output": {"text": "HEY!"}}
    cosmo_synapse.published.assert_valid()


async def test_a_producer_takes_the_cheapest_bid(cosmo_synapse, cosmo_dendrite, cosmo_clock):
    offers = cosmo_synapse.when(SignalType.TASK_OFFER, capability="shout")
    offers.bids("ann", cost=0.005).bids("bob", cost=0.002, after_s=0.2).bids("too late", cost=0.001, late_s=1)
    cosmo_synapse.when(SignalType.TASK_AWARDED, neuron="bob").outputs({"text": "HEY!"}, after_s=30)
    desk = await cosmo_dendrite("desk", synapse=cosmo_synapse)

    async def auction() -> dict:
        pathway = await desk.dispatch_offer(
            input={"text": "hey"}, capabilities=["shout"], select="lowest_cost", deadline_ms=500
        )
        return (await pathway.wait(timeout_s=60)).payload

    # Half a minute of the manual clock, no time at all on the wall.
    assert await cosmo_clock.run(auction()) == {"output": {"text": "HEY!"}}
    assert cosmo_synapse.published.one(SignalType.TASK_DECLINED, neuron="ann").payload == {
        "reason": "not selected"
    }


async def test_they_talk_on_a_real_bus(cosmo_bus, cosmo_dendrite):
    await cosmo_dendrite("host", axons=[shouter()], role="worker")
    desk = await cosmo_dendrite("desk")
    reply = await desk.dispatch_and_wait(neuron="shouter", input={"text": "hey"})
    assert reply.payload == {"output": {"text": "HEY!"}}
    await cosmo_bus.expect(SignalType.AGENT_OUTPUT, trace=reply)
    assert cosmo_bus.transcript.types(reply) == ["TASK", "AGENT_OUTPUT"]
