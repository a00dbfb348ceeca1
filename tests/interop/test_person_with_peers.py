"""A person at Doppler sells their work to producers of every release, on the releases' own buses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cosmo_doppler.controls import Operator
from cosmo_sdk import DevSynapse, Signal, SignalType
from tests.interop.border import PeerRoom
from tests.interop.peers import ANSWER_S, VERSIONS

pytestmark = [pytest.mark.peer, pytest.mark.parametrize("version", VERSIONS)]

NAMESPACE = "dev"
ME = "person:ann"


class Booth:
    """The person, and everything that crosses the bus."""

    def __init__(self, url: str, operator: Operator) -> None:
        self.there: dict[str, Any] = {"url": url, "namespace": NAMESPACE}
        self.person = operator.person
        self.seen: list[Signal] = []
        self._changed = asyncio.Event()

    def note(self, signal: Signal) -> None:
        self.seen.append(signal)
        self._changed.set()

    async def saw(self, kind: SignalType) -> Signal:
        async with asyncio.timeout(ANSWER_S):
            while True:
                for signal in self.seen:
                    if signal.type is kind:
                        return signal
                self._changed.clear()
                await self._changed.wait()

    async def bid(self, cost: float) -> Signal:
        return await self.person.bid(
            await self.saw(SignalType.TASK_OFFER), neuron_id=ME, capabilities=["echo"], cost=cost, eta_ms=5000
        )

    async def work(self) -> str:
        """Wait for work; its id."""
        async with asyncio.timeout(ANSWER_S):
            # Nothing crosses the bus when the person's own Axon takes it up.
            while not self.person.open:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return next(iter(self.person.open))


@pytest.fixture
async def booth(room: PeerRoom) -> AsyncIterator[Booth]:
    """A bus of theirs, with the person on it."""
    synapse = DevSynapse(await room.do("bus"))
    await synapse.connect()
    async with Operator(synapse, NAMESPACE) as operator:
        booth = Booth(synapse.url, operator)
        await synapse.subscribe(f"cosmonapse.{NAMESPACE}.>", booth.note)
        yield booth
    await synapse.close()
    await room.do("leave", namespace=NAMESPACE)


async def test_their_award_comes_to_the_person_and_the_answer_back_to_them(
    room: PeerRoom, booth: Booth
) -> None:
    terms = {"input": {"text": "long"}, "capabilities": ["echo"], "deadline_ms": 10_000}
    selling = asyncio.ensure_future(room.do("offer", **booth.there, **terms, select="first_bid"))
    bid = await booth.bid(0.5)
    work = booth.person.open[await booth.work()]
    assert (work.input, work.won, work.finalize) == ({"text": "long"}, bid, True)
    await booth.person.answer(work.id, {"summary": "short"})
    final = await selling
    assert (final["type"], final["payload"]["result"]) == ("FINAL", {"summary": "short"})


async def test_a_worker_of_theirs_that_asks_less_wins_and_the_person_is_told(
    room: PeerRoom, booth: Booth
) -> None:
    await room.do("work", **booth.there, neuron="theirs", capabilities=["echo"], bid={"cost": 0.1})
    terms = {"input": {"n": 7}, "capabilities": ["echo"], "deadline_ms": 3000}
    selling = asyncio.ensure_future(room.do("offer", **booth.there, **terms, select="lowest_cost"))
    bid = await booth.bid(0.5)
    assert (await selling)["payload"]["result"] == {"echo": {"n": 7}}
    declined = await booth.saw(SignalType.TASK_DECLINED)
    assert (declined.neuron, declined.parent_id) == (ME, bid.id)
    assert not booth.person.open


async def test_a_task_of_theirs_that_names_the_person_may_be_given_back(room: PeerRoom, booth: Booth) -> None:
    await booth.person.join(ME, ["echo"])
    asking = asyncio.ensure_future(room.do("task", **booth.there, neuron=ME, input={"text": "long"}))
    await booth.person.give_up(await booth.work(), "not today")
    error = await asking
    assert (error["type"], error["payload"]["message"], error["payload"]["recoverable"]) == (
        "ERROR",
        "not today",
        True,
    )
