"""Axons: what a Neuron function returns and what becomes of it. None of these is attached to anything."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from typing import Any

import pytest

from cosmo_sdk import Axon, Directed, EngramBinding, Signal, SignalType
from cosmo_sdk.testing import ManualClock, settle

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


async def test_the_context_is_what_the_fetcher_finds_plain_or_not():
    async def fn(input, context):
        return {"context": context}

    async def fetched(reference: str) -> list[Any]:
        return [reference]

    for fetcher in (fetched, lambda reference: (reference,)):
        reply = await axon(fn, context_fetcher=fetcher).handle_task(task(context_ref="ctx://kb/1"))
        assert reply.payload == {"output": {"context": ["ctx://kb/1"]}}
    assert (await axon(fn).handle_task(task(context_ref="ctx://kb/1"))).payload == {"output": {"context": []}}


def _gone(reference: str) -> list[Any]:
    raise OSError("gone")


@pytest.mark.parametrize("fetcher", [None, _gone], ids=["nobody", "broken"])
async def test_a_context_that_is_required_and_missing_is_a_recoverable_error(fetcher: Any):
    async def fn(input, context):
        return {}

    strict = axon(fn, context_fetcher=fetcher, require_context=True)
    reply = await strict.handle_task(task(context_ref="ctx://kb/1"))
    assert (reply.payload["code"], reply.payload["recoverable"]) == ("CONTEXT_UNAVAILABLE", True)
    assert "ctx://kb/1" in reply.payload["message"]
    assert (await strict.handle_task(task())).type is T.AGENT_OUTPUT


async def test_a_hook_that_takes_only_the_input_is_called_with_that():
    async def fn(input, context):
        return input

    chained = axon(fn)
    chained.before_task(lambda input: {**input, "first": True})
    chained.before_task(lambda input, context: None)
    chained.before_task(lambda input: {**input, "last": input["first"]})
    assert (await chained.handle_task(task())).payload == {"output": {"q": 1, "first": True, "last": True}}


async def test_a_hook_that_returns_neither_dict_nor_none_is_told_so():
    async def fn(input, context):
        return input

    wrong = axon(fn)

    @wrong.before_task
    def listed(input):
        return [input]

    reply = await wrong.handle_task(task())
    assert reply.type is T.ERROR
    assert "before_task listed returned a list" in reply.payload["message"]


async def test_errors_are_detected_before_questions_before_requests_before_outputs():
    async def fn(input, context):
        return input["kinds"]

    asking = axon(fn)
    asking.detects_output(lambda kinds: {"out": 1} if "output" in kinds else None)
    asking.detects_permission(lambda kinds: {"action": "a"} if "permission" in kinds else None)
    asking.detects_clarification(lambda kinds: {"question": "q"} if "clarification" in kinds else None)
    asking.detects_error(lambda kinds: {"code": "C"} if "error" in kinds else None)
    kinds = ["error", "clarification", "permission", "output"]
    got = []
    while kinds:
        got.append((await asking.handle_task(task(input={"kinds": list(kinds)}))).type)
        kinds.pop(0)
    assert got == [T.ERROR, T.CLARIFICATION, T.PERMISSION, T.AGENT_OUTPUT]


async def test_the_first_output_rule_that_answers_decides_and_may_set_a_marker():
    async def fn(input, context):
        return "ASK"

    parsing = axon(fn)
    parsing.detects_output(lambda result: None)
    parsing.detects_output(lambda result: {"__clarification__": True, "question": result})
    parsing.detects_output(lambda result: {"never": True})
    reply = await parsing.handle_task(task())
    assert (reply.type, reply.payload) == (T.CLARIFICATION, {"question": "ASK"})


async def test_an_exception_may_bring_its_own_code():
    class Quota(Exception):
        code = "QUOTA"
        recoverable = True

    async def fn(input, context):
        raise Quota

    reply = await axon(fn).handle_task(task())
    assert reply.payload == {"code": "QUOTA", "message": "Quota", "recoverable": True}


class Called:
    """An object that is a Neuron."""

    async def __call__(self, input, context):
        return {"by": "call", **input}

    async def method(self, input, context):
        return {"by": "method", **input}

    @staticmethod
    def plain(input, context):
        return {"by": "plain", **input}


async def _with_option(option, input, context):
    return {"by": option, **input}


@pytest.mark.parametrize(
    ("fn", "by"),
    [
        (Called(), "call"),
        (Called().method, "method"),
        (Called.plain, "plain"),
        (functools.partial(_with_option, "partial"), "partial"),
        (functools.partial(Called()), "call"),
        (lambda input, context: Called()(input, context), "call"),
        (lambda input, context=None, extra=3, **rest: {"by": "defaults", **input}, "defaults"),
    ],
    ids=["object", "method", "static", "partial", "partial object", "lambda", "defaults"],
)
async def test_whatever_can_be_called_is_a_neuron(fn: Callable[..., Any], by: str):
    assert (await axon(fn).handle_task(task())).payload == {"output": {"by": by, "q": 1}}


async def _one(input): ...


async def _three(input, context, third): ...


async def _named(input, context, *, third): ...


async def _stream(input, context):
    yield input


def _plain_stream(input, context):
    yield input


@pytest.mark.parametrize(
    ("fn", "reason"),
    [
        (_one, "too many positional arguments"),
        (_three, "missing a required argument: 'third'"),
        (_named, "missing a required argument: 'third'|missing a required keyword-only argument: 'third'"),
        (_stream, "yields"),
        (functools.partial(_plain_stream), "yields"),
        (Called, "pass an instance"),
        ("text", "cannot be called"),
        (None, "cannot be called"),
    ],
    ids=["one", "three", "keyword", "generator", "plain generator", "class", "text", "none"],
)
def test_what_cannot_be_a_neuron_is_refused_at_once(fn: Any, reason: str):
    with pytest.raises(TypeError, match=reason) as refusal:
        axon(fn)
    assert "'n'" in str(refusal.value)


async def test_a_helper_that_is_named_is_there_and_says_when_it_cannot_help():
    async def fn(input, context, *, recall):
        return {"found": len(await recall("notes", query={}))}

    reply = await axon(fn).handle_task(task())
    assert "has no memory called 'notes'" in reply.payload["message"]
    bound = axon(fn, engrams=[EngramBinding("notes", directed_id="mem")])
    assert "attached to no Dendrite" in (await bound.handle_task(task())).payload["message"]


async def test_a_thread_that_is_given_up_keeps_its_place_until_it_ends():
    release, inside = threading.Event(), threading.Event()
    entered: list[int] = []

    def slow(input, context):
        entered.append(input["q"])
        inside.set()
        release.wait(20)
        return input

    clock = ManualClock()
    one = axon(slow, max_concurrent=1, timeout_s=1, clock=clock)
    given_up = asyncio.ensure_future(one.handle_task(task()))
    assert await asyncio.to_thread(inside.wait, 20)
    await clock.advance(1.1)
    assert (await given_up).payload["code"] == "TASK_TIMEOUT"
    second = asyncio.ensure_future(one.handle_task(task(input={"q": 2})))
    await settle()
    assert entered == [1]
    release.set()
    assert (await second).payload == {"output": {"q": 2}}


async def test_a_thread_of_a_cancelled_run_ends_by_itself_and_nobody_hears_of_it():
    release = threading.Event()
    ended = threading.Event()

    def slow(input, context):
        try:
            release.wait(20)
            raise ValueError("late")
        finally:
            ended.set()

    running = asyncio.ensure_future(axon(slow).handle_task(task()))
    await settle()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    release.set()
    assert await asyncio.to_thread(ended.wait, 20)


@pytest.mark.parametrize("error", [SystemExit(3), StopIteration("x"), KeyboardInterrupt()], ids=repr)
async def test_no_exception_of_a_thread_ends_its_host(error: BaseException):
    def fn(input, context):
        raise error

    reply = await axon(fn).handle_task(task())
    assert reply.payload["code"] == "NEURON_EXCEPTION"
    assert type(error).__name__ in reply.payload["message"]


async def test_a_function_that_ignores_its_cancellation_is_late_all_the_same():
    clock = ManualClock()
    stubborn_end = asyncio.Event()

    async def stubborn(input, context):
        while not stubborn_end.is_set():
            try:
                await stubborn_end.wait()
            except asyncio.CancelledError:
                continue

    running = asyncio.ensure_future(axon(stubborn, timeout_s=1, clock=clock).handle_task(task()))
    await clock.advance(1.1)
    assert (await running).payload["code"] == "TASK_TIMEOUT"
    stubborn_end.set()
    await settle()


async def test_a_timeout_of_the_functions_own_is_its_failure_and_not_its_lateness():
    async def fn(input, context):
        raise TimeoutError("the database")

    reply = await axon(fn, timeout_s=60).handle_task(task())
    assert reply.payload == {"code": "NEURON_EXCEPTION", "message": "the database", "recoverable": False}


async def test_runs_beyond_max_waiting_are_turned_away():
    gate = asyncio.Event()

    async def fn(input, context):
        await gate.wait()
        return {}

    busy = axon(fn, max_concurrent=1, max_waiting=1)
    runs = [asyncio.ensure_future(busy.handle_task(task())) for _ in range(3)]
    await settle()
    assert [run.done() for run in runs] == [False, False, True]
    assert (runs[2].result().payload["code"], runs[2].result().payload["recoverable"]) == ("OVERLOADED", True)
    gate.set()
    assert [(await run).type for run in runs[:2]] == [T.AGENT_OUTPUT] * 2


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"neuron_id": ""}, ValueError),
        ({"timeout_s": 0}, ValueError),
        ({"max_concurrent": 0}, ValueError),
        ({"max_waiting": -1}, ValueError),
        ({"capabilities": "text"}, TypeError),
    ],
    ids=str,
)
def test_impossible_options_are_refused(options: dict[str, Any], error: type[Exception]):
    with pytest.raises(error, match=next(iter(options))):
        Axon(**{"neuron_id": "n", "neuron_fn": print, **options})
