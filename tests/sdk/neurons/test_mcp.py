"""Tools of a real MCP server, which is a process on the other end of a pipe."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cosmo_sdk import STANDARD_MCP_SERVERS, Axon, Neuron, NeuronError, RetryStrategy, Signal, SignalType
from cosmo_sdk.neurons.servers import launch
from tests.sdk.dendrite.room import open_room

SERVER = str(Path(__file__).parents[2] / "servers" / "mcp_tools.py")
NEVER = {"tool": "never"}


def tools(*words: str, **options: Any) -> Neuron:
    return Neuron(source="mcp", command=sys.executable, args=[SERVER, *(words or ("me",))], **options)


async def process_of(neuron: Neuron) -> int:
    return int((await neuron({"tool": "whereami"}))["result"]["pid"])


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_tool_is_called_and_its_result_told_in_every_form():
    async with tools() as neuron:
        assert await neuron({"tool": "add", "arguments": {"a": 1, "b": 2}}, []) == {
            "response": "3",
            "result": {"result": 3},
            "is_error": False,
            "content": [{"type": "text", "text": "3"}],
            "meta": {"tool": "add", "server": None, "command": sys.executable},
        }
        assert (await neuron({"tool": "add", "args": {"a": 2, "b": 2}}))["response"] == "4"
        assert (await neuron({"tool": "add", "a": 3, "b": 2}))["response"] == "5"


async def test_the_process_has_its_arguments_environment_and_directory(tmp_path: Path):
    async with tools("myself", env={"COLOUR": "red"}, cwd=str(tmp_path), tool="whereami") as neuron:
        told = (await neuron({}))["result"]
    assert (told["argv"], told["colour"], told["cwd"]) == ("myself", "red", str(tmp_path))


async def test_calls_share_one_process_at_the_same_time():
    async with tools() as neuron:
        slow = asyncio.ensure_future(neuron(NEVER))
        first = await process_of(neuron)
        assert set(await asyncio.gather(*[process_of(neuron) for _ in range(5)])) == {first}
        assert not slow.done()
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert await process_of(neuron) == first


async def test_a_server_is_asked_what_it_can_do():
    async with tools() as neuron:
        listed = (await neuron({"__list_tools__": True}))["tools"]
    assert [tool["name"] for tool in listed] == ["add", "whereami", "fail", "never", "die", "grow"]
    assert listed[0]["description"] == "Add two numbers."
    assert listed[0]["input_schema"]["required"] == ["a", "b"]


async def test_the_only_tool_needs_no_name():
    async with tools("single") as neuron:
        assert (await neuron({"a": 1, "b": 1}))["response"] == "2"


async def test_an_unknown_tool_is_told_which_there_are():
    async with tools() as neuron:
        with pytest.raises(NeuronError, match="unknown tool 'subtract': there are add, whereami") as raised:
            await neuron({"tool": "subtract"})
        assert (raised.value.code, raised.value.recoverable) == ("NEURON_UNKNOWN_TOOL", False)
        with pytest.raises(ValueError, match=r"no tool is named.*there are add, whereami"):
            await neuron({})


async def test_a_tool_that_came_later_is_found():
    async with tools() as neuron:
        await neuron({"tool": "grow", "name": "later"})
        assert (await neuron({"tool": "later"}))["response"] == "I am later"


async def test_a_tool_that_fails_is_an_answer():
    async with tools() as neuron:
        told = await neuron({"tool": "fail", "why": "no such file"})
        assert told["is_error"] is True
        assert told["result"] is None
        assert "fail" in told["response"]
        assert (await neuron({"tool": "add", "arguments": {"a": "x"}}))["is_error"] is True


async def test_arguments_are_a_dict():
    async with tools() as neuron:
        with pytest.raises(TypeError, match="is a dict, not a list"):
            await neuron({"tool": "add", "arguments": [1, 2]})


async def test_a_tool_that_takes_too_long_is_late():
    async with tools(timeout=3.0) as neuron:
        with pytest.raises(NeuronError, match="did not answer within 3 s") as raised:
            await neuron(NEVER)
        assert (raised.value.code, raised.value.recoverable) == ("NEURON_TIMEOUT", True)


async def test_a_server_that_dies_at_work_is_started_again():
    async with tools() as neuron:
        before = await process_of(neuron)
        waiting = asyncio.ensure_future(neuron(NEVER))
        with pytest.raises(NeuronError, match="is gone: out of luck") as raised:
            await neuron({"tool": "die"})
        assert (raised.value.code, raised.value.recoverable) == ("NEURON_MCP_LOST", True)
        with pytest.raises(NeuronError, match="is gone"):
            await waiting
        assert await process_of(neuron) != before
        assert not alive(before)


async def test_a_server_that_dies_idle_is_started_again():
    async with tools() as neuron:
        before = await process_of(neuron)
        os.kill(before, signal.SIGKILL)
        after = before
        async with asyncio.timeout(20):
            while after == before:
                # The first call may be quicker than the news.
                with suppress(NeuronError):
                    after = await process_of(neuron)
        assert after != before
        assert not alive(before)


async def test_a_program_that_is_not_there_fails_for_good():
    async with Neuron(source="mcp", command="no-such-program") as neuron:
        with pytest.raises(NeuronError, match="no-such-program cannot be started") as raised:
            await neuron({"tool": "add"})
    assert (raised.value.code, raised.value.recoverable) == ("NEURON_MCP_START", False)


async def test_a_program_that_ends_at_once_is_quoted():
    async with tools("broken") as neuron:
        calls = await asyncio.gather(*[neuron({"tool": "add"}) for _ in range(2)], return_exceptions=True)
    for error in calls:
        assert isinstance(error, NeuronError)
        assert str(error).endswith("is gone: cannot find my configuration")
        assert error.recoverable


async def test_a_program_that_speaks_something_else_is_late():
    async with Neuron(source="mcp", command="cat", timeout=0.5) as neuron:
        with pytest.raises(NeuronError) as raised:
            await neuron({"tool": "add"})
    assert raised.value.code in ("NEURON_TIMEOUT", "NEURON_MCP_REFUSED")


def speaking(**answers: Any) -> Neuron:
    """A server that gives these results, whatever is asked of it; of a list, the one that the cursor says."""
    program = f"""
