"""A person among workers: bids, wins, answers, gives up, is stopped, leaves. In memory and over a real bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cosmo_bus.testing import running_bus
from cosmo_doppler.by_hand import SOURCE, SOURCE_KEY, ControlError
from cosmo_doppler.controls import Operator
from cosmo_doppler.person import GAVE_UP, LEFT, usual_name
from cosmo_sdk import Axon, Dendrite, DevSynapse, MemorySynapse, Pathway, Signal, SignalType, Synapse
from cosmo_sdk.synapse import synapse_from_url
from tests.doppler.session.waiting import until
from tests.nats_server import running_nats

NAMESPACE = "dev"
ME = "person:ann"
LONG_MS = 60_000
"""A window that no test waits for: first_bid ends it."""


class Room:
    """A bus, the person on it, and a producer elsewhere."""

    def __init__(self, operator: Operator, producer: Dendrite) -> None:
        self.operator = operator
        self.person = operator.person
        self.producer = producer
        self.seen: list[Signal] = []
        self._offers: asyncio.Queue[Signal] = asyncio.Queue()

    def note(self, signal: Signal) -> None:
        self.seen.append(signal)
        if signal.type is SignalType.TASK_OFFER:
            self._offers.put_nowait(signal)

    def of(self, kind: SignalType) -> list[Signal]:
        return [signal for signal in self.seen if signal.type is kind]

    async def saw(self, kind: SignalType, count: int = 1) -> Signal:
        await until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[count - 1]

    async def work(self) -> str:
        """Wait for work; its id."""
        await until(lambda: bool(self.person.open))
        return next(iter(self.person.open))

    async def sell(self, **terms: Any) -> tuple[Pathway, Signal]:
        """An auction that the person bids in and wins."""
        selling = asyncio.ensure_future(
            self.producer.dispatch_offer(
                input={"text": "long"}, capabilities=["summarize"], deadline_ms=LONG_MS, **terms
            )
        )
        offer = await self._offers.get()
        bid = await self.person.bid(
            offer, neuron_id=ME, capabilities=["summarize"], cost=0.5, eta_ms=90_000, confidence=0.8
        )
        return await selling, bid


@pytest.fixture(params=["memory", "bus"])
async def room(request: pytest.FixtureRequest) -> AsyncIterator[Room]:
    if request.param == "memory":
        shared = MemorySynapse()
        async with furnished(lambda: shared) as room:
            yield room
    else:
        async with running_bus() as bus, furnished(lambda: DevSynapse(bus.url)) as room:
            yield room


@asynccontextmanager
async def furnished(connect: Callable[[], Synapse]) -> AsyncIterator[Room]:
    mine, other = connect(), connect()
    for synapse in {mine, other}:
        await synapse.connect()
    producer = Dendrite(synapse=other, namespace=NAMESPACE, dendrite_id="producer", heartbeat_s=0)
    async with producer, Operator(mine, NAMESPACE) as operator:
        room = Room(operator, producer)
        await mine.subscribe(f"cosmonapse.{NAMESPACE}.>", room.note)
        yield room
    for synapse in {mine, other}:
        await synapse.close()


async def test_a_bid_by_hand_wins_and_the_answer_reaches_the_producer(room: Room) -> None:
    pathway, bid = await room.sell(scope="terminal")
    work = room.person.open[await room.work()]
    assert (work.input, work.finalize, work.won, work.eta_ms) == ({"text": "long"}, True, bid, 90_000)
    await room.person.answer(work.id, {"summary": "short"})
    final = await pathway.wait(timeout_s=20)
    assert (final.type, final.payload) == (SignalType.FINAL, {"result": {"summary": "short"}})
    assert not room.person.open


async def test_everything_a_person_sends_says_so(room: Room) -> None:
    await room.sell(scope="terminal")
    work = await room.work()
    await room.person.note(work, "reading")
    await room.person.note(work, "writing")
    await room.person.answer(work, "done")
    await room.saw(SignalType.FINAL)
    mine = [
        signal for signal in room.seen if signal.neuron == ME and signal.type is not SignalType.TASK_AWARDED
    ]
    kinds = {signal.type for signal in mine}
    assert kinds >= {"REGISTER", "BID", "THOUGHT_DELTA", "AGENT_OUTPUT", "FINAL"}
    assert {signal.meta.get(SOURCE_KEY) for signal in mine} == {SOURCE}
    notes = room.of(SignalType.THOUGHT_DELTA)
    assert [note.payload for note in notes] == [
        {"delta": "reading", "seq": 0},
        {"delta": "writing", "seq": 1},
    ]
    assert {note.parent_id for note in notes} == {work}
    assert room.of(SignalType.AGENT_OUTPUT)[0].payload == {"output": {"value": "done"}}


async def test_a_task_that_names_the_person_arrives_the_same_way(room: Room) -> None:
    await room.person.join(ME, [])
    pathway = await room.producer.dispatch(neuron=ME, input={"question": "which year?"})
    work = room.person.open[await room.work()]
    assert (work.input, work.won, work.eta_ms) == ({"question": "which year?"}, None, None)
    await room.person.answer(work.id, {"year": 2025})
    output = await pathway.wait(timeout_s=20)
    assert output.payload == {"output": {"year": 2025}}


async def test_giving_up_is_a_recoverable_error_that_says_why(room: Room) -> None:
    pathway, _ = await room.sell()
    await room.person.give_up(await room.work(), "not my field")
    error = await pathway.wait(timeout_s=20)
    assert error.type is SignalType.ERROR
    assert error.payload == {"code": GAVE_UP, "message": "not my field", "recoverable": True}


async def test_a_stop_takes_the_work_back_and_is_acked(room: Room) -> None:
    pathway, _ = await room.sell()
    work = await room.work()
    await room.producer.stop_trace(pathway.trace_id)
    await until(lambda: not room.person.open)
    await until(lambda: any(ack.neuron == "person-ann" for ack in room.of(SignalType.STOPPED)))
    assert {ack.neuron: ack.payload["cancelled"] for ack in room.of(SignalType.STOPPED)}["person-ann"] == 1
    with pytest.raises(ControlError, match="does not wait for you any more"):
        await room.person.answer(work, {})


async def test_work_is_answered_once(room: Room) -> None:
    await room.sell()
    work = await room.work()
    await room.person.answer(work, {"first": True})
    with pytest.raises(ControlError):
        await room.person.answer(work, {"second": True})
    await room.saw(SignalType.AGENT_OUTPUT)
    assert [output.payload for output in room.of(SignalType.AGENT_OUTPUT)] == [{"output": {"first": True}}]


async def test_leaving_returns_what_is_open_before_it_deregisters(room: Room) -> None:
    pathway, _ = await room.sell()
    await room.work()
    await room.operator.close()
    error = await pathway.wait(timeout_s=20)
    assert (error.payload["code"], error.payload["recoverable"]) == (LEFT, True)
    await room.saw(SignalType.DEREGISTER)
    order = [signal.type for signal in room.seen if signal.type in ("ERROR", "DEREGISTER")]
    assert order == ["ERROR", "DEREGISTER"]
    assert (room.person.present, room.person.open, room.person.neuron_id) == (False, {}, "")


async def test_a_person_is_seen_from_joining_to_leaving_and_may_come_back(room: Room) -> None:
    await room.person.join(ME, ["summarize"])
    first = await room.saw(SignalType.REGISTER)
    assert (first.neuron, first.payload["capabilities"]) == (ME, ["summarize"])
    assert first.directed is not None
    assert (first.directed.type, first.directed.capabilities) == ("person", ["summarize"])
    await room.person.join(ME, ["summarize", "translate"])
    again = await room.saw(SignalType.REGISTER, 2)
    assert again.payload["capabilities"] == ["summarize", "translate"]
    await room.person.leave()
    await room.saw(SignalType.DEREGISTER)
    await room.person.leave()
    await room.person.join(ME, [])
    assert (await room.saw(SignalType.REGISTER, 3)).payload["capabilities"] == []
    assert len(room.of(SignalType.DEREGISTER)) == 1


async def test_bidding_on_something_new_announces_it_as_well(room: Room) -> None:
    await room.person.join(ME, ["translate"])
    await room.sell()
    await room.saw(SignalType.REGISTER, 2)
    assert room.person.capabilities == ("translate", "summarize")


async def test_programs_work_for_everybody_able_does_not_come_to_a_person(room: Room) -> None:
    async def upper(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        return {"text": input["text"].upper()}

    await room.person.join(ME, ["summarize"])
    await room.producer.add_axon(Axon(neuron_id="machine", neuron_fn=upper, capabilities=["summarize"]))
    for number in range(4):
        reply = await room.producer.dispatch_and_wait(
            input={"text": f"a{number}"}, capabilities=["summarize"], timeout_s=20
        )
        assert reply.payload == {"output": {"text": f"A{number}"}}
    assert not room.person.open


async def test_nobody_bids_for_a_person(room: Room) -> None:
    await room.person.join(ME, ["summarize"])
    with pytest.raises(TimeoutError):
        await room.producer.dispatch_offer(input={}, capabilities=["summarize"], deadline_ms=50)
    assert not room.of(SignalType.BID)


async def test_it_is_the_same_on_nats() -> None:
    with running_nats() as server:
        async with furnished(lambda: synapse_from_url(server.url)) as room:
            pathway, bid = await room.sell(scope="terminal")
            work = room.person.open[await room.work()]
            assert work.won == bid
            await room.person.answer(work.id, {"summary": "short"})
            final = await pathway.wait(timeout_s=20)
            assert final.payload == {"result": {"summary": "short"}}
            await room.person.leave()
            await room.saw(SignalType.DEREGISTER)


def test_the_usual_name_is_one_word_whatever_the_account_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ann b/ö")
    assert usual_name() == "person:ann-b-"

    def unknown() -> str:
        raise KeyError("no account")

    monkeypatch.setattr("getpass.getuser", unknown)
    assert usual_name() == "person:somebody"
