"""Axons: what a Neuron function returns and what becomes of it. None of these is attached to anything."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from cosmo_sdk import Axon, Directed, Signal, SignalType
from cosmo_sdk.testing import ManualClock

T = SignalType


def task(**payload: Any) -> Signal:
    return Signal(type=T.TASK, directed=Directed(id="n"), payload={"input": {"q": 1}, **payload})


def axon(fn: Any, **options: Any) -> Axon:
    return Axon(neuron_id="n", neuron_fn=fn, **options)


async def reply_to(result: Any) -> Signal:
    async def fn(input, context):
        return result

    return await axon(fn).handle_task(task())


@pytest.mark.parametrize(
    ("result", "type", "payload"),
    [
        ({"a": 1}, T.AGENT_OUTPUT, {"output": {"a": 1}}),
        ("text", T.AGENT_OUTPUT, {"output": {"value": "text"}}),
        (None, T.AGENT_OUTPUT, {"output": {"value": None}}),
        (
            {"__clarification__": True, "question": "which?", "context": {"c": 1}, "x": 1},
            T.CLARIFICATION,
            {"question": "which?", "context": {"c": 1}},
        ),
        ({"__permission__": True, "action": "write"}, T.PERMISSION, {"action": "write"}),
        (
            {"__error__": True, "code": "BUSY", "recoverable": True},
            T.ERROR,
            {"code": "BUSY", "message": "", "recoverable": True},
        ),
        ({"__error__": True}, T.ERROR, {"code": "NEURON_ERROR", "message": "", "recoverable": False}),
        ({"__error__": False, "b": 2}, T.AGENT_OUTPUT, {"output": {"__error__": False, "b": 2}}),
    ],
    ids=str,
)
async def test_each_result_has_its_reply(result: Any, type: SignalType, payload: dict[str, Any]):
    reply = await reply_to(result)
    assert (reply.type, reply.payload, reply.neuron) == (type, payload, "n")


async def test_the_reply_hangs_below_the_task():
    asked = task()

    async def fn(input, context):
        return {}

    reply = await axon(fn).handle_task(asked)
    assert (reply.parent_id, reply.trace_id) == (asked.id, asked.trace_id)


async def test_a_plain_function_runs_off_the_loop():
    threads: list[int] = []

    def fn(input, context):
        threads.append(threading.get_ident())
        return {"q": input["q"]}

    reply = await axon(fn).handle_task(task())
    assert reply.payload == {"output": {"q": 1}}
    assert threads != [threading.get_ident()]


async def test_an_exception_that_calls_itself_recoverable_is_so():
    class Busy(Exception):
        recoverable = True

    async def fn(input, context):
        raise Busy("come back")

    reply = await axon(fn).handle_task(task())
    assert reply.payload == {"code": "NEURON_EXCEPTION", "message": "come back", "recoverable": True}


async def test_a_run_that_takes_too_long_is_a_recoverable_error():
    clock = ManualClock()

    async def fn(input, context):
        await asyncio.Event().wait()

    running = asyncio.ensure_future(axon(fn, timeout_s=3, clock=clock).handle_task(task()))
    await clock.advance(3.1)
    reply = await running
    assert (reply.payload["code"], reply.payload["recoverable"]) == ("TASK_TIMEOUT", True)


async def test_runs_beyond_max_concurrent_wait_their_turn():
    running = 0
    most = 0

    async def fn(input, context):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return {}

    limited = axon(fn, max_concurrent=2)
    await asyncio.gather(*(limited.handle_task(task()) for _ in range(8)))
    assert most == 2


async def test_before_task_replaces_or_refuses_the_input():
    async def fn(input, context):
        return input

    guarded = axon(fn)

    @guarded.before_task
    async def clean(input, context):
        if input.get("q") == "bad":
            raise PermissionError("not that")
        return {"q": "clean"}

    assert (await guarded.handle_task(task())).payload == {"output": {"q": "clean"}}
    refused = await guarded.handle_task(task(input={"q": "bad"}))
    assert (refused.type, refused.payload["message"]) == (T.ERROR, "not that")


async def test_detectors_see_the_result_before_the_markers():
    async def fn(input, context):
        return {"text": "PLEASE SPECIFY year"}

    asking = axon(fn)
    asking.detects_clarification(
        lambda result: {"question": "year?"} if "SPECIFY" in result["text"] else None
    )
    assert (await asking.handle_task(task())).payload == {"question": "year?"}


async def test_detects_output_rewrites_the_output():
    async def fn(input, context):
        return "raw"

    parsing = axon(fn)
    parsing.detects_output(lambda result: {"parsed": result})
    assert (await parsing.handle_task(task())).payload == {"output": {"parsed": "raw"}}


async def test_a_context_that_cannot_be_fetched_is_empty():
    async def broken(reference: str) -> list[Any]:
        raise OSError("gone")

    async def fn(input, context):
        return {"context": context}

    reply = await axon(fn, context_fetcher=broken).handle_task(task(context_ref="ctx://kb/1"))
    assert reply.payload == {"output": {"context": []}}


@pytest.mark.parametrize("options", [{"neuron_id": ""}, {"timeout_s": 0}, {"max_concurrent": 0}], ids=str)
def test_impossible_options_are_refused(options: dict[str, Any]):
    with pytest.raises(ValueError, match=next(iter(options))):
        Axon(**{"neuron_id": "n", "neuron_fn": print, **options})