import json, sys
answers = {answers!r}
for line in sys.stdin:
    asked = json.loads(line)
    result = answers.get(asked["method"].replace("/", "_"))
    if isinstance(result, list):
        result = result[int(asked.get("params", {{}}).get("cursor", 0))]
    if "id" in asked:
        told = {{"error": {{"code": -32602, "message": "no"}}}} if result is None else {{"result": result}}
        print(json.dumps({{"jsonrpc": "2.0", "id": asked["id"], **told}}), flush=True)
"""
    return Neuron(source="mcp", command=sys.executable, args=["-c", program], tool="t")


HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "s", "version": "1"},
}
TOOL = {"name": "t", "inputSchema": {"type": "object"}}


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({}, "NEURON_MCP_REFUSED"),
        ({"initialize": {**HELLO, "protocolVersion": "1999-01-01"}}, "NEURON_MCP_REFUSED"),
        ({"initialize": {"hello": 1}}, "NEURON_MCP_REFUSED"),
        ({"initialize": HELLO}, "NEURON_MCP_REFUSED"),
        ({"initialize": HELLO, "tools_list": {"tools": [7]}}, "NEURON_BAD_ANSWER"),
        ({"initialize": HELLO, "tools_list": {"tools": [TOOL]}}, "NEURON_MCP_REFUSED"),
        (
            {"initialize": HELLO, "tools_list": {"tools": [TOOL]}, "tools_call": {"content": 7}},
            "NEURON_BAD_ANSWER",
        ),
    ],
    ids=range(7),
)
async def test_a_server_that_breaks_the_protocol_fails_for_good(answers: Any, code: str):
    async with speaking(**answers) as neuron:
        with pytest.raises(NeuronError) as raised:
            await neuron({})
    assert (raised.value.code, raised.value.recoverable) == (code, False)


async def test_tools_are_gathered_from_all_pages():
    pages = [{"tools": [{**TOOL, "name": "other"}], "nextCursor": "1"}, {"tools": [TOOL]}]
    hi = {"content": [{"type": "text", "text": "hi"}]}
    async with speaking(initialize=HELLO, tools_list=pages, tools_call=hi) as neuron:
        assert (await neuron({}))["response"] == "hi"
        assert [tool["name"] for tool in (await neuron({"__list_tools__": True}))["tools"]] == ["other", "t"]


async def test_closing_ends_the_process_and_a_later_call_starts_one():
    neuron = tools()
    before = await process_of(neuron)
    await neuron.aclose()
    await neuron.aclose()
    assert not alive(before)
    assert await process_of(neuron) != before
    await neuron.aclose()


async def test_closing_from_another_task_than_the_first_caller_is_fine():
    neuron = tools()
    before = await asyncio.create_task(process_of(neuron))
    await asyncio.create_task(neuron.aclose())
    assert not alive(before)


async def test_a_neuron_that_is_dropped_takes_its_process_along():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        neuron: Neuron | None = tools()
        assert neuron is not None
        pid = await process_of(neuron)
        ended = neuron._server._open[asyncio.get_running_loop()].task  # type: ignore[attr-defined]
        neuron = None
        gc.collect()
        await asyncio.wait_for(ended, 20)
    assert not alive(pid)


def test_a_loop_that_ends_takes_its_process_along(recwarn: pytest.WarningsRecorder):
    neuron = tools()
    first = asyncio.run(process_of(neuron))
    assert not alive(first)
    assert asyncio.run(process_of(neuron)) != first
    gc.collect()
    assert list(recwarn) == []


async def test_a_call_that_is_cancelled_while_the_server_starts_leaves_it_to_the_others():
    async with tools() as neuron:
        hasty = asyncio.ensure_future(process_of(neuron))
        patient = asyncio.ensure_future(process_of(neuron))
        await asyncio.sleep(0)
        hasty.cancel()
        assert await patient > 0
        assert hasty.cancelled()


async def test_a_task_becomes_a_call_and_a_death_is_retried():
    async with open_room() as room, tools(tool="die") as neuron:

        async def dies_once(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
            return await neuron({"tool": "add", **input} if room.of(SignalType.ERROR) else {})

        await room.worker("calculator", dies_once)
        desk = await room.dendrite()
        reply = await desk.dispatch_and_wait(
            neuron="calculator", input={"a": 2, "b": 3}, retry=RetryStrategy(max_attempts=2, timeout_s=None)
        )
        assert reply.payload["output"]["result"] == {"result": 5}
        assert [error.payload["code"] for error in room.of(SignalType.ERROR)] == ["NEURON_MCP_LOST"]


async def test_an_axon_takes_it_as_its_function():
    async with tools() as neuron:
        reply = await Axon(neuron_id="n", neuron_fn=neuron).handle_task(
            Signal(type=SignalType.TASK, payload={"input": {"tool": "add", "a": 1, "b": 1}})
        )
    assert reply.type is SignalType.AGENT_OUTPUT
    assert reply.payload["output"]["response"] == "2"


def test_known_servers_are_started_by_name():
    assert launch(None, ["/data"], "filesystem") == (
        "npx",
        ["-y", "@modelcontextprotocol/server-filesystem", "/data"],
    )
    assert launch("bunx", None, "memory") == ("bunx", ["-y", "@modelcontextprotocol/server-memory"])
    assert repr(Neuron(source="mcp", server="git", args=["--repository", "."])) == (
        "Neuron(source='mcp', command='uvx')"
    )
    assert set(STANDARD_MCP_SERVERS) >= {"filesystem", "memory", "fetch", "git", "time"}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, "needs command="),
        ({"server": "nope"}, ValueError, "unknown MCP server 'nope': known are everything, fetch"),
        ({"command": "x", "timeout": 0}, ValueError, "is not positive"),
        ({"command": "x", "args": "--flag"}, TypeError, "is one text"),
    ],
)
def test_a_server_that_cannot_be_meant_is_refused(options: Any, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        Neuron(source="mcp", **options)
