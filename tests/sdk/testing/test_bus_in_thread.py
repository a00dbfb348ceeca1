"""A real bus in a thread, for tests with and without a loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cosmo_sdk import Axon, SignalType
from cosmo_sdk.testing import BusInThread, a_task, an_output


def test_it_needs_no_loop_and_ends_with_its_block():
    with BusInThread() as bus:
        assert bus.url == f"cosmo://127.0.0.1:{bus.port}"
        task = a_task(neuron="ann")
        bus.inject(task)
        assert bus.wait_for(SignalType.TASK, neuron="ann") == task
        assert repr(bus) == f"<bus at {bus.url}, 1 signals>"
        bus.close()
    bus.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "cosmo-test-bus"]


def test_each_signal_is_returned_once_also_when_somebody_waits_already():
    with BusInThread() as bus:
        first, second = a_task(neuron="ann"), a_task(neuron="ann")
        found: list[str] = []
        waiting = threading.Thread(target=lambda: found.append(bus.wait_for(neuron="ann").id))
        waiting.start()
        bus.inject(first)
        bus.inject(second)
        waiting.join()
        assert {*found, bus.wait_for(neuron="ann").id} == {first.id, second.id}


def test_what_never_comes_is_shown_with_what_did():
    with BusInThread() as bus:
        bus.inject(a_task(neuron="ann"))
        bus.inject(b"rubbish", subject="cosmonapse.default.TASK")
        bus.wait_for(SignalType.TASK)
        with pytest.raises(AssertionError, match="TASK → ann") as caught:
            bus.wait_for(SignalType.TASK, within_s=0.01)
        assert "1 signals, 1 unreadable frames" in str(caught.value)


async def test_a_loop_goes_on_while_a_test_waits(cosmo_bus, cosmo_dendrite):
    desk = await cosmo_dendrite("desk")
    waiting = asyncio.create_task(cosmo_bus.expect(SignalType.TASK, neuron="ann"))
    task = await desk.dispatch_task(neuron="ann", input={})
    assert (await waiting).id == task.id
    with pytest.raises(AssertionError, match=r"expected FINAL within 0\.01 s"):
        await cosmo_bus.expect(SignalType.FINAL, within_s=0.01)


def test_frames_are_handed_on_as_they_crossed():
    frames: list[tuple[str, bytes]] = []
    with BusInThread(on_frame=lambda *frame: frames.append(frame)) as bus:
        output = an_output()
        bus.inject(b"rubbish", subject="anywhere")
        bus.inject(output, namespace="dev")
        bus.inject(a_task(capabilities=["dig"]), subject="cosmonapse.dev.TASK")
        bus.wait_for(SignalType.TASK)
        assert frames[:2] == [("anywhere", b"rubbish"), ("cosmonapse.dev.AGENT_OUTPUT", output.encode())]
        assert frames[2][0] == "cosmonapse.dev.TASK"
    with pytest.raises(RuntimeError, match="is closed"):
        bus.inject(output)


async def test_a_stranger_may_ask_while_the_loop_stands_still(cosmo_bus, cosmo_dendrite):
    async def shout(input: dict, context: list) -> dict:
        return {"text": input["text"].upper()}

    await cosmo_dendrite("host", axons=[Axon(neuron_id="shouter", neuron_fn=shout)], role="worker")
    cosmo_bus.inject(task := a_task(neuron="shouter", input={"text": "hey"}))
    output = await cosmo_bus.expect(SignalType.AGENT_OUTPUT, parent=task)
    assert output.payload == {"output": {"text": "HEY"}}
    with pytest.raises(ValueError, match="pass subject="):
        cosmo_bus.inject(b"rubbish")


async def test_dendrites_live_where_they_are_told_to(cosmo_dendrite, cosmo_synapse):
    def idle(name: str) -> Axon:
        return Axon(neuron_id=name, neuron_fn=lambda input, context: {})

    one = await cosmo_dendrite("one", axons=[idle("ann")], synapse=cosmo_synapse)
    two = await cosmo_dendrite("two", axons=[idle("bob")], synapse=cosmo_synapse, role="worker")
    assert (one.role, two.role) == ("orchestrator", "worker")
    assert cosmo_synapse.published.types() == ["REGISTER", "REGISTER"]
