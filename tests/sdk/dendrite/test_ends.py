"""After a STOP or a shutdown nothing starts again, whenever it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmo_sdk import (
    Dendrite,
    PathwayClosedError,
    PathwayShutDown,
    PathwayStopped,
    RetryStrategy,
    Signal,
    SignalType,
)
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import Room, open_room

T = SignalType
WORK = (T.TASK, T.TASK_OFFER, T.TASK_AWARDED)


async def hang(input: dict[str, Any], context: list[Any]) -> None:
    await asyncio.Event().wait()


async def busy(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
    return {"__error__": True, "code": "BUSY", "message": "later", "recoverable": True}


def retrying(dendrite: Dendrite, **policy: Any) -> asyncio.Task[Signal]:
    strategy = RetryStrategy(max_attempts=9, timeout_s=2, backoff=3, retry_on=lambda outcome: True, **policy)
    waiting = dendrite.run_with_retry(retry=strategy, neuron="a", input={}, trace_id="trc_x")
    return asyncio.ensure_future(waiting)


async def stopped_by_another(room: Room, dendrite: Dendrite) -> None:
    stranger = await room.dendrite("stranger")
    await stranger.stop_trace("trc_x")


async def shut_down(room: Room, dendrite: Dendrite) -> None:
    await dendrite.stop()


ENDS = [(stopped_by_another, PathwayStopped), (shut_down, PathwayShutDown)]


@pytest.mark.parametrize("neuron", [hang, busy], ids=["silent", "busy"])
@pytest.mark.parametrize("new_trace", [True, False])
@pytest.mark.parametrize(("end", "cause"), ENDS)
@pytest.mark.parametrize("after_s", [0.5, 2.5, 4.9], ids=str)
async def test_a_retry_ends_for_good_whenever_the_end_comes(
    room: Room,
    neuron: Callable[..., Any],
    new_trace: bool,
    end: Callable[[Room, Dendrite], Awaitable[None]],
    cause: type[Exception],
    after_s: float,
):
    await room.worker("a", neuron)
    orchestrator = await room.dendrite()
    waiting = retrying(orchestrator, new_trace=new_trace)
    await room.clock.advance(after_s)
    await end(room, orchestrator)
    sent = len(room.of(*WORK))
    await settle()
    # At once: nobody waits for a pause to end.
    with pytest.raises(cause):
        await waiting
    await room.clock.advance(100)
    assert len(room.of(*WORK)) == sent


async def test_whoever_waits_while_the_dendrite_stops_is_told_on_which_trace(room: Room):
    orchestrator = await room.dendrite()
    request = Signal(type=T.PERMISSION, trace_id="trc_asked", payload={"action": "x"})
    waiting = {
        "trc_asked": asyncio.ensure_future(orchestrator.await_decision(request)),
        "trc_x": retrying(orchestrator, new_trace=False),
    }
    await room.clock.advance(1)
    await orchestrator.stop()
    for trace_id, each in waiting.items():
        with pytest.raises(PathwayShutDown, match=f"pathway of {trace_id} closed: the Dendrite was stopped"):
            await each
    between_attempts = await room.dendrite()
    pausing = retrying(between_attempts, new_trace=False)
    await room.clock.advance(3)
    await between_attempts.stop()
    with pytest.raises(PathwayShutDown, match="pathway of trc_x closed"):
        await pausing


@settings(max_examples=40, deadline=None)
@given(
    after_s=st.floats(0, 30),
    backoff=st.floats(0, 10),
    attempts=st.integers(1, 5),
    new_trace=st.booleans(),
    silent=st.booleans(),
    shutdown=st.booleans(),
)
def test_no_work_goes_out_after_an_end(
    after_s: float, backoff: float, attempts: int, new_trace: bool, silent: bool, shutdown: bool
):
    async def story() -> None:
        async with open_room() as room:
            await room.worker("a", hang if silent else busy)
            orchestrator = await room.dendrite()
            strategy = RetryStrategy(max_attempts=attempts, timeout_s=2, backoff=backoff, new_trace=new_trace)
            waiting = asyncio.ensure_future(
                orchestrator.dispatch_and_wait(neuron="a", input={}, retry=strategy, trace_id="trc_x")
            )
            await room.clock.advance(after_s)
            await (shut_down if shutdown else stopped_by_another)(room, orchestrator)
            sent = len(room.of(*WORK))
            await room.clock.advance(200)
            assert len(room.of(*WORK)) == sent
            assert waiting.done()
            await asyncio.wait([waiting])
            outcome = waiting.exception()
            assert outcome is None or isinstance(outcome, PathwayClosedError | TimeoutError)

    asyncio.run(story())


async def test_the_stop_of_an_abandoned_attempt_does_not_end_the_retry(room: Room):
    await room.worker("a", hang)
    orchestrator = await room.dendrite()
    waiting = retrying(orchestrator)
    await room.clock.advance(5.5)
    assert [task.meta["attempt"] for task in room.of(T.TASK)] == [0, 1]
    assert [stop.trace_id for stop in room.of(T.STOP)] == ["trc_x"]
    waiting.cancel()


async def test_a_stop_while_work_is_still_being_prepared_lets_nothing_out(room: Room):
    orchestrator = await room.dendrite()
    asked = [
        asyncio.ensure_future(orchestrator.dispatch(neuron="a", input={}, trace_id="trc_x")),
        asyncio.ensure_future(orchestrator.dispatch_offer(input={}, trace_id="trc_x")),
    ]
    await asyncio.sleep(0)
    await orchestrator.stop()
    for each in asked:
        with pytest.raises(PathwayShutDown):
            await each
    assert room.of(*WORK) == []


@pytest.mark.parametrize("type", [T.FINAL, T.ERROR])
async def test_a_decision_is_awaited_no_longer_than_the_trace_lives(room: Room, type: SignalType):
    orchestrator = await room.dendrite()
    question = Signal(type=T.CLARIFICATION, trace_id="trc_x", payload={"question": "?"})
    waiting = asyncio.ensure_future(orchestrator.await_decision(question))
    await settle()
    other = Signal(type=type, trace_id="trc_y", payload={"result": 1})
    await orchestrator.publish(other)
    assert not waiting.done()
    await orchestrator.publish(Signal(type=type, trace_id="trc_x", payload={"result": 1}))
    with pytest.raises(PathwayClosedError, match=f"{type} ended the trace"):
        await waiting
