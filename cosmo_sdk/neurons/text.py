"""What all Neurons of text have in common: ask, in one piece or as a stream, and say what was answered."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from cosmo_sdk.neurons import _failures
from cosmo_sdk.neurons._http import END, Http
from cosmo_sdk.neurons._records import Format, ServerSentEvents
from cosmo_sdk.neurons.base import Neuron, Say


class Gathering(Protocol):
    """Puts the records of a stream together into what would have come in one piece."""

    complete: bool
    """Whether the answer has come to its end."""

    def take(self, record: dict[str, Any]) -> str:
        """Add a record; returns the text it brings."""
        ...

    def whole(self) -> dict[str, Any]:
        """What a request without a stream would have brought."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request to a provider, and how its answer is read."""

    path: str
    """Behind the endpoint."""
    body: dict[str, Any]
    """Of the request, without `stream`."""
    text: Callable[[Any], str | None]
    """The text of an answer; None: it is none."""
    gathering: Callable[[], Gathering]
    """Puts the answer together when it is streamed."""
    stream_path: str = ""
    """Where streams are asked for, if elsewhere."""
    stream_body: dict[str, Any] | None = None
    """What the body has besides when a stream is asked for; `stream: true` when left out."""
    form: Callable[[], Format] = ServerSentEvents
    """How a stream is written."""


class TextNeuron(Neuron):
    """Asks a language model."""

    def __init__(self, http: Http, *, stream: bool) -> None:
        self._http = http
        self.stream = stream

    def __repr__(self) -> str:
        return f"Neuron(source={self.source!r}, endpoint={self._http.where('')!r})"

    def _exchange(self, input: dict[str, Any]) -> Exchange:
        """The request that an input means."""
        raise NotImplementedError

    async def _answer(self, input: dict[str, Any], say: Say | None) -> dict[str, Any]:
        exchange = self._exchange(input)
        asked = input.get("stream")
        if asked if isinstance(asked, bool) else self.stream:
            data: Any = await self._streamed(exchange, say)
        else:
            data = await self._http.post(exchange.path, exchange.body)
        text = exchange.text(data)
        if text is None:
            where = self._http.where(exchange.path)
            if isinstance(data, dict) and data.get("error"):
                raise self._http.hiding(_failures.told(data["error"], where, midway=False))
            raise _failures.unreadable(where, "JSON without an answer in it")
        return {"response": text, "meta": data}

    async def _streamed(self, exchange: Exchange, say: Say | None) -> dict[str, Any]:
        path = exchange.stream_path or exchange.path
        more = {"stream": True} if exchange.stream_body is None else exchange.stream_body
        gathering = exchange.gathering()
        async with self._http.stream(path, {**exchange.body, **more}, exchange.form()) as records:
            async for record in records:
                if record is END:
                    gathering.complete = True
                    break
                if not isinstance(record, dict):
                    raise _failures.unreadable(self._http.where(path), "a stream of something else")
                if record.get("error"):
                    raise _failures.told(record["error"], self._http.where(path), midway=True)
                piece = gathering.take(record)
                if piece and say is not None:
                    await say(piece)
            if not gathering.complete:
                raise _failures.cut_off(self._http.where(path))
        return gathering.whole()

    async def aclose(self) -> None:
        """End its connections. Again: nothing."""
        await self._http.aclose()


def api_key(source: str, given: str | None, variable: str = "", *, required: bool = False) -> str:
    """The key to use: the given one, else that of the environment, else none.

    Args:
        source: for the error.
        given: what the caller passed.
        variable: of the environment.
        required: whether there must be one.

    Raises:
        ValueError: there is none, or it cannot go into a header. The message does not show it.
    """
    found = (given if given is not None else os.environ.get(variable, "") if variable else "").strip()
    if not found and required:
        raise ValueError(f"Neuron(source={source!r}) needs an API key: pass api_key= or set {variable}")
    if not (found.isascii() and found.isprintable()) or " " in found:
        raise ValueError(f"the API key of Neuron(source={source!r}) has characters that no key has")
    return found


def need_model(source: str, model: str | None) -> str:
    """The model's name.

    Raises:
        ValueError: there is none.
    """
    if not model or not isinstance(model, str):
        raise ValueError(f"Neuron(source={source!r}) needs model=, the name of a model; got {model!r}")
    return model
