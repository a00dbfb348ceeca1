"""A running Ollama."""

from __future__ import annotations

from typing import Any

from cosmo_sdk.neurons._http import Http
from cosmo_sdk.neurons._input import conversation_of, messages_of, prompt_of, tools_of
from cosmo_sdk.neurons._records import JsonLines
from cosmo_sdk.neurons._shapes import entries, mapping, present, text_in
from cosmo_sdk.neurons.text import Exchange, TextNeuron, need_model


class OllamaNeuron(TextNeuron):
    """Asks `/api/generate` for prompts, `/api/chat` for conversations and tools."""

    def __init__(
        self,
        source: str,
        *,
        model: str,
        endpoint: str = "http://localhost:11434",
        system: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        timeout: float = 120.0,
        stream: bool = False,
    ) -> None:
        super().__init__(Http(endpoint, timeout=timeout), stream=stream)
        self.model = need_model(source, model)
        self.system = system
        self.temperature = temperature
        self.max_tokens = max_tokens

    def _exchange(self, input: dict[str, Any]) -> Exchange:
        tools = tools_of(input)
        options = present(temperature=self.temperature, num_predict=self.max_tokens)
        # Streaming is what it does unless told otherwise.
        common = {"model": self.model, "stream": False, **present(options=options or None)}
        if tools is None and messages_of(input) is None:
            body = {**common, "prompt": prompt_of(input), **present(system=self.system or None)}
            return Exchange("/api/generate", body, _response, GeneratedLines, form=JsonLines)
        before = [{"role": "system", "content": self.system}] if self.system else []
        body = {**common, "messages": [*before, *conversation_of(input)], **present(tools=tools)}
        return Exchange("/api/chat", body, _message, ChatLines, form=JsonLines)


def _response(data: Any) -> str | None:
    text = mapping(data).get("response")
    return text if isinstance(text, str) else None


def _message(data: Any) -> str | None:
    message = mapping(data).get("message")
    return text_in(message.get("content")) if isinstance(message, dict) else None


class _JsonPieces:
    """An answer, one piece a line; the last one says how it went."""

    def __init__(self) -> None:
        self.complete = False
        self._pieces: list[str] = []
        self._last: dict[str, Any] = {}

    def take(self, record: dict[str, Any]) -> str:
        """Add a line; returns the text it brings."""
        self.complete = record.get("done") is True
        self._last = record
        piece = self._piece(record)
        self._pieces.append(piece)
        return piece

    def _piece(self, record: dict[str, Any]) -> str:
        raise NotImplementedError


class GeneratedLines(_JsonPieces):
    """A generated text in pieces."""

    def _piece(self, record: dict[str, Any]) -> str:
        return text_in(record.get("response"))

    def whole(self) -> dict[str, Any]:
        """What a request without a stream would have brought."""
        return {**self._last, "response": "".join(self._pieces)}


class ChatLines(_JsonPieces):
    """A chat answer in pieces; calls of tools come whole."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[dict[str, Any]] = []

    def _piece(self, record: dict[str, Any]) -> str:
        message = mapping(record.get("message"))
        self._calls += entries(message.get("tool_calls"))
        return text_in(message.get("content"))

    def whole(self) -> dict[str, Any]:
        """What a request without a stream would have brought."""
        message = {"role": "assistant", "content": "".join(self._pieces)}
        return {**self._last, "message": {**message, **present(tool_calls=self._calls or None)}}
