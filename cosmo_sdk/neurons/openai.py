"""OpenAI's chat completions, and proxies of them."""

from __future__ import annotations

from typing import Any

from cosmo_sdk.neurons._chat import ChatChunks, chat_text
from cosmo_sdk.neurons._http import Http
from cosmo_sdk.neurons._input import conversation_of, tools_of
from cosmo_sdk.neurons._shapes import present
from cosmo_sdk.neurons.text import Exchange, TextNeuron, need_model
from cosmo_sdk.neurons.text import api_key as checked_key


class OpenAINeuron(TextNeuron):
    """Asks `/chat/completions`."""

    def __init__(
        self,
        source: str,
        *,
        model: str,
        api_key: str | None = None,
        endpoint: str = "https://api.openai.com/v1",
        temperature: float | None = None,
        max_tokens: int | None = None,
        system: str | None = None,
        timeout: float = 120.0,
        stream: bool = False,
    ) -> None:
        key = checked_key(source, api_key, "OPENAI_API_KEY", required=True)
        headers = {"authorization": f"Bearer {key}"}
        super().__init__(Http(endpoint, headers=headers, timeout=timeout, secret=key), stream=stream)
        self.model = need_model(source, model)
        self.temperature = temperature
        self.max_tokens = max_tokens
        self.system = system

    def _exchange(self, input: dict[str, Any]) -> Exchange:
        before = [{"role": "system", "content": self.system}] if self.system else []
        body = {
            "model": self.model,
            "messages": [*before, *conversation_of(input)],
            **present(tools=tools_of(input), temperature=self.temperature, max_tokens=self.max_tokens),
        }
        # Not every server that speaks this API knows the option, but this one tells the usage only when asked.
        streaming = {"stream": True, "stream_options": {"include_usage": True}}
        return Exchange("/chat/completions", body, chat_text, ChatChunks, stream_body=streaming)
