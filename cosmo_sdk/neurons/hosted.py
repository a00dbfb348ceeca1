"""Providers whose chat API is the one `huggingface` speaks: only the address and the key differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cosmo_sdk.neurons.huggingface import HuggingFaceNeuron


class _Host(NamedTuple):
    endpoint: str
    variable: str


_HOSTS = {
    "groq": _Host("https://api.groq.com/openai", "GROQ_API_KEY"),
    "openrouter": _Host("https://openrouter.ai/api", "OPENROUTER_API_KEY"),
    "together": _Host("https://api.together.xyz", "TOGETHER_API_KEY"),
    "mistral": _Host("https://api.mistral.ai", "MISTRAL_API_KEY"),
}


class HostedNeuron(HuggingFaceNeuron):
    """Asks groq, openrouter, together or mistral."""

    def __init__(
        self,
        source: str,
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
    ) -> None:
        super().__init__(
            source,
            endpoint=endpoint or _HOSTS[self.source].endpoint,
            model=model,
            use_chat_api=use_chat_api,
            use_completions_api=use_completions_api,
            temperature=temperature,
            max_new_tokens=max_new_tokens,
            stop=stop,
            api_key=api_key,
            timeout=timeout,
            stream=stream,
        )

    def _variable(self) -> str:
        return _HOSTS[self.source].variable
