"""dispatch, answer and stop against a real worker."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cosmo_sdk import Axon, Dendrite, InMemoryEngram, Signal, SignalType, connect_synapse
from cosmo_sdk.engram import EngramBinding
from tests.doppler.cli.commands import cosmo, running


async def work(input: dict[str, Any], context: list[Any], imprint: Any) -> dict[str, Any]:
    """Whatever the input says it should do."""
    match input:
        case {"fail": message}:
            return {"__error__": True, "code": "BROKEN", "message": message, "recoverable": True}
        case {"ask": question}:
            return {"__clarification__": True, "question": question}
        case {"request": action}:
            return {"__permission__": True, "action": action, "reason": "it is needed"}
        case {"write": content}:
            await imprint("notes", op="add", entry={"content": content}, await_ack=True)
            await asyncio.Event().wait()
    return {"echo": input}


@asynccontextmanager
async def worker(url: str, namespace: str) -> AsyncIterator[Dendrite]:
    synapse = await connect_synapse(url)
    dendrite = Dendrite(
        synapse=synapse, namespace=namespace, dendrite_id="host", role="worker", heartbeat_s=0
    )
    dendrite.attach_engram(InMemoryEngram(engram_id="notes"))
    binding = EngramBinding("notes", directed_id="notes")
    dendrite.attach_axon(Axon(neuron_id="echo", neuron_fn=work, capabilities=["echo"], engrams=[binding]))
    async with dendrite:
        yield dendrite
    await synapse.close()


@asynccontextmanager
async def watch(url: str, namespace: str) -> AsyncIterator[asyncio.Queue[Signal]]:
    """Everything said in the namespace."""
    synapse = await connect_synapse(url)
    heard: asyncio.Queue[Signal] = asyncio.Queue()
    await synapse.subscribe(f"cosmonapse.{namespace}.>", heard.put_nowait)
    yield heard
    await synapse.close()


async def next_of(heard: asyncio.Queue[Signal], type: SignalType) -> Signal:
    async with asyncio.timeout(30):
        while (signal := await heard.get()).type is not type:
            pass
    return signal


@pytest.fixture
def on(url: str, namespace: str) -> tuple[str, ...]:
    return ("--url", url, "-n", namespace)


async def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(lambda: cosmo(*arguments, stdin=stdin))


async def test_dispatch_prints_the_conclusion(url: str, namespace: str, on: tuple[str, ...]) -> None:
    async with worker(url, namespace):
        shown = await run(
            "dispatch", *on, "--neuron", "echo", "--input", '{"text": "grün \\u001b[2J\\u202e"}'
        )
    head, _, body = shown.stdout.partition("\n")
    assert shown.returncode == 0
    assert head.startswith("FINAL  trace=trc_")
    assert head.endswith("from=echo")
    assert json.loads(body) == {"echo": {"text": "grün \x1b[2J\u202e"}}
    assert "grün" in body
    assert not {"\x1b", "\u202e"} & set(shown.stdout)


@pytest.mark.parametrize("select", ["first_bid", "lowest_cost", "highest_confidence"])
async def test_dispatch_offers_under_every_strategy(
    select: str, url: str, namespace: str, on: tuple[str, ...]
) -> None:
    async with worker(url, namespace):
        shown = await run("dispatch", *on, "--offer", "--capabilities", "echo", "--select", select, "--json")
    reply = Signal.decode(shown.stdout)
    assert (shown.returncode, reply.type, reply.neuron) == (0, SignalType.FINAL, "echo")


async def test_dispatch_by_capability_may_stop_at_the_first_output(
    url: str, namespace: str, on: tuple[str, ...]
) -> None:
    async with worker(url, namespace):
        shown = await run("dispatch", *on, "--capabilities", "echo", "--scope", "all")
    assert shown.stdout.startswith("AGENT_OUTPUT  trace=trc_")


async def test_dispatch_without_waiting_prints_the_trace(
    url: str, namespace: str, on: tuple[str, ...]
) -> None:
    async with worker(url, namespace):
        task = await run("dispatch", *on, "--neuron", "echo", "--no-wait")
        offer = await run("dispatch", *on, "--offer", "--no-wait")
        as_json = await run("dispatch", *on, "--offer", "--no-wait", "--json")
    assert task.stdout.startswith("dispatched  trace=trc_")
    assert "  id=evt_" in task.stdout
    assert offer.stdout.startswith("offer awarded  trace=trc_")
    assert json.loads(as_json.stdout)["trace_id"].startswith("trc_")


async def test_an_error_reply_exits_1(url: str, namespace: str, on: tuple[str, ...]) -> None:
    async with worker(url, namespace):
        shown = await run("dispatch", *on, "--neuron", "echo", "--input", '{"fail": "no paper"}')
    assert shown.returncode == 1
    assert shown.stdout.startswith("ERROR  trace=")
    assert shown.stderr == "error: echo failed: no paper (BROKEN); worth another try\n"


async def test_a_question_is_a_reply(url: str, namespace: str, on: tuple[str, ...]) -> None:
    async with worker(url, namespace):
        shown = await run("dispatch", *on, "--neuron", "echo", "--input", '{"ask": "which year?"}')
    assert shown.returncode == 0
    assert shown.stdout.startswith("CLARIFICATION")


async def test_no_reply_in_time_exits_1(on: tuple[str, ...]) -> None:
    shown = await run("dispatch", *on, "--neuron", "nobody", "--timeout", "200ms")
    assert shown.returncode == 1
    assert "within 0.2 s" in shown.stderr


async def test_no_bid_exits_4(on: tuple[str, ...]) -> None:
    shown = await run("dispatch", *on, "--offer", "--deadline-ms", "100")
    assert shown.returncode == 4
    assert shown.stderr.startswith("error: nobody bid within 100 ms; ")


async def test_stop_lists_who_stopped_and_what_was_undone(
    url: str, namespace: str, on: tuple[str, ...]
) -> None:
    async with worker(url, namespace), watch(url, namespace) as heard:
        sent = await run(
            "dispatch", *on, "--neuron", "echo", "--input", '{"write": "a"}', "--no-wait", "--json"
        )
        trace = json.loads(sent.stdout)["trace_id"]
        await next_of(heard, SignalType.IMPRINTED)
        shown = await run("stop", trace, *on, "--rollback", "--reason", "wrong", "--json")
        stop = await next_of(heard, SignalType.STOP)
        again = await run("stop", trace, *on)
    assert shown.returncode == 0
    [ack] = json.loads(shown.stdout)
    assert (ack["cancelled"], ack["compensated"]) == (1, 1)
    assert stop.payload == {"rollback": True, "reason": "wrong"}
    assert (again.returncode, again.stdout) == (0, "")
    assert "nobody had work on this trace" in again.stderr


@pytest.mark.parametrize("form", [(), ("--redispatch",)], ids=["discrete", "re-dispatch"])
async def test_answer_asks_at_the_terminal_and_sends_the_answer(
    form: tuple[str, ...], url: str, namespace: str, on: tuple[str, ...]
) -> None:
    async with worker(url, namespace), watch(url, namespace) as heard:
        with running("answer", *on, *form, stdin=subprocess.PIPE) as answer:
            await asyncio.to_thread(answer.wait_for, "waiting for questions")
            await run("dispatch", *on, "--neuron", "echo", "--input", '{"ask": "which \\u001b year?"}')
            await asyncio.to_thread(answer.wait_for, "question: which ␛ year?")
            assert answer.process.stdin is not None
            answer.process.stdin.write("2025\n")
            answer.process.stdin.flush()
            await asyncio.to_thread(answer.wait_for, "sent.")
            if form:
                await next_of(heard, SignalType.CLARIFICATION)
                task = await next_of(heard, SignalType.TASK)
                reply = task.payload["input"]["clarification"]
                assert reply == {
                    "question": "which \x1b year?",
                    "answer": "2025",
                    "original_input": {"ask": "which \x1b year?"},
                }
                assert task.payload["finalize"] is True
            else:
                decided = await next_of(heard, SignalType.CLARIFICATION_ANSWER)
                assert decided.payload["answer"] == "2025"
            assert answer.interrupt() == 0
    assert "bye" in answer.text


@pytest.mark.parametrize(
    ("typed", "granted"), [("y\n", True), ("\n", False), ("YES\n", True), ("nope\n", False)]
)
async def test_answer_grants_only_a_clear_yes(
    typed: str, granted: bool, url: str, namespace: str, on: tuple[str, ...]
) -> None:
    async with worker(url, namespace), watch(url, namespace) as heard:
        with running("answer", *on, stdin=subprocess.PIPE) as answer:
            await asyncio.to_thread(answer.wait_for, "waiting for questions")
            assert answer.process.stdin is not None
            answer.process.stdin.write(typed)
            answer.process.stdin.flush()
            await run("dispatch", *on, "--neuron", "echo", "--input", '{"request": "print"}')
            decision = await next_of(heard, SignalType.PERMISSION_DECISION)
            assert decision.payload["granted"] is granted
            assert answer.interrupt() == 0


async def test_answer_ends_with_stdin(url: str, namespace: str, on: tuple[str, ...]) -> None:
    async with worker(url, namespace):
        with running("answer", *on) as answer:
            await asyncio.to_thread(answer.wait_for, "waiting for questions")
            await run("dispatch", *on, "--neuron", "echo", "--input", '{"ask": "?"}')
            assert answer.end() == 1
    assert "stdin ended before the question was answered" in answer.text


async def test_ctrl_c_while_waiting_for_a_reply_exits_130(
    url: str, namespace: str, on: tuple[str, ...]
) -> None:
    async with watch(url, namespace) as heard:
        with running("dispatch", *on, "--neuron", "nobody") as dispatch:
            await next_of(heard, SignalType.TASK)
            assert dispatch.interrupt() == 130
    assert dispatch.text.strip() == ""
