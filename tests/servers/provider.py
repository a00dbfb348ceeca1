"""A provider of language models on a real socket: it notes what it is asked and answers what it was told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """What somebody asked."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    pieces: Sequence[bytes] | None = None
    """Sent one by one, instead of the body."""
    cut: bool = False
    """The connection ends before the answer does."""
    stalls: bool = False
    """Everything is sent but the end."""
    never: bool = False
    """Nothing is sent at all."""


Told = Answer | Callable[[Request], Answer]


def answer(data: Any, status: int = 200, **headers: str) -> Answer:
    """JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(json.dumps(data).encode(), status, {"content-type": "application/json", **named})


def events(*records: Any, split: int | None = None, done: bool = True, cut: bool = False) -> Answer:
    """Server-sent events, in pieces of `split` bytes, else one event each."""
    texts = [
        record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records
    ]
    if done:
        texts.append("[DONE]")
    whole = [f"data: {text}\n\n".encode() for text in texts]
    return Answer(headers={"content-type": "text/event-stream"}, pieces=_split(whole, split), cut=cut)


def lines(*records: Any, split: int | None = None) -> Answer:
    """JSON by the line."""
    whole = [json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records]
    return Answer(headers={"content-type": "application/x-ndjson"}, pieces=_split(whole, split))


def _split(whole: list[bytes], size: int | None) -> list[bytes]:
    if size is None:
        return whole
    joined = b"".join(whole)
    return [joined[at : at + size] for at in range(0, len(joined), size)]


class Provider:
    """Answers in the order it was told; the last answer over and over. An answer may depend on the request."""

    def __init__(self, answers: Sequence[Told]) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []
        self.connections = 0
        self.open = 0
        self.asked = asyncio.Event()
        self.gone = asyncio.Event()
        """Set when a connection has ended."""
        self.url = ""
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    async def stop(self) -> None:
        for each in self._serving:
            each.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.ensure_future(self._serve(reader, writer))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            self.gone.set()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest) if name
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append(Request(first.split(" ")[1], headers, json.loads(body) if body else None))
        told = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not isinstance(told, Answer):
            told = told(self.requests[-1])
        self.asked.set()
        if told.never:
            await reader.read()
            return False
        writer.write(_head(told))
        if told.pieces is None:
            writer.write(told.body)
        for piece in told.pieces or ():
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
        if told.stalls:
            await reader.read()
        if told.cut or told.stalls:
            return False
        if told.pieces is not None:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def _head(told: Answer) -> bytes:
    length = (
        f"content-length: {len(told.body) + (1 if told.cut else 0)}"
        if told.pieces is None
        else "transfer-encoding: chunked"
    )
    named = [f"{name}: {value}" for name, value in told.headers.items()]
    return "\r\n".join([f"HTTP/1.1 {told.status} Told", length, *named, "", ""]).encode()


@asynccontextmanager
async def running_provider(*answers: Told) -> AsyncIterator[Provider]:
    """A provider that gives these answers."""
    provider = Provider(answers)
    server = await provider.start()
    try:
        yield provider
    finally:
        server.close()
        await provider.stop()
        await server.wait_closed()
