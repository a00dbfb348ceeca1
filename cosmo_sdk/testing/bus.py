"""A real dev bus for tests, in a thread of its own: for tests with an event loop, without one, and for other processes."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Self, Unpack

from cosmo_bus.client import BusClient
from cosmo_bus.server import BusServer
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import EnvelopeError
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse.base import FrameHandler
from cosmo_sdk.testing.building import subject_of
from cosmo_sdk.testing.expecting import Expectations
from cosmo_sdk.testing.pattern import Pattern, Which
from cosmo_sdk.testing.transcript import Transcript

PATIENCE_S = 10.0
"""How long a Signal may take when nobody says, seconds."""


class BusInThread:
    """A bus on a free port of this machine, listening until `close()`; also a context manager.

    Args:
        on_frame: called in the bus's thread with every frame that crosses, subject and bytes. It must not block.

    Raises:
        BusError: no port could be had.
    """

    def __init__(self, *, on_frame: FrameHandler | None = None) -> None:
        self.transcript = Transcript()
        """Every Signal that crossed."""
        self._on_frame = on_frame
        self._expectations = Expectations(self.transcript)
        self._closing = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        ready: Future[BusServer] = Future()
        # A daemon: a test run that is killed half-way must still end.
        self._thread = threading.Thread(target=self._run, args=(ready,), name="cosmo-test-bus", daemon=True)
        self._thread.start()
        server = ready.result()
        self.url = server.url
        """Where Dendrites and other processes connect, `cosmo://127.0.0.1:port`."""
        self.port = server.port
        """Its TCP port."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<bus at {self.url}, {len(self.transcript):,} signals>"

    def close(self) -> None:
        """Disconnect everybody and end the thread. Calling it again does nothing."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()

    def inject(
        self, signal: Signal | bytes, *, namespace: str = "default", subject: str | None = None
    ) -> None:
        """Have a stranger publish a Signal; when it returns, the bus has passed it on. Blocks for a moment.

        Args:
            signal: what the stranger says, or a frame that need be no Signal at all.
            namespace: where, on the subject of its type.
            subject: instead, this very subject; a bare frame needs one.

        Raises:
            ValueError: a bare frame without a subject.
            RuntimeError: the bus is closed.
        """
        if self._loop is None:
            raise RuntimeError(f"the bus at {self.url} is closed")
        if isinstance(signal, Signal):
            subject, frame = subject or subject_of(signal, namespace), signal.encode()
        elif subject is None:
            raise ValueError("a bare frame says not where it goes: pass subject=")
        else:
            frame = signal
        asyncio.run_coroutine_threadsafe(self._publish(subject, frame), self._loop).result()

    def wait_for(
        self,
        *types: SignalType,
        within_s: float = PATIENCE_S,
        **which: Unpack[Which],
    ) -> Signal:
        """The next such Signal that crosses, or has crossed; each is returned once. Blocks: for tests without a loop.

        Args:
            types: any of these types; all types when none is given.
            within_s: real seconds to wait.
            which: see `Which`.

        Raises:
            AssertionError: it did not come; everything that crossed is shown as a tree.
        """
        pattern = Pattern(types, **which)
        arrival = self._expectations.arrival(pattern)
        try:
            return arrival.result(within_s)
        except TimeoutError:
            raise self._missing(pattern, within_s) from None
        finally:
            self._expectations.forget(arrival)

    async def expect(
        self,
        *types: SignalType,
        within_s: float = PATIENCE_S,
        **which: Unpack[Which],
    ) -> Signal:
        """As `wait_for`, for tests with an event loop, which goes on meanwhile."""
        pattern = Pattern(types, **which)
        arrival = self._expectations.arrival(pattern)
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.wrap_future(arrival)
        except TimeoutError:
            raise self._missing(pattern, within_s) from None
        finally:
            self._expectations.forget(arrival)

    # -- inside

    async def _publish(self, subject: str, frame: bytes) -> None:
        client = BusClient(self.url)
        await client.connect()
        try:
            client.publish(subject, frame)
            await client.flush()
        finally:
            await client.close()

    def _missing(self, pattern: Pattern, within_s: float) -> AssertionError:
        return AssertionError(
            self.transcript.explain(f"expected {pattern} within {within_s:g} s, and it never came")
        )

    def _note(self, subject: str, frame: bytes) -> None:
        if self._on_frame is not None:
            self._on_frame(subject, frame)
        try:
            signal = Signal.decode(frame)
        except EnvelopeError:
            self.transcript.unreadable += 1
            return
        self._expectations.note(signal)

    def _run(self, ready: Future[BusServer]) -> None:
        try:
            asyncio.run(self._serve(ready))
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    async def _serve(self, ready: Future[BusServer]) -> None:
        server = BusServer(port=0)
        server.add_tap(self._note)
        await server.start()
        self._loop = asyncio.get_running_loop()
        ready.set_result(server)
        await self._closing.wait()
        await server.close()
