"""`Neuron(source=...)`: one name for every kind of Neuron that somebody else runs (PROTOCOL 7.2)."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from types import TracebackType
from typing import Any, Literal, Self, overload

Say = Callable[[str], Awaitable[None]]
"""Told of each piece of text as it arrives."""

# Where each source is at home; imported when first asked for, for the sake of what those modules import.
_HERE = "cosmo_sdk.neurons"
_SOURCES: dict[str, tuple[str, str]] = {
    "huggingface": (f"{_HERE}.huggingface", "HuggingFaceNeuron"),
    "hf": (f"{_HERE}.huggingface", "HuggingFaceNeuron"),
    "ollama": (f"{_HERE}.ollama", "OllamaNeuron"),
    "openai": (f"{_HERE}.openai", "OpenAINeuron"),
    "anthropic": (f"{_HERE}.anthropic", "AnthropicNeuron"),
    "groq": (f"{_HERE}.hosted", "HostedNeuron"),
    "openrouter": (f"{_HERE}.hosted", "HostedNeuron"),
    "together": (f"{_HERE}.hosted", "HostedNeuron"),
    "mistral": (f"{_HERE}.hosted", "HostedNeuron"),
    "mcp": (f"{_HERE}.tools", "McpNeuron"),
}


class Neuron:
    """A Neuron function that asks a language model or an MCP server. Give it to an Axon, or await it yourself.

        Axon(neuron_id="writer", neuron_fn=Neuron(source="ollama", model="llama3"))

    Sources of text answer `{"response": text, "meta": what the provider sent}`. Their input is `messages` (a list as
    in OpenAI's API), or a prompt: the first of `prompt`, `text`, `query`, `content` that is not empty; else what
    `respond_to_clarification` and `respond_to_permission` dispatch again is put into words. `tools` is passed on, and
    `stream`, if true or false, goes before the Neuron's own. They need `pip install 'cosmo-doppler[neurons]'`.

    The source `mcp` starts an MCP server as a process and calls its tools; see `STANDARD_MCP_SERVERS` for servers
    known by name. Its input is `tool` and `arguments` (without `arguments`, all other keys are those), or
    `{"__list_tools__": True}`; its answer `{"response", "result", "is_error", "content", "meta"}`. It needs
    `pip install 'cosmo-doppler[mcp]'`.

    Connections and processes are opened when first needed and kept. `aclose()` or `async with` ends them, and so do
    the end of the event loop and the Neuron's own; a call after that opens them again.

    Args:
        source: who runs it: huggingface (or hf), ollama, openai, anthropic, groq, openrouter, together, mistral, mcp.
        endpoint: where its API is, without the last parts of the path; a slash at the end does not matter.
        model: which model.
        api_key: goes out as the provider wants it; else the provider's environment variable is read: OPENAI_API_KEY,
            ANTHROPIC_API_KEY, GROQ_API_KEY, OPENROUTER_API_KEY, TOGETHER_API_KEY, MISTRAL_API_KEY.
        system: instructions that go before every conversation.
        temperature: of sampling; the provider's default when left out.
        max_tokens: of the answer; `max_new_tokens` for huggingface and those that speak like it.
        stop: texts that end the answer.
        use_chat_api: huggingface: put prompts, too, to `/v1/chat/completions` instead of `/generate`.
        use_completions_api: huggingface: put prompts to `/v1/completions`; messages are refused.
        stream: tell of the text as it arrives, in THOUGHT_DELTA Signals under the task. The answer is the same.
        timeout: seconds without progress after which a request fails; for mcp, seconds for a call.
        command, args, env, cwd: mcp: the program, its arguments, environment variables besides the few that are
            inherited, and its directory.
        server: mcp: one of `STANDARD_MCP_SERVERS` instead of a command.
        tool: mcp: the tool to call when the input names none; needless where there is only one.
        client_name, client_version: mcp: how we introduce ourselves.

    Raises:
        ValueError: an unknown source, no API key, or values that make no sense; calls raise it for inputs that are
            none.
        TypeError: a keyword this source does not take, or one it needs is missing.
        ImportError: the extra this source needs is not installed.
        NeuronError: calls: the provider failed. `code` says how (NEURON_HTTP_429, NEURON_TIMEOUT, ...) and
            `recoverable` whether trying again may help.
    """

    source: str

    @overload
    def __new__(
        cls,
        source: Literal["huggingface", "hf"],
        *,
        endpoint: str,
        model: str | None = None,
        use_chat_api: bool = False,
        use_completions_api: bool = False,
        temperature: float | None = None,
        max_new_tokens: int = 512,
        stop: Sequence[str] | None = None,
        api_key: str | None = None,
        timeout: float = 120.0,
        stream: bool = False,
    ) -> Neuron: ...
    @overload
    def __new__(
        cls,
        source: Literal["ollama"],
        *,
        model: str,
        endpoint: str = "http://localhost:11434",
        system: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        timeout: float = 120.0,
        stream: bool = False,
    ) -> Neuron: ...
    @overload
    def __new__(
        cls,
        source: Literal["openai"],
        *,
        model: str,
        api_key: str | None = None,
        endpoint: str = "https://api.openai.com/v1",
        temperature: float | None = None,
        max_tokens: int | None = None,
        system: str | None = None,
        timeout: float = 120.0,
        stream: bool = False,
    ) -> Neuron: ...
    @overload
    def __new__(
        cls,
        source: Literal["anthropic"],
        *,
        model: str,
        api_key: str | None = None,
        endpoint: str = "https://api.anthropic.com/v1",
        system: str | None = None,
        max_tokens: int = 1024,
        temperature: float | None = None,
        timeout: float = 120.0,
        stream: bool = False,
    ) -> Neuron: ...
    @overload
    def __new__(
        cls,
        source: Literal["groq", "openrouter", "together", "mistral"],
        *,
        model: str | None = None,
        api_key: str | None = None,
        endpoint: str | None = None,
        use_chat_api: bool = True,
        use_completions_api: bool = False,
        temperature: float | None = None,
        max_new_tokens: int = 512,
        stop: Sequence[str] | None = None,
        timeout: float = 120.0,
        stream: bool = False,
    ) -> Neuron: ...
    @overload
    def __new__(
        cls,
        source: Literal["mcp"],
        *,
        command: str | None = None,
        args: Sequence[str] | None = None,
        server: str | None = None,
        env: dict[str, str] | None = None,
        cwd: str | None = None,
        tool: str | None = None,
        timeout: float = 120.0,
        client_name: str = "cosmo-doppler",
        client_version: str = "0.1.0",
    ) -> Neuron: ...
    def __new__(cls, source: str, **options: Any) -> Neuron:  # noqa: PYI034 - of a subclass it chooses
        """The Neuron of a source. Python then calls that one's `__init__` with the same arguments."""
        at_home = _SOURCES.get(str(source).lower())
        if at_home is None:
            raise ValueError(f"unknown source {source!r}: there are {', '.join(_SOURCES)}")
        module, name = at_home
        kind: type[Neuron] = getattr(import_module(module), name)
        _check_options(source, kind, options)
        neuron = object.__new__(kind)
        neuron.source = source.lower()
        return neuron

    def __repr__(self) -> str:
        return f"Neuron(source={self.source!r})"

    async def __call__(
        self,
        input: dict[str, Any],
        context: list[Any] | None = None,
        *,
        emit_thought_delta: Say | None = None,
    ) -> dict[str, Any]:
        """Ask.

        Args:
            input: what is asked; see the class.
            context: not used: what a model is to know belongs into `messages`.
            emit_thought_delta: told of the text as it arrives, when it is streamed. An Axon passes its own.

        Raises:
            ValueError: the input asks nothing.
            NeuronError: there is no answer.
        """
        if not isinstance(input, dict):
            raise TypeError(f"the input of a Neuron is a dict, not a {type(input).__name__}")
        return await self._answer(input, emit_thought_delta)

    async def _answer(self, input: dict[str, Any], say: Say | None) -> dict[str, Any]:
        raise NotImplementedError

    async def aclose(self) -> None:
        """End its connections or its process. Again: nothing."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def _check_options(source: str, kind: type[Neuron], options: dict[str, Any]) -> None:
    """Refuse keywords the source does not know, and miss those it needs, by name."""
    _, _, *parameters = inspect.signature(kind.__init__).parameters.values()
    known = [parameter.name for parameter in parameters]
    unknown = [name for name in options if name not in known]
    if unknown:
        raise TypeError(
            f"Neuron(source={source!r}) does not take {', '.join(unknown)}; it takes {', '.join(known)}"
        )
    missing = [each.name for each in parameters if each.default is each.empty and each.name not in options]
    if missing:
        raise TypeError(f"Neuron(source={source!r}) needs {', '.join(f'{name}=' for name in missing)}")
