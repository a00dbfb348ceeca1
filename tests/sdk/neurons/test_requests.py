"""What each source asks its provider, and what it makes of the answer."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from cosmo_sdk import Neuron
from tests.servers.provider import Provider, answer, running_provider

CHAT = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "four"}}], "usage": {"n": 3}}
COMPLETION = {"choices": [{"text": "four"}]}
MESSAGE = {
    "type": "message",
    "content": [
        {"type": "text", "text": "fo"},
        {"type": "tool_use", "id": "t", "name": "add", "input": {}},
        {"type": "text", "text": "ur"},
    ],
}
TOOLS = [{"type": "function", "function": {"name": "add"}}]
CONVERSATION = [{"role": "user", "content": "two and two?"}, {"role": "assistant", "content": "hm"}]
USER = [{"role": "user", "content": "2+2?"}]


async def asked(source: Any, input: dict[str, Any], data: Any, *, path: str = "", **options: Any) -> Provider:
    """Ask a Neuron once, and see that it answers with the text and everything else the provider sent."""
    async with running_provider(answer(data)) as provider:
        async with Neuron(source=source, endpoint=provider.url + path, **options) as neuron:
            assert await neuron(input, []) == {"response": "four", "meta": data}
        assert len(provider.requests) == 1
        assert provider.requests[0].headers["content-type"] == "application/json"
        return provider


@pytest.mark.parametrize("source", ["huggingface", "hf", "HuggingFace"])
async def test_a_prompt_is_generated_from(source: str):
    provider = await asked(source, {"prompt": "2+2?"}, {"generated_text": "four"})
    [request] = provider.requests
    assert request.path == "/generate"
    assert request.body == {"inputs": "2+2?", "parameters": {"max_new_tokens": 512}}
    assert "authorization" not in request.headers


async def test_generation_takes_every_option_and_answers_in_a_list():
    provider = await asked(
        "hf",
        {"text": "2+2?"},
        [{"generated_text": "four"}],
        temperature=0.5,
        max_new_tokens=9,
        stop=["\n"],
        api_key="hf_key",
        model="ignored there",
    )
    [request] = provider.requests
    assert request.body == {
        "inputs": "2+2?",
        "parameters": {"max_new_tokens": 9, "temperature": 0.5, "stop": ["\n"]},
    }
    assert request.headers["authorization"] == "Bearer hf_key"


@pytest.mark.parametrize(
    ("input", "options", "body"),
    [
        ({"messages": CONVERSATION}, {}, {"messages": CONVERSATION, "max_tokens": 512}),
        (
            {"prompt": "2+2?"},
            {"use_chat_api": True, "max_new_tokens": 128, "model": "m"},
            {"messages": USER, "max_tokens": 128, "model": "m"},
        ),
        (
            {"prompt": "2+2?", "tools": TOOLS},
            {"temperature": 0.0, "stop": ["x"]},
            {"messages": USER, "max_tokens": 512, "tools": TOOLS, "temperature": 0.0, "stop": ["x"]},
        ),
        (
            {"messages": [], "prompt": "2+2?", "tools": []},
            {"use_chat_api": True},
            {"messages": USER, "max_tokens": 512},
        ),
    ],
)
async def test_conversations_and_tools_go_to_the_chat_path(
    input: dict[str, Any], options: dict[str, Any], body: dict[str, Any]
):
    provider = await asked("huggingface", input, CHAT, **options)
    assert provider.requests[0].path == "/v1/chat/completions"
    assert provider.requests[0].body == body


async def test_completions_take_a_prompt_as_it_is():
    provider = await asked(
        "hf",
        {"prompt": "<s>2+2?"},
        COMPLETION,
        use_completions_api=True,
        model="m",
        stop=["</s>"],
        temperature=1.0,
    )
    assert provider.requests[0].path == "/v1/completions"
    assert provider.requests[0].body == {
        "prompt": "<s>2+2?",
        "max_tokens": 512,
        "model": "m",
        "temperature": 1.0,
        "stop": ["</s>"],
    }


async def test_a_slash_behind_an_endpoint_does_not_matter():
    provider = await asked("hf", {"prompt": "2+2?"}, {"generated_text": "four"}, path="/base/")
    assert provider.requests[0].path == "/base/generate"


async def test_ollama_generates_from_a_prompt():
    provider = await asked(
        "ollama", {"query": "2+2?"}, {"response": "four", "done": True}, model="llama3", system="be brief",
        temperature=0.1, max_tokens=7,
    )  # fmt: skip
    assert provider.requests[0].path == "/api/generate"
    assert provider.requests[0].body == {
        "model": "llama3",
        "prompt": "2+2?",
        "stream": False,
        "system": "be brief",
        "options": {"temperature": 0.1, "num_predict": 7},
    }


async def test_ollama_chats_with_its_system_message_first():
    reply = {"message": {"role": "assistant", "content": "four"}, "done": True}
    provider = await asked("ollama", {"messages": CONVERSATION}, reply, model="llama3", system="be brief")
    assert provider.requests[0].path == "/api/chat"
    assert provider.requests[0].body == {
        "model": "llama3",
        "messages": [{"role": "system", "content": "be brief"}, *CONVERSATION],
        "stream": False,
    }


async def test_ollama_chats_when_there_are_tools():
    provider = await asked(
        "ollama", {"prompt": "2+2?", "tools": TOOLS}, {"message": {"content": "four"}}, model="llama3"
    )
    assert provider.requests[0].path == "/api/chat"
    assert provider.requests[0].body == {"model": "llama3", "messages": USER, "stream": False, "tools": TOOLS}


async def test_openai_is_asked_for_a_chat():
    provider = await asked(
        "openai", {"content": "2+2?", "tools": TOOLS}, CHAT, path="/v1", model="gpt", api_key="sk-1",
        temperature=0.2, max_tokens=5, system="be brief",
    )  # fmt: skip
    [request] = provider.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer sk-1"
    assert request.body == {
        "model": "gpt",
        "messages": [{"role": "system", "content": "be brief"}, *USER],
        "tools": TOOLS,
        "temperature": 0.2,
        "max_tokens": 5,
    }


async def test_openai_sends_no_more_than_it_was_told():
    provider = await asked("openai", {"messages": CONVERSATION}, CHAT, model="gpt", api_key="sk-1")
    assert provider.requests[0].body == {"model": "gpt", "messages": CONVERSATION}


async def test_anthropic_gets_its_headers_and_the_system_apart():
    system = [{"role": "system", "content": "be brief"}, {"role": "system", "content": "be kind"}]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        provider = await asked(
            "anthropic", {"messages": [*system, *CONVERSATION], "tools": TOOLS}, MESSAGE, path="/v1",
            model="claude", api_key="sk-ant", system="replaced", temperature=0.3,
        )  # fmt: skip
    [request] = provider.requests
    assert request.path == "/v1/messages"
    assert request.headers["x-api-key"] == "sk-ant"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in request.headers
    assert request.body == {
        "model": "claude",
        "messages": CONVERSATION,
        "max_tokens": 1024,
        "system": "be brief\n\nbe kind",
        "tools": TOOLS,
        "temperature": 0.3,
    }


async def test_anthropic_has_a_system_of_its_own():
    provider = await asked("anthropic", {"prompt": "2+2?"}, MESSAGE, model="c", api_key="k", system="mine")
    assert provider.requests[0].body == {
        "model": "c",
        "messages": USER,
        "max_tokens": 1024,
        "system": "mine",
    }


@pytest.mark.parametrize(
    ("source", "variable"),
    [
        ("groq", "GROQ_API_KEY"),
        ("openrouter", "OPENROUTER_API_KEY"),
        ("together", "TOGETHER_API_KEY"),
        ("mistral", "MISTRAL_API_KEY"),
    ],
)
async def test_hosts_are_asked_for_a_chat_with_the_key_of_the_environment(
    source: str, variable: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(variable, "of-the-environment\n")
    provider = await asked(source, {"prompt": "2+2?"}, CHAT, model="m")
    [request] = provider.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer of-the-environment"
    assert request.body == {"messages": USER, "max_tokens": 512, "model": "m"}
    given = await asked(source, {"prompt": "2+2?"}, CHAT, api_key="given")
    assert given.requests[0].headers["authorization"] == "Bearer given"


@pytest.mark.parametrize(
    ("source", "variable", "data"),
    [("openai", "OPENAI_API_KEY", CHAT), ("anthropic", "ANTHROPIC_API_KEY", MESSAGE)],
)
async def test_a_key_may_come_from_the_environment(
    source: str, variable: str, data: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(variable, "env-key")
    provider = await asked(source, {"prompt": "2+2?"}, data, model="m")
    headers = provider.requests[0].headers
    assert "env-key" in (headers.get("x-api-key") or headers["authorization"])


@pytest.mark.parametrize("content", [None, "", []])
async def test_a_model_that_only_calls_tools_says_nothing(content: Any):
    called = {"choices": [{"message": {"content": content, "tool_calls": [{"id": "1"}]}}]}
    async with (
        running_provider(answer(called)) as provider,
        Neuron(source="hf", endpoint=provider.url) as neuron,
    ):
        assert await neuron({"messages": CONVERSATION}) == {"response": "", "meta": called}


async def test_text_in_parts_is_joined():
    parts = [
        {"type": "thinking", "thinking": []},
        {"type": "text", "text": "fo"},
        {"type": "text", "text": "ur"},
    ]
    await asked("mistral", {"prompt": "?"}, {"choices": [{"message": {"content": parts}}]}, api_key="k")
