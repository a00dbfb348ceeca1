"""Pathways: waiting, iterating and calling back, none in the way of the others."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_sdk import Pathway, PathwayClosedError, PathwayShutDown, PathwayStopped, Signal, SignalType
from cosmo_sdk.pathway import BUFFERED
from cosmo_sdk.testing import ManualClock, settle

T = SignalType
TRACE = "trc_x"


def signal(type: SignalType, **payload: object) -> Signal:
    return Signal(type=type, trace_id=TRACE, payload=payload)


async def test_a_signal_that_came_before_wait_is_kept():
    pathway = Pathway(TRACE)
    pathway.deliver(signal(T.AGENT_OUTPUT, n=1))
    pathway.deliver(signal(T.AGENT_OUTPUT, n=2))
    assert [(await pathway.wait(1)).payload["n"] for _ in range(2)] == [1, 2]


async def test_every_waiter_gets_a_signal_that_both_want():
    pathway = Pathway(TRACE)
    waiting = [asyncio.ensure_future(pathway.wait()), asyncio.ensure_future(pathway.wait_for(T.FINAL))]
    await settle()
    pathway.deliver(signal(T.FINAL, result=1))
    assert [(await each).type for each in waiting] == [T.FINAL, T.FINAL]


async def test_wait_passes_over_what_is_no_answer():
    pathway = Pathway(TRACE)
    pathway.deliver(signal(T.PLAN))
    pathway.deliver(signal(T.CLARIFICATION))
    assert (await pathway.wait(1)).type is T.CLARIFICATION
    assert (await pathway.wait_for(T.PLAN, 1)).type is T.PLAN


async def test_terminal_scope_hides_outputs_from_wait_but_not_from_callbacks():
    pathway = Pathway(TRACE, scope="terminal")
    heard: list[SignalType] = []
    pathway.on(T.AGENT_OUTPUT)(lambda each: heard.append(each.type))
    pathway.deliver(signal(T.AGENT_OUTPUT))
    pathway.deliver(signal(T.PERMISSION))
    assert (await pathway.wait(1)).type is T.PERMISSION
    assert heard == [T.AGENT_OUTPUT]


@pytest.mark.parametrize("type", [T.FINAL, T.ERROR])
async def test_an_end_closes_it_and_is_still_delivered(type: SignalType):
    pathway = Pathway(TRACE)
    waiting = asyncio.ensure_future(pathway.wait())
    await settle()
    pathway.deliver(signal(type))
    assert (await waiting).type is type
    assert pathway.closed
    pathway.deliver(signal(T.FINAL, second=True))
    with pytest.raises(PathwayClosedError):
        await pathway.wait(1)


async def test_what_was_buffered_survives_the_close():
    pathway = Pathway(TRACE)
    pathway.deliver(signal(T.AGENT_OUTPUT, n=1))
    pathway.deliver(signal(T.FINAL))
    await pathway.close()
    assert [(await pathway.wait(1)).type for _ in range(2)] == [T.AGENT_OUTPUT, T.FINAL]
    with pytest.raises(PathwayClosedError, match=TRACE):
        await pathway.wait()


async def test_callbacks_have_finished_before_wait_returns():
    pathway = Pathway(TRACE)
    finished: list[str] = []
    gate = asyncio.Event()

    @pathway.on(T.AGENT_OUTPUT)
    async def slow(each: Signal) -> None:
        await gate.wait()
        finished.append("callback")

    waiting = asyncio.ensure_future(pathway.wait())
    await settle()
    pathway.deliver(signal(T.AGENT_OUTPUT))
    await settle()
    assert not waiting.done()
    gate.set()
    await waiting
    assert finished == ["callback"]


async def test_a_slow_callback_neither_reorders_nor_loses_what_iteration_sees():
    pathway = Pathway(TRACE)
    gate = asyncio.Event()
    pathway.on(T.AGENT_OUTPUT)(lambda each: gate.wait())
    pathway.deliver(signal(T.AGENT_OUTPUT))
    pathway.deliver(signal(T.FINAL))
    assert [each.type async for each in pathway] == [T.AGENT_OUTPUT, T.FINAL]
    gate.set()
    await settle()


async def test_a_callback_that_raises_hurts_nobody():
    pathway = Pathway(TRACE)
    heard: list[int] = []

    @pathway.on(T.FINAL)
    def broken(each: Signal) -> None:
        raise RuntimeError("broken")

    pathway.on(T.FINAL)(lambda each: heard.append(1))
    waiting = asyncio.ensure_future(pathway.wait())
    await settle()
    pathway.deliver(signal(T.FINAL))
    await waiting
    assert heard == [1]


async def test_late_iteration_sees_the_history_and_ends_with_the_pathway():
    pathway = Pathway(TRACE)
    pathway.deliver(signal(T.PLAN))
    seen: list[SignalType] = []

    async def follow() -> None:
        seen.extend([each.type async for each in pathway])

    following = asyncio.ensure_future(follow())
    await settle()
    pathway.deliver(signal(T.TOOL_CALL))
    await settle()
    pathway.deliver(signal(T.FINAL))
    await following
    assert seen == [T.PLAN, T.TOOL_CALL, T.FINAL]


async def test_a_stop_tells_waiters_apart_from_a_close():
    pathway = Pathway(TRACE)
    waiting = asyncio.ensure_future(pathway.wait())
    await settle()
    pathway.end(PathwayStopped(TRACE, "the trace was stopped"))
    with pytest.raises(PathwayStopped):
        await waiting


async def test_the_buffer_is_bounded_and_says_what_it_dropped():
    pathway = Pathway(TRACE)
    for number in range(BUFFERED + 3):
        pathway.deliver(signal(T.AGENT_OUTPUT, n=number))
    assert pathway.dropped == 3
    assert (await pathway.wait(1)).payload["n"] == 3


async def test_timeouts_follow_the_clock():
    clock = ManualClock()
    pathway = Pathway(TRACE, clock=clock)
    waiting = asyncio.ensure_future(pathway.wait(10))
    await clock.advance(9.5)
    assert not waiting.done()
    await clock.advance(1)
    with pytest.raises(TimeoutError, match="10s"):
        await waiting


def test_an_unknown_scope_is_refused():
    with pytest.raises(ValueError, match="terminal"):
        Pathway(TRACE, scope="some")  # type: ignore[arg-type]


async def test_a_stuck_callback_keeps_nobody_waiting_for_an_end():
    pathway = Pathway(TRACE)
    pathway.on(T.PLAN)(lambda each: asyncio.Event().wait())
    pathway.deliver(signal(T.PLAN))
    waiting = asyncio.ensure_future(pathway.wait())
    await settle()
    pathway.end(PathwayStopped(TRACE, "the trace was stopped"))
    with pytest.raises(PathwayStopped):
        await waiting
    with pytest.raises(PathwayStopped):
        await pathway.wait()
    # A Dendrite that goes home leaves no callback behind.
    pathway.end(PathwayShutDown(TRACE))
    await settle()
    assert (await pathway.wait_for(T.PLAN)).type is T.PLAN


async def test_a_callback_that_is_cancelled_costs_nobody_a_signal():
    pathway = Pathway(TRACE)

    @pathway.on(T.PLAN)
    def cancelled(each: Signal) -> None:
        raise asyncio.CancelledError

    pathway.deliver(signal(T.PLAN))
    pathway.deliver(signal(T.AGENT_OUTPUT))
    assert (await pathway.wait(1)).type is T.AGENT_OUTPUT
    pathway.deliver(signal(T.FINAL))
    assert (await pathway.wait(1)).type is T.FINAL


async def test_an_iteration_that_is_too_slow_says_how_much_it_missed():
    pathway = Pathway(TRACE, scope="all")
    pathway.deliver(signal(T.AGENT_OUTPUT, n=0))
    iteration = aiter(pathway)
    assert (await anext(iteration)).payload["n"] == 0
    for number in range(1, BUFFERED + 6):
        pathway.deliver(signal(T.AGENT_OUTPUT, n=number))
    before = pathway.dropped
    assert (await anext(iteration)).payload["n"] == 6
    assert pathway.dropped - before == 5
    await iteration.aclose()


async def test_it_says_why_it_closed():
    pathway = Pathway(TRACE)
    assert pathway.cause is None
    pathway.deliver(signal(T.ERROR))
    assert str(pathway.cause) == f"pathway of {TRACE} closed: ERROR ended the trace"


async def test_a_flood_of_thoughts_costs_no_answer():
    pathway = Pathway(TRACE)
    pathway.deliver(signal(T.AGENT_OUTPUT, n=1))
    for number in range(BUFFERED + 5):
        pathway.deliver(signal(T.THOUGHT_DELTA, n=number))
    assert (await pathway.wait(1)).payload == {"n": 1}
    assert pathway.dropped == 6
    assert (await pathway.wait_for(T.THOUGHT_DELTA, 1)).payload == {"n": 6}


async def test_what_was_dropped_is_told_wherever_somebody_looks(caplog: pytest.LogCaptureFixture):
    clock = ManualClock()
    pathway = Pathway(TRACE, clock=clock)
    for number in range(BUFFERED + 2):
        pathway.deliver(signal(T.PLAN, n=number))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert repr(pathway) == f"<Pathway {TRACE}, originator, scope all, open, 2 dropped>"
    waiting = asyncio.ensure_future(pathway.wait(1))
    await clock.advance(2)
    with pytest.raises(TimeoutError, match="2 signals were dropped"):
        await waiting
    await pathway.close()
    with pytest.raises(PathwayClosedError) as caught:
        await pathway.wait()
    assert caught.value.__notes__ == ["2 signals were dropped before anybody consumed them"]
    assert repr(pathway) == f"<Pathway {TRACE}, originator, scope all, closed: closed, 2 dropped>"


async def test_what_is_iterated_over_or_called_back_about_is_not_dropped():
    pathway = Pathway(TRACE)
    seen: list[Signal] = []

    async def follow() -> None:
        seen.extend([each async for each in pathway])

    following = asyncio.ensure_future(follow())
    await settle()
    for number in range(BUFFERED + 9):
        pathway.deliver(signal(T.PLAN, n=number))
        if number % 1000 == 0:
            await settle()
    await pathway.close()
    await following
    assert (len(seen), pathway.dropped) == (BUFFERED + 9, 0)


async def test_a_stuck_callback_does_not_hoard_signals():
    pathway = Pathway(TRACE)
    gate = asyncio.Event()
    heard: list[object] = []

    @pathway.on(T.PLAN)
    async def slow(each: Signal) -> None:
        await gate.wait()
        heard.append(each.payload["n"])

    for number in range(BUFFERED + 3):
        pathway.deliver(signal(T.PLAN, n=number))
        await asyncio.sleep(0)
    assert pathway.dropped == 3
    # Only their callbacks were: they can still be waited for.
    assert (await pathway.wait_for(T.PLAN, 1)).payload == {"n": 1}
    gate.set()
    await settle()
    assert (heard[:2], len(heard)) == ([0, 4], BUFFERED)


@pytest.mark.parametrize("early", [True, False], ids=["already there", "still to come"])
async def test_a_callback_may_wait_for_what_comes_next(early: bool):
    pathway = Pathway(TRACE)
    got: list[SignalType] = []

    @pathway.on(T.CLARIFICATION)
    async def answer(question: Signal) -> None:
        got.append((await pathway.wait_for(T.AGENT_OUTPUT)).type)
        got.append((await pathway.wait()).type)
        with pytest.raises(PathwayClosedError):
            await pathway.wait()

    pathway.deliver(signal(T.CLARIFICATION))
    if not early:
        await settle()
    pathway.deliver(signal(T.AGENT_OUTPUT))
    if not early:
        await settle()
    pathway.deliver(signal(T.FINAL))
    await settle()
    assert got == [T.AGENT_OUTPUT, T.FINAL]
    # Each was consumed once; the question itself by nobody.
    assert (await pathway.wait()).type is T.CLARIFICATION
    with pytest.raises(PathwayClosedError):
        await pathway.wait()
