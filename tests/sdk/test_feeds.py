"""Handlers of one process on one pattern share a subscription at the bus."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_bus.testing import running_bus
from cosmo_sdk import Signal, SignalType, SynapseError
from cosmo_sdk.synapse import DevSynapse


class Got(list):
    """A handler that keeps what it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.came = asyncio.Event()

    def __call__(self, signal: Signal) -> None:
        self.append(signal)
        self.came.set()


@pytest.fixture
async def bus():
    async with running_bus() as bus:
        yield bus


@pytest.fixture
async def synapse(bus):
    synapse = DevSynapse(bus.url)
    await synapse.connect()
    yield synapse
    await synapse.close()


def task() -> Signal:
    return Signal(type=SignalType.TASK, payload={"input": {"words": ["a"]}})


async def test_two_handlers_of_a_pattern_are_one_subscription_at_the_bus(bus, synapse):
    one, two = Got(), Got()
    await asyncio.gather(synapse.subscribe("s", one), synapse.subscribe("s", two))
    assert bus.statistics().subscriptions == 1
    await synapse.publish("s", task())
    await asyncio.gather(one.came.wait(), two.came.wait())
    assert synapse.statistics().received == 1
    one[0].payload["input"]["words"].append("b")
    assert two[0].payload == task().payload


async def test_members_of_a_queue_group_are_subscribed_each(bus, synapse):
    await synapse.subscribe("s", Got(), queue_group="g")
    await synapse.subscribe("s", Got(), queue_group="g")
    await synapse.subscribe("s", Got())
    assert bus.statistics().subscriptions == 3


async def test_one_that_leaves_takes_nobody_along_and_the_last_one_ends_it(bus, synapse):
    one, two = Got(), Got()
    first, second = await synapse.subscribe("s", one), await synapse.subscribe("s", two)
    await first.unsubscribe()
    await first.unsubscribe()
    await synapse.publish("s", task())
    await two.came.wait()
    assert (len(one), len(two)) == (0, 1)
    await second.unsubscribe()
    await synapse.subscribe("other", Got())
    assert bus.statistics().subscriptions == 1
    again = Got()
    await synapse.subscribe("s", again)
    await synapse.publish("s", task())
    await again.came.wait()
    assert len(again) == 1


async def test_one_that_gives_up_subscribing_takes_nobody_along(bus, synapse):
    two = Got()
    first = asyncio.ensure_future(synapse.subscribe("s", Got()))
    second = asyncio.ensure_future(synapse.subscribe("s", two))
    await asyncio.sleep(0)
    first.cancel()
    await second
    await synapse.publish("s", task())
    await two.came.wait()
    assert bus.statistics().subscriptions == 1


async def test_after_a_failure_the_next_one_asks_the_bus_again(bus):
    synapse = DevSynapse(bus.url)
    with pytest.raises(SynapseError):
        await synapse.subscribe("s", Got())
    await synapse.connect()
    got = Got()
    await synapse.subscribe("s", got)
    await synapse.publish("s", task())
    await got.came.wait()
    await synapse.close()


async def test_a_frame_that_is_no_signal_is_counted_once(bus, synapse):
    last = Got()
    await synapse.subscribe("s", Got())
    await synapse.subscribe("s", last)
    synapse._client.publish("s", b"{}")
    await synapse.publish("s", task())
    await last.came.wait()
    assert synapse.undecodable == 1
