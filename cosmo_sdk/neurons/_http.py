"""One provider's API over HTTP: requests, streams, failures, and how long connections live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Any

import msgspec

from cosmo_sdk.errors import NeuronError
from cosmo_sdk.neurons import _failures
from cosmo_sdk.neurons._records import Format, Lines, LineTooLong, ServerSentEvents

try:
    import httpx
except ImportError as error:
    raise ImportError(
        "Neurons that ask a provider need httpx: pip install 'cosmo-doppler[neurons]'", name="httpx"
    ) from error

END = b"[DONE]"
"""The record that ends a stream of chat chunks; not every API has it."""

REFUSAL_LIMIT = 64 << 10
"""Bytes of a refusal that are read."""


class Http:
    """Asks one API. Its connections are shared by all calls on one event loop.

    They end with `aclose`, with the loop, or with this object, whichever is first.

    Args:
        endpoint: the URL that paths are put behind.
        headers: go with every request.
        timeout: seconds without progress after which a request fails.
        secret: what must appear in no message, if there is such a thing.
        hint: what to do when the provider does not know us.

    Raises:
        ValueError: an endpoint that is no URL of HTTP, or a timeout that is not positive.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 120.0,
        secret: str = "",
        hint: str = "",
    ) -> None:
        if timeout <= 0:
            raise ValueError(f"timeout={timeout} is not positive")
        self.endpoint = endpoint.rstrip("/")
        self._url = _checked(self.endpoint)
        self._headers = {"content-type": "application/json", **(headers or {})}
        self._timeout = timeout
        self._secret = secret
        self._hint = hint
        self._open: dict[asyncio.AbstractEventLoop, tuple[httpx.AsyncClient, AsyncGenerator[None]]] = {}

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send a JSON body and return the JSON answer.

        Raises:
            NeuronError: there is none.
        """
        async with self._asked(path, body) as (response, where):
            return _decoded(await response.aread(), where)

    @asynccontextmanager
    async def stream(
        self, path: str, body: dict[str, Any], form: Format
    ) -> AsyncIterator[AsyncIterator[Any]]:
        """Send a JSON body; the records of the answer come as they arrive, up to `END` where there is one.

        A server that does not stream answers with one record, which is everything.

        Args:
            path: what is put behind the endpoint.
            body: of the request.
            form: takes the answer apart.

        Raises:
            NeuronError: there is none, or a record that is an error; also while reading.
        """
        async with (
            self._asked(path, body) as (response, where),
            aclosing(_records(response, form, where)) as records,
        ):
            yield records

    def where(self, path: str) -> str:
        """Host and path of a request, for messages: what an URL may hide elsewhere stays out."""
        port = "" if self._url.port is None else f":{self._url.port}"
        return f"{self._url.host}{port}{self._url.path.rstrip('/')}{path}"

    async def aclose(self) -> None:
        """End all connections. A later request opens new ones."""
        opened, self._open = self._open, {}
        _, here = opened.pop(asyncio.get_running_loop(), (None, None))
        # Those of other loops end there: each loop is told when a generator is given up.
        opened.clear()
        if here is not None:
            await here.aclose()

    @asynccontextmanager
    async def _asked(self, path: str, body: dict[str, Any]) -> AsyncIterator[tuple[httpx.Response, str]]:
        where = self.where(path)
        client = await self._client()
        with self._failing(where):
            async with client.stream(
                "POST", f"{self.endpoint}{path}", content=_encoded(body), headers=self._headers
            ) as response:
                if not response.is_success:
                    said = await _beginning(response)
                    raise _failures.refused(response.status_code, response.headers, said, where, self._hint)
                yield response, where

    @contextmanager
    def _failing(self, where: str) -> Iterator[None]:
        """Name every failure of the transport, and keep the secret out of all of them."""
        try:
            yield
        except NeuronError as error:
            raise self.hiding(error) from None
        except httpx.TimeoutException:
            late = f"{where} did not answer within {self._timeout:g} s"
            raise NeuronError(late, code="NEURON_TIMEOUT", recoverable=True) from None
        except httpx.DecodingError as error:
            raise _failures.unreadable(where, f"what cannot be unpacked ({error})") from None
        except httpx.TransportError as error:
            why = self._without_secret(str(error) or type(error).__name__)
            raise NeuronError(
                f"{where} cannot be reached: {why:.200}", code="NEURON_UNREACHABLE", recoverable=True
            ) from None

    def hiding(self, error: NeuronError) -> NeuronError:
        """The same failure without the secret: providers like to repeat it."""
        return error.again(self._without_secret(str(error)))

    def _without_secret(self, text: str) -> str:
        return text.replace(self._secret, "***") if self._secret else text

    async def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        opened = self._open.get(loop)
        if opened is None:
            for gone in [each for each in self._open if each.is_closed()]:
                del self._open[gone]
            # How many requests run at a time is for the Axon to say.
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
            client = httpx.AsyncClient(timeout=self._timeout, limits=limits)
            opened = self._open[loop] = client, _closing(client)
            await anext(opened[1])
        return opened[0]


async def _closing(client: httpx.AsyncClient) -> AsyncGenerator[None]:
    """Closes the client when it is closed itself, which a loop does at its end, and when nobody refers to it."""
    try:
        yield
    finally:
        await client.aclose()


async def _records(response: httpx.Response, form: Format, where: str) -> AsyncGenerator[Any]:
    kind = response.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/json" and isinstance(form, ServerSentEvents):
        yield _decoded(await response.aread(), where)
        return
    async with aclosing(_raw(response, form, where)) as found:
        async for record in found:
            if record == END:
                yield END
                return
            yield _decoded(record, where)


async def _raw(response: httpx.Response, form: Format, where: str) -> AsyncGenerator[bytes]:
    lines = Lines()
    async with aclosing(_chunks(response)) as chunks:
        async for chunk in chunks:
            try:
                complete = lines.feed(chunk)
            except LineTooLong as error:
                raise _failures.unreadable(where, str(error)) from None
            for line in complete:
                record = form.line(line)
                if record is not None:
                    yield record
    for record in (*map(form.line, lines.end()), form.end()):
        if record is not None:
            yield record


async def _chunks(response: httpx.Response) -> AsyncGenerator[bytes]:
    async for chunk in response.aiter_bytes():
        yield chunk


async def _beginning(response: httpx.Response) -> bytes:
    """As much of a body as anybody could want to read."""
    found = bytearray()
    async with aclosing(_chunks(response)) as chunks:
        async for chunk in chunks:
            found += chunk
            if len(found) >= REFUSAL_LIMIT:
                break
    return bytes(found)


def _encoded(body: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the input cannot be sent as JSON: {error}") from error


def _decoded(body: bytes, where: str) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        shown = body[:40].decode("utf-8", "replace")
        raise _failures.unreadable(where, f"what is no JSON ({shown!r})") from None


def _checked(endpoint: str) -> httpx.URL:
    try:
        url = httpx.URL(endpoint)
    except (httpx.InvalidURL, TypeError) as error:
        raise ValueError(f"endpoint={endpoint!r} is no URL: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"endpoint={endpoint!r}: a URL that starts with http:// or https:// is meant")
    return url
