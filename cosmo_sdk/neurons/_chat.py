"""OpenAI's chat and completions APIs, which many others speak: what comes back, whole and in pieces."""

from __future__ import annotations

from typing import Any

from cosmo_sdk.neurons._shapes import entries, first, mapping, text_in


def chat_text(data: Any) -> str | None:
    """The text of a chat answer; empty when the model calls tools instead."""
    choices = mapping(data).get("choices")
    return text_in(mapping(first(choices).get("message")).get("content")) if entries(choices) else None


def completion_text(data: Any) -> str | None:
    """The text of a completion."""
    choices = mapping(data).get("choices")
    return text_in(first(choices).get("text")) if entries(choices) else None


class _Chunks:
    """Chunks of one choice. What stands beside the choices (id, model, usage) is kept, the last one of each."""

    kind = ""

    def __init__(self) -> None:
        self.complete = False
        self._beside: dict[str, Any] = {}
        self._finish: Any = None
        self._pieces: list[str] = []

    def take(self, record: dict[str, Any]) -> str:
        """Add a chunk; returns the text it brings."""
        self._beside.update(
            {key: value for key, value in record.items() if key != "choices" and value is not None}
        )
        choice = first(record.get("choices"))
        if choice.get("finish_reason"):
            self._finish = choice["finish_reason"]
            self.complete = True
        piece = self._piece(choice)
        self._pieces.append(piece)
        return piece

    def _piece(self, choice: dict[str, Any]) -> str:
        raise NotImplementedError

    def _choice(self) -> dict[str, Any]:
        raise NotImplementedError

    def whole(self) -> dict[str, Any]:
        """What a request without a stream would have brought."""
        choice = {"index": 0, **self._choice(), "finish_reason": self._finish}
        return {**self._beside, "object": self.kind, "choices": [choice]}


class CompletionChunks(_Chunks):
    """A completion in pieces."""

    kind = "text_completion"

    def _piece(self, choice: dict[str, Any]) -> str:
        return text_in(choice.get("text"))

    def _choice(self) -> dict[str, Any]:
        return {"text": "".join(self._pieces)}


class ChatChunks(_Chunks):
    """A chat answer in pieces, tool calls included."""

    kind = "chat.completion"

    def __init__(self) -> None:
        super().__init__()
        self._calls: dict[Any, dict[str, Any]] = {}

    def _piece(self, choice: dict[str, Any]) -> str:
        # Servers that do not stream send a message where the others send a delta.
        delta = mapping(choice.get("delta") or choice.get("message"))
        for position, call in enumerate(entries(delta.get("tool_calls"))):
            self._add_call(call.get("index", position), call)
        return text_in(delta.get("content"))

    def _add_call(self, index: Any, call: dict[str, Any]) -> None:
        """The name comes with the first piece of a call, its arguments with all of them."""
        known = self._calls.setdefault(index, {"type": "function", "function": {"name": "", "arguments": ""}})
        known.update({key: value for key, value in call.items() if key in ("id", "type") and value})
        function = mapping(call.get("function"))
        known["function"]["name"] = known["function"]["name"] or function.get("name") or ""
        known["function"]["arguments"] += text_in(function.get("arguments"))

    def _choice(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self._pieces)}
        if self._calls:
            message["tool_calls"] = list(self._calls.values())
        return {"message": message}
