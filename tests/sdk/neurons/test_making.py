"""Making a Neuron: what each source takes, and what it says to anything else."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module
from typing import Any, get_args, get_overloads, get_type_hints

import pytest

from cosmo_sdk import Axon, Neuron, Signal, SignalType
from cosmo_sdk.neurons.base import _SOURCES

HF: dict[str, Any] = {"endpoint": "http://localhost"}


def kind_of(source: str) -> type[Neuron]:
    module, name = _SOURCES[source]
    kind: type[Neuron] = getattr(import_module(module), name)
    return kind


def shown() -> dict[str, inspect.Signature]:
    """The signature that editors show, by source."""
    return {
        source: inspect.signature(each)
        for each in get_overloads(Neuron.__new__)
        for source in get_args(get_type_hints(each)["source"])
    }


def test_every_source_is_shown_to_editors():
    assert set(shown()) == set(_SOURCES)


@pytest.mark.parametrize("source", _SOURCES)
def test_editors_see_the_keywords_and_defaults_there_are(source: str):
    _, _, *promised = shown()[source].parameters.values()
    _, _, *taken = inspect.signature(kind_of(source).__init__).parameters.values()
    assert [(each.name, each.default) for each in promised] == [(each.name, each.default) for each in taken]
    assert [each.annotation for each in promised] == [each.annotation for each in taken]


def test_an_unknown_source_is_told_which_there_are():
    with pytest.raises(ValueError, match=r"unknown source 'gpt'.*huggingface, hf, ollama, openai.*mcp"):
        Neuron(source="gpt")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="unknown source None"):
        Neuron(None)  # type: ignore[call-overload]


def test_an_unknown_keyword_is_told_which_there_are():
    with pytest.raises(
        TypeError,
        match=r"source='ollama'.*does not take max_new_tokens, key; it takes model, endpoint, system, ",
    ):
        Neuron(source="ollama", model="m", max_new_tokens=3, key="k")  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("source", "missing"),
    [("hf", "endpoint="), ("ollama", "model="), ("openai", "model="), ("anthropic", "model=")],
)
def test_what_is_missing_is_named(source: Any, missing: str):
    with pytest.raises(TypeError, match=f"needs {missing}"):
        Neuron(source=source)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source": "hf", **HF, "use_chat_api": True, "use_completions_api": True}, "exclude each other"),
        ({"source": "hf", "endpoint": "localhost:8080"}, "starts with http:// or https://"),
        ({"source": "hf", "endpoint": ""}, "starts with http:// or https://"),
        ({"source": "hf", "endpoint": "http://[::1"}, "is no URL"),
        ({"source": "hf", **HF, "timeout": 0}, "timeout=0 is not positive"),
        ({"source": "ollama", "model": ""}, "needs model="),
        ({"source": "openai", "model": None, "api_key": "k"}, "needs model="),
        ({"source": "openai", "model": "m"}, "pass api_key= or set OPENAI_API_KEY"),
        ({"source": "anthropic", "model": "m", "api_key": " "}, "pass api_key= or set ANTHROPIC_API_KEY"),
    ],
    ids=str,
)
def test_values_that_make_no_sense_are_refused(
    options: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(ValueError, match=message):
        Neuron(**options)


@pytest.mark.parametrize(
    ("source", "endpoint"),
    [
        ("openai", "api.openai.com/v1"),
        ("anthropic", "api.anthropic.com/v1"),
        ("ollama", "localhost:11434"),
        ("groq", "api.groq.com/openai"),
        ("openrouter", "openrouter.ai/api"),
        ("together", "api.together.xyz"),
        ("mistral", "api.mistral.ai"),
    ],
)
def test_providers_have_their_address(source: Any, endpoint: str):
    key = {} if source == "ollama" else {"api_key": "sk-secret"}
    neuron = Neuron(source=source, model="m", **key)
    assert repr(neuron) == f"Neuron(source={source!r}, endpoint={endpoint!r})"
    assert isinstance(neuron, Neuron)


@pytest.mark.parametrize(
    ("input", "message"),
    [
        ({}, "it has nothing"),
        ({"prompt": "", "x": 1}, "it has prompt, x"),
        ({"prompt": 3}, r"input\['prompt'\] is a text, not a int"),
        ({"messages": "hello"}, "is a list of dicts"),
        ({"messages": ["hello"]}, "is a list of dicts"),
        ({"messages": [{}], "completions": True}, "takes a prompt"),
        ({"prompt": "x", "tools": [object()]}, "cannot be sent as JSON"),
    ],
)
async def test_an_input_that_asks_nothing_is_refused(input: dict[str, Any], message: str):
    neuron = Neuron(source="hf", **HF, use_completions_api=input.pop("completions", False))
    with pytest.raises(ValueError, match=message):
        await neuron(input, [])
    await neuron.aclose()


async def test_an_input_that_is_no_dict_is_refused():
    with pytest.raises(TypeError, match="is a dict, not a list"):
        await Neuron(source="hf", **HF)([], [])  # type: ignore[arg-type]


async def test_a_bad_input_is_an_error_for_good():
    reply = await Axon(neuron_id="n", neuron_fn=Neuron(source="hf", **HF)).handle_task(
        Signal(type=SignalType.TASK, payload={"input": {"foo": 1}})
    )
    assert (reply.payload["code"], reply.payload["recoverable"]) == ("NEURON_EXCEPTION", False)
    assert "expects messages, or prompt" in reply.payload["message"]


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("module", "extra", "options"),
    [("httpx", "neurons", "source='ollama', model='m'"), ("mcp", "mcp", "source='mcp', command='x'")],
)
def test_a_missing_extra_is_named_when_the_neuron_is_made(module: str, extra: str, options: str):
    said = run(
        f"import sys; sys.modules[{module!r}] = None\n"
        "from cosmo_sdk import Neuron\n"
        f"try: Neuron({options})\n"
        "except ImportError as error: print(error)"
    )
    assert f"pip install 'cosmo-doppler[{extra}]'" in said


def test_the_sdk_loads_neither_httpx_nor_mcp_before_a_neuron_needs_it():
    heavy = "sorted({'httpx', 'mcp', 'anyio', 'pydantic'} & set(sys.modules))"
    assert run(f"import sys, cosmo_sdk\nprint({heavy})") == "[]\n"
    assert "mcp" not in run(
        f"import sys\nfrom cosmo_sdk import Neuron\nNeuron('ollama', model='m')\nprint({heavy})"
    )
