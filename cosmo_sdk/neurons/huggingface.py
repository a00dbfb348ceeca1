"""Text Generation Inference, and every server that speaks OpenAI's API (vLLM, llama.cpp, LM Studio)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cosmo_sdk.neurons._chat import ChatChunks, CompletionChunks, chat_text, completion_text
from cosmo_sdk.neurons._http import Http
from cosmo_sdk.neurons._input import conversation_of, messages_of, prompt_of, tools_of
from cosmo_sdk.neurons._shapes import first, mapping, present, text_in
from cosmo_sdk.neurons.text import Exchange, TextNeuron
from cosmo_sdk.neurons.text import api_key as checked_key


class HuggingFaceNeuron(TextNeuron):
    """Asks one of three paths: chat for conversations and tools, else `/generate`, or what the options say.

    Raises:
        ValueError: both of `use_chat_api` and `use_completions_api`, a key that is needed and not there, or an endpoint
            that is no URL.
    """

    def __init__(
        self,
        source: str,
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
    ) -> None:
        if use_chat_api and use_completions_api:
            raise ValueError("use_chat_api and use_completions_api exclude each other")
        key = checked_key(source, api_key, self._variable())
        hint = "" if key else f"no key was sent: pass api_key={self._or_set()}"
        headers = {"authorization": f"Bearer {key}"} if key else {}
        super().__init__(
            Http(endpoint, headers=headers, timeout=timeout, secret=key, hint=hint), stream=stream
        )
        self.model = model
        self.use_chat_api = use_chat_api
        self.use_completions_api = use_completions_api
        self.temperature = temperature
        self.max_new_tokens = max_new_tokens
        self.stop = [stop] if isinstance(stop, str) else list(stop or ()) or None

    def _variable(self) -> str:
        """Where a key is in the environment, if anywhere."""
        return ""

    def _or_set(self) -> str:
        return f" or set {self._variable()}" if self._variable() else ""

    def _exchange(self, input: dict[str, Any]) -> Exchange:
        tools = tools_of(input)
        if self.use_completions_api:
            return self._completion(input)
        if self.use_chat_api or tools is not None or messages_of(input) is not None:
            return self._chat(input, tools)
        return self._generate(prompt_of(input))

    def _chat(self, input: dict[str, Any], tools: list[Any] | None) -> Exchange:
        body = {"messages": conversation_of(input), **self._sampling(), **present(tools=tools)}
        return Exchange("/v1/chat/completions", body, chat_text, ChatChunks)

    def _completion(self, input: dict[str, Any]) -> Exchange:
        if messages_of(input) is not None:
            raise ValueError(
                "use_completions_api takes a prompt: put the messages into the form your model was trained on"
            )
        body = {"prompt": prompt_of(input), **self._sampling()}
        return Exchange("/v1/completions", body, completion_text, CompletionChunks)

    def _sampling(self) -> dict[str, Any]:
        more = present(model=self.model or None, temperature=self.temperature, stop=self.stop)
        return {"max_tokens": self.max_new_tokens, **more}

    def _generate(self, prompt: str) -> Exchange:
        more = present(temperature=self.temperature, stop=self.stop)
        body = {"inputs": prompt, "parameters": {"max_new_tokens": self.max_new_tokens, **more}}
        return Exchange(
            "/generate",
            body,
            _generated,
            GeneratedTokens,
            # Another path instead of a flag.
            stream_path="/generate_stream",
            stream_body={},
        )


def _generated(data: Any) -> str | None:
    text = (first(data) if isinstance(data, list) else mapping(data)).get("generated_text")
    return text if isinstance(text, str) else None


class GeneratedTokens:
    """A generated text, token by token; the last one brings the whole text along."""

    def __init__(self) -> None:
        self.complete = False
        self._last: dict[str, Any] = {}

    def take(self, record: dict[str, Any]) -> str:
        """Add a token; returns its text, unless it only steers the model."""
        if isinstance(record.get("generated_text"), str):
            self.complete = True
            self._last = {key: value for key, value in record.items() if key != "token" and value is not None}
        token = record.get("token")
        if token is None:
            return text_in(record.get("generated_text"))
        token = mapping(token)
        return "" if token.get("special") else text_in(token.get("text"))

    def whole(self) -> dict[str, Any]:
        """What a request without a stream would have brought."""
        return self._last
