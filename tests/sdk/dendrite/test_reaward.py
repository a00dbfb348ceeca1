"""Winners that are lost: who notices, who gets the work next, and what of the lost one is still heard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cosmo_sdk import (
    Dendrite,
    Directed,
    MemoryRegistryStore,
    Pathway,
    PathwayShutDown,
    PathwayStopped,
    Reaward,
    Signal,
    SignalType,
    WinnerLost,
)
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import Room

T = SignalType


async def work(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
    return {"by": "a worker that lives"}


async def hang(input: dict[str, Any], context: list[Any]) -> None:
    await asyncio.Event().wait()


async def offer(room: Room, orchestrator: Dendrite, **options: Any) -> Pathway:
    """An offer that the cheapest wins, with its whole window."""
    options = {"input": {}, "deadline_ms": 250, "select": "lowest_cost", "reaward": True, **options}
    pending = asyncio.ensure_future(orchestrator.dispatch_offer(capabilities=["summarize"], **options))
    await room.clock.advance(0.3)
    return await pending


def awarded(room: Room) -> list[str | None]:
    return [award.neuron for award in room.of(T.TASK_AWARDED)]


def declined(room: Room) -> list[tuple[str | None, str]]:
    return [(signal.neuron, signal.payload["reason"]) for signal in room.of(T.TASK_DECLINED)]


async def test_a_winner_that_leaves_is_followed_by_the_next_best(room: Room):
    lost = await room.bidder("a", hang, cost=1)
    await room.bidder("b", work, cost=2)
    await room.bidder("c", work, cost=3)
    pathway = await offer(room, await room.dendrite(), reaward=Reaward(max_awards=2))
    assert declined(room) == [("c", "not selected")]
    # As a released peer leaves: it says so, and nothing more.
    await lost.publish(Signal(type=T.DEREGISTER, directed=Directed(id="a")))
    await room.clock.advance(1.1)
    reply = await pathway.wait(1)
    assert reply.neuron == "b"
    first, second = room.of(T.TASK_AWARDED)
    assert (second.neuron, second.meta["cosmo.withdraws"]) == ("b", first.id)
    assert reply.parent_id == second.id
    assert declined(room)[1:] == [("a", "withdrawn: it left")]
    assert room.of(T.TASK_DECLINED)[-1].meta == {"cosmo.award": first.id}


async def test_a_host_that_goes_home_says_so_and_the_work_goes_on(room: Room):
    lost = await room.bidder("a", hang, cost=1)
    await room.bidder("b", work, cost=2)
    pathway = await offer(room, await room.dendrite(), scope="terminal")
    stopping = asyncio.ensure_future(lost.stop())
    await asyncio.wait_for(stopping, 5)
    await settle()
    final = await pathway.wait(1)
    assert (final.type, final.neuron, pathway.withheld) == (T.FINAL, "b", 1)
    assert declined(room) == [("a", "withdrawn: it answered with ERROR NEURON_LEFT")]


async def test_silence_is_measured_from_the_last_sign_of_life(room: Room):
    talker = await room.bidder("a", hang, cost=1)
    await room.bidder("b", work, cost=2)
    pathway = await offer(room, await room.dendrite(), reaward=Reaward(deadline_s=10))
    (award,) = room.of(T.TASK_AWARDED)
    await room.clock.advance(9)
    await talker.publish(award.reply(T.THOUGHT_DELTA, {"delta": "hm"}, Directed(id="a")))
    await room.clock.advance(9)
    assert awarded(room) == ["a"]
    await room.clock.advance(1.1)
    assert awarded(room) == ["a", "b"]
    assert declined(room) == [("a", "withdrawn: it said nothing for 10 s")]
    assert (await pathway.wait_for(T.AGENT_OUTPUT, 1)).neuron == "b"


async def test_a_registry_that_calls_the_winner_stale_is_enough(room: Room):
    await room.bidder("a", hang, cost=1)
    await room.bidder("b", work, {"heartbeat_s": 5}, cost=2)
    orchestrator = await room.dendrite(registry_store=MemoryRegistryStore(), stale_after_s=20)
    await settle()
    await room.clock.advance(0.2)
    pathway = await offer(room, orchestrator, reaward=Reaward(deadline_s=None))
    await room.clock.advance(40)
    assert (await pathway.wait(1)).neuron == "b"
    assert declined(room) == [("a", "withdrawn: it fell silent")]


async def test_without_reaward_a_registry_still_ends_the_wait_and_says_why(room: Room):
    await room.bidder("a", hang, cost=1)
    await room.bidder("b", work, cost=2)
    orchestrator = await room.dendrite(registry_store=MemoryRegistryStore(), stale_after_s=20)
    await room.clock.advance(0.2)
    pathway = await offer(room, orchestrator, reaward=None)
    waiting = asyncio.ensure_future(pathway.wait(300))
    await room.clock.advance(40)
    with pytest.raises(WinnerLost, match="a won and is lost: it fell silent") as caught:
        await waiting
    assert (caught.value.neuron, caught.value.awards) == ("a", 1)
    assert awarded(room) == ["a"]
    assert declined(room) == [("b", "not selected")]


async def test_without_reaward_and_registry_nobody_notices(room: Room):
    lost = await room.bidder("a", hang, cost=1)
    pathway = await offer(room, await room.dendrite(), reaward=False)
    await lost.publish(Signal(type=T.DEREGISTER, directed=Directed(id="a")))
    waiting = asyncio.ensure_future(pathway.wait(300))
    await room.clock.advance(301)
    with pytest.raises(TimeoutError):
        await waiting


async def test_when_nobody_is_left_the_wait_ends_with_winner_lost(room: Room):
    await room.bidder("a", hang, cost=1)
    await room.bidder("b", hang, cost=2)
    pathway = await offer(room, await room.dendrite(), reaward=Reaward(deadline_s=10))
    waiting = asyncio.ensure_future(pathway.wait())
    await room.clock.advance(21)
    with pytest.raises(WinnerLost, match="b won and is lost: it said nothing for 10 s") as caught:
        await waiting
    assert (caught.value.awards, pathway.closed) == (2, True)
    with pytest.raises(WinnerLost):
        await pathway.wait()


async def test_a_last_recoverable_error_is_the_outcome(room: Room):
    async def busy(input: Any, context: Any) -> dict[str, Any]:
        return {"__error__": True, "code": "BUSY", "message": "later", "recoverable": True}

    await room.bidder("a", busy, cost=1)
    await room.bidder("b", busy, cost=2)
    pathway = await offer(room, await room.dendrite())
    reply = await pathway.wait(1)
    assert (reply.neuron, reply.payload["code"]) == ("b", "BUSY")
    assert awarded(room) == ["a", "b"]


async def test_an_error_that_nobody_else_could_avoid_is_the_outcome(room: Room):
    async def broken(input: Any, context: Any) -> None:
        raise ValueError("no such file")

    await room.bidder("a", broken, cost=1)
    await room.bidder("b", work, cost=2)
    pathway = await offer(room, await room.dendrite())
    assert (await pathway.wait(1)).payload["code"] == "NEURON_EXCEPTION"
    await settle()
    assert awarded(room) == ["a"]
    assert declined(room) == [("b", "not selected")]


@pytest.mark.parametrize("parent", ["the award", "an id nobody has seen"])
async def test_a_late_answer_of_a_former_winner_is_withheld(room: Room, parent: str):
    ghost = await room.dendrite("ghost", auto_bid=False, role="worker")

    @ghost.on_task_offer
    async def respond(made: Signal) -> None:
        await ghost.bid(made, neuron="a", cost=0)

    await settle()
    await room.bidder("b", hang, cost=2)
    pathway = await offer(room, await room.dendrite(), reaward=Reaward(deadline_s=10))
    heard: list[str | None] = []
    pathway.on(T.AGENT_OUTPUT)(lambda signal: heard.append(signal.neuron))
    await room.clock.advance(10.1)
    first, second = room.of(T.TASK_AWARDED)
    late = first.reply(T.AGENT_OUTPUT, {"output": "late"}, Directed(id="a"))
    late.parent_id = first.id if parent == "the award" else "evt_inner"
    await ghost.publish(late)
    await ghost.publish(late.reply(T.FINAL, {"result": "late"}, Directed(id="a")))
    await settle()
    assert (heard, pathway.withheld, pathway.closed) == ([], 2, False)
    await ghost.publish(second.reply(T.AGENT_OUTPUT, {"output": "right"}, Directed(id="b")))
    assert (await pathway.wait(1)).payload == {"output": "right"}


async def test_a_former_winner_may_still_be_asked_for_something_else_on_the_trace(room: Room):
    ghost = await room.dendrite("ghost", auto_bid=False, role="worker")

    @ghost.on_task_offer
    async def respond(made: Signal) -> None:
        await ghost.bid(made, neuron="a", cost=0)

    await settle()
    await room.bidder("b", hang, cost=2)
    orchestrator = await room.dendrite()
    pathway = await offer(room, orchestrator, reaward=Reaward(deadline_s=10))
    await room.clock.advance(10.1)
    task = await orchestrator.dispatch_task(neuron="a", input={}, trace_id=pathway.trace_id)
    await ghost.publish(task.reply(T.AGENT_OUTPUT, {"output": 1}, Directed(id="a")))
    assert (await pathway.wait(1)).neuron == "a"


def hang_until_cancelled(ended: list[str]) -> Any:
    """A Neuron that never answers, and notes its end."""

    async def work(input: Any, context: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("a")

    return work


async def test_the_host_of_a_withdrawn_award_ends_its_run(room: Room):
    ended: list[str] = []
    await room.bidder("a", hang_until_cancelled(ended), cost=1)
    await room.bidder("b", work, cost=2)
    pathway = await offer(room, await room.dendrite(), reaward=Reaward(deadline_s=10))
    await room.clock.advance(10.1)
    assert (await pathway.wait(1)).neuron == "b"
    assert ended == ["a"]


async def test_the_last_holder_ends_its_run_when_nobody_is_left_to_have_it(room: Room):
    ended: list[str] = []
    await room.bidder("a", hang_until_cancelled(ended), cost=1)
    pathway = await offer(room, await room.dendrite(), reaward=Reaward(deadline_s=10))
    await room.clock.advance(10.1)
    with pytest.raises(WinnerLost):
        await pathway.wait(1)
    assert ended == ["a"]
    assert [stop.payload["reason"] for stop in room.of(T.STOP)] == ["a won and is lost"]


async def test_a_lost_winner_that_was_cut_off_hears_the_stop_when_it_comes_back(room: Room):
    lost = await room.bidder("a", hang, cost=1)
    pathway = await offer(room, await room.dendrite(), reaward=Reaward(deadline_s=10))
    await room.clock.advance(10.1)
    (stop,) = room.of(T.STOP)
    for name in ("somebody else", "a", "a"):
        await lost.publish(Signal(type=T.REGISTER, directed=Directed(id=name), payload={"capabilities": []}))
        await settle()
    assert [again.id for again in room.of(T.STOP)] == [stop.id, stop.id]
    assert pathway.closed


async def test_a_trace_that_is_not_the_offers_own_goes_on_when_nobody_is_left(room: Room):
    await room.bidder("a", hang, cost=1)
    policy = Reaward(deadline_s=10)
    pathway = await offer(room, await room.dendrite(), reaward=policy, trace_id="trc_shared")
    await room.clock.advance(10.1)
    with pytest.raises(WinnerLost):
        await pathway.wait(1)
    assert room.of(T.STOP) == []


@pytest.mark.parametrize("answer", ["__clarification__", "__permission__"])
async def test_once_there_is_an_answer_the_work_passes_to_nobody(room: Room, answer: str):
    async def ask(input: Any, context: Any) -> dict[str, Any]:
        return {answer: True, "question": "?", "action": "?"}

    lost = await room.bidder("a", ask, cost=1)
    await room.bidder("b", work, cost=2)
    pathway = await offer(room, await room.dendrite(), reaward=Reaward(deadline_s=10))
    await pathway.wait(1)
    await lost.publish(Signal(type=T.DEREGISTER, directed=Directed(id="a")))
    await room.clock.advance(60)
    assert awarded(room) == ["a"]
    # Only now is it certain that the one that stood by is not needed.
    assert declined(room) == [("b", "not selected")]


End = Callable[[Dendrite, Pathway], Awaitable[Any]]


@pytest.mark.parametrize(
    ("end", "cause"),
    [
        (lambda dendrite, pathway: dendrite.stop_trace(pathway.trace_id), PathwayStopped),
        (lambda dendrite, pathway: dendrite.stop(), PathwayShutDown),
        (lambda dendrite, pathway: pathway.close(), RuntimeError),
    ],
    ids=["stop", "shutdown", "close"],
)
async def test_nothing_passes_on_after_an_end(room: Room, end: End, cause: type[Exception]):
    lost = await room.bidder("a", hang, cost=1)
    await room.bidder("b", work, cost=2)
    orchestrator = await room.dendrite()
    pathway = await offer(room, orchestrator, reaward=Reaward(deadline_s=10))
    await end(orchestrator, pathway)
    await lost.publish(Signal(type=T.DEREGISTER, directed=Directed(id="a")))
    await room.clock.advance(60)
    with pytest.raises(cause):
        await pathway.wait()
    assert awarded(room) == ["a"]


async def test_where_the_first_wins_the_second_stands_by(room: Room):
    await room.bidder("a", hang, cost=1)
    await room.bidder("b", work, cost=2)
    await room.bidder("c", work, cost=2)
    orchestrator = await room.dendrite()
    policy = Reaward(deadline_s=10, max_awards=2)
    pathway = await orchestrator.dispatch_offer(input={}, capabilities=["summarize"], reaward=policy)
    await room.clock.advance(10.1)
    assert (await pathway.wait(1)).neuron == "b"
    assert declined(room) == [("c", "not selected"), ("a", "withdrawn: it said nothing for 10 s")]


async def test_who_left_while_standing_by_is_passed_over(room: Room):
    await room.bidder("a", hang, cost=1)
    gone = await room.bidder("b", work, cost=2)
    await room.bidder("c", work, cost=3)
    pathway = await offer(room, await room.dendrite(), reaward=Reaward(deadline_s=10))
    await gone.stop()
    await room.clock.advance(10.1)
    assert (await pathway.wait(1)).neuron == "c"


async def test_a_host_that_lets_go_of_a_neuron_but_finishes_its_work_is_not_lost(room: Room):
    gate = asyncio.Event()

    async def slow(input: Any, context: Any) -> dict[str, Any]:
        await gate.wait()
        return {"by": "a"}

    host = await room.bidder("a", slow, cost=1)
    await room.bidder("b", work, cost=2)
    pathway = await offer(room, await room.dendrite(), reaward=Reaward(deadline_s=None))
    await host.detach_axon("a")
    await room.clock.advance(60)
    gate.set()
    assert (await pathway.wait(1)).payload == {"output": {"by": "a"}}
    assert awarded(room) == ["a"]


async def test_another_host_of_the_same_name_may_leave(room: Room):
    await room.bidder("a", hang, cost=1)
    twin = await room.worker("a", work, "elsewhere")
    await room.bidder("b", work, cost=2)
    pathway = await offer(room, await room.dendrite(), reaward=Reaward(deadline_s=None))
    await twin.stop()
    await room.clock.advance(60)
    assert awarded(room) == ["a"]
    await pathway.close()


async def test_of_two_hosts_of_one_name_a_released_peer_goes_first_so_that_only_one_works(room: Room):
    """A peer serves each award of its neuron, whoever won; ours serves only what it won itself."""
    runs: list[str] = []

    async def ours(input: Any, context: Any) -> dict[str, Any]:
        runs.append("ours")
        return {}

    peer = await room.dendrite("peer", auto_bid=False)

    @peer.on_task_offer
    async def respond(made: Signal) -> None:
        await peer.publish(made.reply(T.BID, {"cost": 5}, Directed(id="twin")))

    @peer.on_task_awarded
    async def serve(award: Signal) -> None:
        runs.append("peer")
        await peer.publish(award.reply(T.AGENT_OUTPUT, {"output": {}}, Directed(id="twin")))

    await settle()
    await room.bidder("twin", ours, cost=1)
    pathway = await offer(room, await room.dendrite(), reaward=None)
    await pathway.wait(1)
    await settle()
    assert runs == ["peer"]


@pytest.mark.parametrize("limits", [{"deadline_s": 0}, {"deadline_s": -1}, {"max_awards": 0}], ids=str)
def test_limits_that_make_no_sense_are_refused(limits: dict[str, Any]):
    with pytest.raises(ValueError, match=next(iter(limits))):
        Reaward(**limits)


async def test_work_is_not_called_lost_while_the_bus_is_away(room: Room, monkeypatch: pytest.MonkeyPatch):
    await room.bidder("a", hang, cost=1)
    await room.bidder("b", work, cost=2)
    pathway = await offer(room, await room.dendrite(), reaward=Reaward(deadline_s=10))
    with monkeypatch.context() as patch:
        patch.setattr(type(room.synapse), "connected", property(lambda self: False))
        await room.clock.advance(25)
    assert awarded(room) == ["a"]
    await room.clock.advance(10)
    assert (await pathway.wait(1)).neuron == "b"
