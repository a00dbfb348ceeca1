"""Sending a recording to a bus again: with its own timing, faster or slower, as it was or as new traces."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cosmo_bus.client import BusClient
from cosmo_bus.errors import LineTooLong, OutgoingFull
from cosmo_doppler.session.recorded import RecordedFrame
from cosmo_doppler.settings import DEFAULT_NAMESPACE
from cosmo_sdk.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.ids import encode_ulid

_ID = re.compile(rb'"(evt|trc)_[^"\\]{1,200}"')
_MOMENT_BITS = 48
_RANDOM_BYTES = 10

BATCH = 256
"""Frames sent at most before the bus's back-pressure is felt."""

_REPORTED = 20
"""Refused frames whose line and reason are kept."""


class NewTraces:
    """Gives every event and trace of a recording a new id, the same one wherever it is mentioned.

    A new id follows from the old one, so nothing has to be remembered however long the recording is.

    Args:
        salt: tells one replay from another; random bytes.
        at: the time the new ids carry, epoch seconds.
    """

    def __init__(self, salt: bytes, at: float) -> None:
        self._salt = salt
        self._moment = int(at * 1000) & ((1 << _MOMENT_BITS) - 1)

    def __call__(self, frame: bytes) -> bytes:
        """The frame with other ids, all else byte for byte."""
        return _ID.sub(self._replace, frame)

    def _replace(self, found: re.Match[bytes]) -> bytes:
        digest = hashlib.blake2b(found[0], digest_size=_RANDOM_BYTES, key=self._salt).digest()
        ulid = encode_ulid(self._moment << (8 * _RANDOM_BYTES) | int.from_bytes(digest, "big"))
        return b'"%b_%b"' % (found[1], ulid.encode())


@dataclass
class Republished:
    """What became of a recording so far."""

    sent: int = 0
    passed_over: int = 0
    """What the bus itself had said of gates and faults, and replies to connections long gone: nobody's signals."""
    refused: list[tuple[int, str]] = field(default_factory=list)
    """Line and reason of the first frames that the bus does not take."""
    refused_count: int = 0


class Republisher:
    """Publishes recorded frames.

    Args:
        client: connected to the bus.
        speed: 1.0 as recorded, 2.0 twice as fast, infinity as fast as the bus takes them.
        namespace: where to; None is where each was recorded.
        otherwise: where to when the recording does not say.
        rewrite: changes a frame on its way.
        clock: keeps the pauses.
    """

    def __init__(
        self,
        client: BusClient,
        *,
        speed: float = 1.0,
        namespace: str | None = None,
        otherwise: str = DEFAULT_NAMESPACE,
        rewrite: Callable[[bytes], bytes] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.outcome = Republished()
        self._client = client
        self._speed = speed
        self._namespace = namespace
        self._otherwise = otherwise
        self._rewrite = rewrite
        self._clock = clock

    async def run(self, frames: Iterable[RecordedFrame | None]) -> None:
        """Send every frame when it is due.

        Raises:
            BusClosed: the bus went away; `outcome` says how far it came.
        """
        first: float | None = None
        began = self._clock.monotonic()
        unfelt = 0
        for frame in frames:
            if frame is None:
                continue
            first = frame.at if first is None else first
            due = began + (frame.at - first) / self._speed
            wait = due - self._clock.monotonic()
            if wait > 0:
                await self._clock.sleep(wait)
            unfelt += 1
            if unfelt >= BATCH or wait > 0:
                unfelt = 0
                await self._client.drain()
                # Also a bus that takes everything at once must be heard, and the progress bar seen.
                await asyncio.sleep(0)
            await self._send(frame)
        await self._client.flush()

    async def _send(self, frame: RecordedFrame) -> None:
        if frame.subject.startswith("_"):
            self.outcome.passed_over += 1
            return
        data = frame.frame if self._rewrite is None else self._rewrite(frame.frame)
        try:
            try:
                self._client.publish(self._where(frame), data)
            except OutgoingFull:
                await self._client.drain()
                self._client.publish(self._where(frame), data)
        except (LineTooLong, UnicodeDecodeError) as error:
            self.outcome.refused_count += 1
            if len(self.outcome.refused) < _REPORTED:
                self.outcome.refused.append((frame.number, str(error)))
        else:
            self.outcome.sent += 1

    def _where(self, frame: RecordedFrame) -> str:
        tokens = frame.subject.split(".")
        if len(tokens) < 3 or tokens[0] != "cosmonapse":
            return frame.subject
        if self._namespace is not None:
            tokens[1] = self._namespace
        elif not frame.says_where:
            tokens[1] = self._otherwise
        return ".".join(tokens)
