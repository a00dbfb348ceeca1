"""Anthropic's messages API."""

from __future__ import annotations

from typing import Any

import msgspec

from cosmo_sdk.neurons._http import Http
from cosmo_sdk.neurons._input import conversation_of, tools_of
from cosmo_sdk.neurons._shapes import entries, mapping, present, text_in
from cosmo_sdk.neurons.text import Exchange, TextNeuron, need_model
from cosmo_sdk.neurons.text import api_key as checked_key

VERSION = "2023-06-01"
"""Of the API, as the provider dates it."""


class AnthropicNeuron(TextNeuron):
    """Asks `/messages`. System messages, which that API has no place for in a conversation, are moved to `system`."""

    def __init__(
        self,
        source: str,
        *,
        model: str,
        api_key: str | None = None,
        endpoint: str = "https://api.anthropic.com/v1",
        system: str | None = None,
        max_tokens: int = 1024,
        temperature: float | None = None,
        timeout: float = 120.0,
        stream: bool = False,
    ) -> None:
        key = checked_key(source, api_key, "ANTHROPIC_API_KEY", required=True)
        headers = {"x-api-key": key, "anthropic-version": VERSION}
        super().__init__(Http(endpoint, headers=headers, timeout=timeout, secret=key), stream=stream)
        self.model = need_model(source, model)
        self.system = system
        self.max_tokens = max_tokens
        self.temperature = temperature

    def _exchange(self, input: dict[str, Any]) -> Exchange:
        conversation = conversation_of(input)
        body = {
            "model": self.model,
            "messages": [message for message in conversation if message.get("role") != "system"],
            "max_tokens": self.max_tokens,
            **present(system=self._system(conversation), tools=tools_of(input), temperature=self.temperature),
        }
        return Exchange("/messages", body, _text, MessageEvents)

    def _system(self, conversation: list[dict[str, Any]]) -> str | None:
        """What the conversation itself instructs takes the place of our own; several such become one."""
        said = [
            text_in(message.get("content")) for message in conversation if message.get("role") == "system"
        ]
        return "\n\n".join(filter(None, said)) or self.system or None


def _text(data: Any) -> str | None:
    content = mapping(data).get("content")
    return text_in(content) if isinstance(content, list) else None


class MessageEvents:
    """A message in pieces: its blocks, the calls of tools among them, and at the end why it ended and what it took."""

    def __init__(self) -> None:
        self.complete = False
        self._message: dict[str, Any] = {}
        self._blocks: dict[Any, dict[str, Any]] = {}
        self._arguments: dict[Any, str] = {}

    def take(self, record: dict[str, Any]) -> str:
        """Add an event; returns the text it brings. Kinds of events that came later than this code are left out."""
        kind, index = record.get("type"), record.get("index")
        if kind == "message":
            # Of a server that does not stream.
            self._message, self.complete = record, True
            self._blocks = dict(enumerate(entries(record.get("content"))))
            return _text(record) or ""
        if kind == "message_start":
            self._message = dict(mapping(record.get("message")))
        elif kind == "content_block_start":
            self._blocks[index] = dict(mapping(record.get("content_block")))
            return text_in([self._blocks[index]])
        elif kind == "content_block_delta":
            return self._add(index, mapping(record.get("delta")))
        elif kind == "message_delta":
            usage = {**mapping(self._message.get("usage")), **mapping(record.get("usage"))}
            self._message = {**self._message, **mapping(record.get("delta")), "usage": usage}
        elif kind == "message_stop":
            self.complete = True
        return ""

    def _add(self, index: Any, delta: dict[str, Any]) -> str:
        block = self._blocks.setdefault(index, {"type": "text", "text": ""})
        for name in ("text", "thinking", "signature"):
            if isinstance(delta.get(name), str):
                block[name] = (block.get(name) or "") + delta[name]
        if isinstance(delta.get("partial_json"), str):
            self._arguments[index] = self._arguments.get(index, "") + delta["partial_json"]
        return text_in(delta.get("text"))

    def whole(self) -> dict[str, Any]:
        """What a request without a stream would have brought."""
        for index, arguments in self._arguments.items():
            # A model that ran out of tokens leaves them unfinished.
            try:
                self._blocks[index]["input"] = msgspec.json.decode(arguments)
            except msgspec.DecodeError:
                self._blocks[index]["input"] = arguments
        return {**self._message, "content": list(self._blocks.values())}
