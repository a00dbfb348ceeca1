"""Text as it arrives: deltas on the task's trace, and the same answer as in one piece."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from cosmo_bus.testing import running_bus
from cosmo_sdk import Axon, Dendrite, Neuron, Signal, SignalType, connect_synapse
from tests.sdk.dendrite.room import open_room
from tests.servers.provider import Answer, Provider, answer, events, lines, running_provider

WORDS = ["Grüße", ", ", "мир", " 🌍\u2028", "!"]
WHOLE = "".join(WORDS)
PROMPT = {"prompt": "greet"}
CONVERSATION = {"messages": [{"role": "user", "content": "greet"}]}


def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"id": "c1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


CHAT = [chunk(role="assistant", content=""), *[chunk(content=word) for word in WORDS], chunk("stop")]
USAGE = {"id": "c1", "choices": [], "usage": {"total_tokens": 5}}


async def streamed(
    source: Any, input: dict[str, Any], told: Answer, **options: Any
) -> tuple[dict[str, Any], list[str], Provider]:
    """The answer, the pieces that were told of, and the provider."""
    pieces: list[str] = []

    async def hear(piece: str) -> None:
        pieces.append(piece)

    async with (
        running_provider(told) as provider,
        Neuron(source=source, endpoint=provider.url, **{"stream": True, **options}) as neuron,
    ):
        result = await neuron(input, [], emit_thought_delta=hear)
    return result, pieces, provider


@pytest.mark.parametrize("split", [None, 1, 2, 3, 7, 64, 100_000])
async def test_chat_chunks_may_be_cut_anywhere(split: int | None):
    result, pieces, provider = await streamed(
        "openai", PROMPT, events(*CHAT, USAGE, split=split), model="m", api_key="k"
    )
    assert pieces == WORDS
    assert result == {
        "response": WHOLE,
        "meta": {
            "id": "c1",
            "model": "m",
            "object": "chat.completion",
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": WHOLE}, "finish_reason": "stop"}
            ],
            "usage": {"total_tokens": 5},
        },
    }
    assert provider.requests[0].body["stream"] is True
    assert provider.requests[0].body["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("source", ["hf", "groq", "openrouter", "together", "mistral"])
async def test_others_are_asked_for_a_stream_and_no_more(source: str):
    result, pieces, provider = await streamed(source, CONVERSATION, events(*CHAT), api_key="k")
    assert (result["response"], pieces) == (WHOLE, WORDS)
    assert provider.requests[0].path == "/v1/chat/completions"
    assert provider.requests[0].body == {**CONVERSATION, "max_tokens": 512, "stream": True}


async def test_a_stream_may_end_without_a_word_and_with_comments_between():
    told = b": hello\r\n\r\nevent: x\r\nretry: 3\r\ndata:" + json.dumps(chunk("stop", content="hi")).encode()
    result, pieces, _ = await streamed(
        "hf",
        CONVERSATION,
        Answer(headers={"content-type": "text/event-stream; charset=utf-8"}, pieces=[told]),
    )
    assert (result["response"], pieces) == ("hi", ["hi"])


async def test_a_word_at_the_end_is_an_end_too():
    result, _, _ = await streamed("hf", CONVERSATION, events(chunk(content="hi")))
    assert result["response"] == "hi"
    assert result["meta"]["choices"][0]["finish_reason"] is None


async def test_calls_of_tools_are_put_together():
    def call(index: int, **function: str) -> dict[str, Any]:
        return {
            "index": index,
            **({"id": f"call{index}"} if "name" in function else {}),
            "function": function,
        }

    result, pieces, _ = await streamed(
        "hf",
        CONVERSATION,
        events(
            chunk(tool_calls=[call(0, name="add", arguments="")]),
            chunk(tool_calls=[call(0, arguments='{"a":')]),
            chunk(tool_calls=[call(1, name="sub", arguments="{}"), call(0, arguments=" 2}")]),
            chunk("tool_calls"),
        ),
    )
    assert (result["response"], pieces) == ("", [])
    assert result["meta"]["choices"][0]["message"]["tool_calls"] == [
        {"id": "call0", "type": "function", "function": {"name": "add", "arguments": '{"a": 2}'}},
        {"id": "call1", "type": "function", "function": {"name": "sub", "arguments": "{}"}},
    ]


async def test_completions_stream_too():
    told = [{"choices": [{"text": word, "finish_reason": None}]} for word in WORDS]
    last = {"choices": [{"text": "", "finish_reason": "length"}], "usage": {"n": 1}}
    result, pieces, provider = await streamed("hf", PROMPT, events(*told, last), use_completions_api=True)
    assert pieces == WORDS
    assert result["response"] == WHOLE
    assert result["meta"]["choices"] == [{"index": 0, "text": WHOLE, "finish_reason": "length"}]
    assert result["meta"]["usage"] == {"n": 1}
    assert provider.requests[0].path == "/v1/completions"


@pytest.mark.parametrize("split", [None, 3])
async def test_generation_streams_on_a_path_of_its_own(split: int | None):
    told: list[dict[str, Any]] = [
        {"token": {"text": word, "special": False}, "generated_text": None} for word in WORDS
    ]
    end = {"token": {"text": "</s>", "special": True}, "generated_text": WHOLE, "details": {"tokens": 5}}
    result, pieces, provider = await streamed("hf", PROMPT, events(*told, end, done=False, split=split))
    assert pieces == WORDS
    assert result == {"response": WHOLE, "meta": {"generated_text": WHOLE, "details": {"tokens": 5}}}
    assert provider.requests[0].path == "/generate_stream"
    assert provider.requests[0].body == {"inputs": "greet", "parameters": {"max_new_tokens": 512}}


MESSAGE = [
    {"type": "message_start", "message": {"id": "m1", "type": "message", "content": [], "usage": {"input_tokens": 4}}},
    {"type": "ping"},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    *[{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}} for word in WORDS],
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t", "name": "add", "input": {}}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"a"'}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": ": 2}"}},
    {"type": "content_block_stop", "index": 1},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
]  # fmt: skip


@pytest.mark.parametrize("split", [None, 1, 5])
async def test_anthropic_events_are_put_together(split: int | None):
    result, pieces, _ = await streamed(
        "anthropic", PROMPT, events(*MESSAGE, done=False, split=split), model="c", api_key="k"
    )
    assert pieces == WORDS
    assert result == {
        "response": WHOLE,
        "meta": {
            "id": "m1",
            "type": "message",
            "content": [
                {"type": "text", "text": WHOLE},
                {"type": "tool_use", "id": "t", "name": "add", "input": {"a": 2}},
            ],
            "stop_reason": "tool_use",
            "usage": {"input_tokens": 4, "output_tokens": 9},
        },
    }


async def test_arguments_that_were_cut_short_are_kept_as_they_are():
    told = [MESSAGE[0], *[event for event in MESSAGE[8:] if '": 2}"' not in json.dumps(event)]]
    cut = [event for event in told if event.get("delta", {}).get("partial_json") != ": 2}"]
    result, _, _ = await streamed("anthropic", PROMPT, events(*cut, done=False), model="c", api_key="k")
    assert result["meta"]["content"][0]["input"] == '{"a"'


@pytest.mark.parametrize("split", [None, 1, 4, 33])
async def test_ollama_streams_a_line_at_a_time(split: int | None):
    told = [{"model": "m", "response": word, "done": False} for word in WORDS]
    last = {"model": "m", "response": "", "done": True, "eval_count": 5}
    result, pieces, provider = await streamed("ollama", PROMPT, lines(*told, last, split=split), model="m")
    assert pieces == WORDS
    assert result == {"response": WHOLE, "meta": {**last, "response": WHOLE}}
    assert provider.requests[0].body == {"model": "m", "prompt": "greet", "stream": True}


async def test_ollama_chats_in_a_stream():
    told: list[dict[str, Any]] = [
        {"message": {"role": "assistant", "content": word}, "done": False} for word in WORDS
    ]
    told[2]["message"]["tool_calls"] = [{"function": {"name": "add", "arguments": {}}}]
    last = {"message": {"role": "assistant", "content": ""}, "done": True, "eval_count": 5}
    result, pieces, _ = await streamed("ollama", CONVERSATION, lines(*told, last), model="m")
    assert (result["response"], pieces) == (WHOLE, WORDS)
    assert result["meta"]["message"] == {
        "role": "assistant",
        "content": WHOLE,
        "tool_calls": [{"function": {"name": "add", "arguments": {}}}],
    }
    assert result["meta"]["eval_count"] == 5


@pytest.mark.parametrize(
    ("source", "options", "told"),
    [
        ("hf", {}, {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}),
        (
            "anthropic",
            {"model": "c", "api_key": "k"},
            {"type": "message", "content": [{"type": "text", "text": "hi"}]},
        ),
        ("ollama", {"model": "m"}, {"message": {"content": "hi"}, "done": True}),
    ],
)
async def test_a_server_that_does_not_stream_answers_in_one_piece(source: str, options: Any, told: Any):
    result, pieces, _ = await streamed(source, CONVERSATION, answer(told), **options)
    assert (result["response"], pieces) == ("hi", ["hi"])


@pytest.mark.parametrize(
    ("own", "asked", "path"), [(False, True, "/generate_stream"), (True, False, "/generate")]
)
async def test_the_task_may_ask_for_a_stream_or_for_none(own: bool, asked: bool, path: str):
    told = answer({"generated_text": "hi"})
    result, pieces, provider = await streamed("hf", {**PROMPT, "stream": asked}, told, stream=own)
    assert result["response"] == "hi"
    assert provider.requests[0].path == path
    assert pieces == (["hi"] if asked else [])


@pytest.mark.parametrize("role", ["worker", "orchestrator"])
async def test_deltas_go_out_from_any_dendrite_under_the_task(role: Any):
    async with running_provider(events(*CHAT)) as provider, open_room() as room:
        neuron = Neuron(source="hf", endpoint=provider.url, use_chat_api=True, stream=True)
        host = await room.dendrite(
            "host", role=role, axons=[Axon(neuron_id="writer", neuron_fn=neuron, clock=room.clock)]
        )
        desk = await room.dendrite("desk")
        heard: list[str] = []

        @desk.on_thought_delta(neuron="writer")
        async def hear(signal: Signal) -> None:
            heard.append(signal.payload["delta"])

        reply = await desk.dispatch_and_wait(neuron="writer", input=PROMPT, scope="terminal", timeout_s=10)
        task = room.of(SignalType.TASK)[0]
        deltas = room.of(SignalType.THOUGHT_DELTA)
        assert [(delta.parent_id, delta.trace_id, delta.payload) for delta in deltas] == [
            (task.id, task.trace_id, {"delta": word, "seq": seq}) for seq, word in enumerate(WORDS)
        ]
        assert reply.payload["result"]["response"] == "".join(heard) == WHOLE
        assert host.axons["writer"].thoughts_lost == 0
        await neuron.aclose()


async def test_words_cross_a_bus_before_the_answer_does():
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(running_bus())
        provider = await stack.enter_async_context(running_provider(events(*CHAT)))
        there, here = await connect_synapse(bus.url), await connect_synapse(bus.url)
        stack.push_async_callback(there.close)
        stack.push_async_callback(here.close)
        neuron = Neuron(source="groq", api_key="k", endpoint=provider.url, stream=True)
        stack.push_async_callback(neuron.aclose)
        host = Dendrite(synapse=there, namespace="dev", dendrite_id="host", role="worker")
        host.attach_axon(Axon(neuron_id="writer", neuron_fn=neuron))
        await stack.enter_async_context(host)
        desk = await stack.enter_async_context(
            Dendrite(synapse=here, namespace="dev", dendrite_id="desk", heartbeat_s=0)
        )
        pathway = await desk.dispatch(neuron="writer", input=PROMPT, scope="all", finalize=True)
        seen: list[Signal] = []
        async for signal in pathway:
            seen.append(signal)
            if signal.type is SignalType.FINAL:
                break
    types = [signal.type for signal in seen if signal.type is not SignalType.TASK]
    assert types == [SignalType.THOUGHT_DELTA] * len(WORDS) + [SignalType.AGENT_OUTPUT, SignalType.FINAL]
    assert seen[-1].payload["result"]["response"] == WHOLE


async def test_an_axon_attached_nowhere_streams_to_nobody():
    async with running_provider(events(*CHAT)) as provider:
        async with Neuron(source="hf", endpoint=provider.url, use_chat_api=True, stream=True) as neuron:
            task = Signal(type=SignalType.TASK, payload={"input": PROMPT})
            reply = await Axon(neuron_id="n", neuron_fn=neuron).handle_task(task)
        assert reply.payload["output"]["response"] == WHOLE
