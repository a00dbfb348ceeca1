"""A mirror of stores on a bus: every event of coordination becomes a Signal that anybody may watch.

A manager that is bound to a mirror only rings its bell. The mirror reads the events from the store itself, so it never
stops or fails a manager, and a bus that is away costs nothing but time. An event counts as published once the bus has
sent back something that was said after it; what was sent into a connection that broke is sent again, with the same id.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from cosmo_bus.backoff import Backoff
from cosmo_sdk.coordination._mirrored import signal_of
from cosmo_sdk.coordination._store_base import BaseStore
from cosmo_sdk.coordination._store_sqlite import SqliteStore
from cosmo_sdk.coordination.errors import StoreBusyError
from cosmo_sdk.coordination.events import Event
from cosmo_sdk.coordination.metrics import Reporter
from cosmo_sdk.dendrite import Dendrite
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import EnvelopeError, SynapseError
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse.base import Subscription, SynapseState

_logger = logging.getLogger("cosmo_sdk.coordination")

BATCH = 500
"""Events that are sent before the bus is asked whether it has them."""

ECHO_S = 10.0
"""How long the bus may take to say so."""


@dataclass
class _Feed:
    """A store, and how far it is on the bus."""

    store: BaseStore
    through: int = 0
    known: bool = False
    idle: int = 0
    """How often there was nothing new."""


class BusMirror:
    """Publishes the events of stores: each at least once, in order, from where the last mirror left off.

    Managers take it as `sink`: `TaskManager(store).bind(sink=mirror)`. A store whose managers know nothing of a bus is
    given to `attach`. One mirror a store is enough; a second one repeats what the first one says.

    Signals name nobody who hosts an Axon, and ask for no capability that somebody has: nobody bids on them, and nobody
    does any work. What a mirror sends is never read back into a store.

    Args:
        dendrite: whose bus and namespace; of any role. It must be started for neither.
        poll_s: how often a store that other processes write is looked at, seconds.
        backoff: waits after the bus or a store failed.
        metrics: is told of `mirror("published" | "dropped" | "failed", count)`.

    Attributes:
        published: events that are on the bus.
        dropped: events that are not and never will be: the store forgot them first, or no Signal can carry them.
        failed: attempts that came to nothing because the bus or a store was away; repeated until they succeed.
    """

    def __init__(
        self,
        dendrite: Dendrite,
        *,
        poll_s: float = 0.25,
        backoff: Backoff | None = None,
        metrics: Any = None,
    ) -> None:
        if not poll_s > 0:
            raise ValueError(f"poll_s={poll_s} is not positive")
        self.published = 0
        self.dropped = 0
        self.failed = 0
        self._synapse = dendrite.synapse
        self._link = Link(dendrite.synapse, dendrite.namespace, dendrite.role)
        self._poll_s = poll_s
        self._backoff = backoff or Backoff(first_s=0.2, longest_s=10.0)
        self._report = Reporter(metrics)
        self._feeds: dict[str, _Feed] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._bell = asyncio.Event()
        self._rung = False
        self._progress = asyncio.Event()
        self._losses = 0
        self._inbox = f"_inbox.{uuid4().hex}"
        self._echoes: Subscription | None = None
        self._awaited: asyncio.Future[None] | None = None
        self._awaited_id = ""
        # Synapses outlive mirrors and have no way to forget a listener.
        told = weakref.WeakMethod(self._note_state)
        self._synapse.on_state(lambda state: (tell := told()) and tell(state))

    # -- for managers, from any thread

    def attach(self, store: BaseStore) -> None:
        """Publish the events of this store, too. Doing so again changes nothing."""
        self._feeds.setdefault(store.store_id, _Feed(store))
        self.notify()

    def notify(self) -> None:
        """There are new events. Returns at once."""
        loop = self._loop
        if self._rung or loop is None:
            return
        self._rung = True
        try:
            loop.call_soon_threadsafe(self._bell.set)
        except RuntimeError:
            # The loop has ended, and this mirror with it; what is in the store stays there for the next one.
            self._loop = None

    # -- for its owner

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def start(self) -> None:
        """Begin to publish, in the background. Doing so again changes nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self.run(), name="coordination mirror")

    async def stop(self, patience_s: float = 2.0) -> None:
        """Publish what there is, as far as that takes no longer than `patience_s` seconds, and end.

        Raises:
            StoreCorruptError: a store could not be read.
        """
        task = self._task
        if task is None:
            return
        try:
            async with asyncio.timeout(patience_s):
                await self.flush()
        except TimeoutError:
            _logger.warning("the mirror ends before everything is on the bus; the store keeps the rest")
        finally:
            self._task = None
            task.cancel()
            await asyncio.wait({task})

    async def flush(self) -> None:
        """Return when everything that happened so far is on the bus, however long that takes.

        Raises:
            StoreCorruptError: a store could not be read, and this mirror has ended.
            RuntimeError: it was not started.
        """
        if self._task is None:
            raise RuntimeError("this mirror publishes nothing yet: use `async with mirror`, or call start()")
        for feed in list(self._feeds.values()):
            wanted = await asyncio.to_thread(feed.store.revision)
            # The first time of nothing may be of a look before this call. Needed where somebody prunes what we wait for.
            idle = feed.idle + 2
            while not (feed.known and feed.through >= wanted) and feed.idle < idle:
                self.notify()
                self._progress.clear()
                moved = asyncio.create_task(self._progress.wait())
                await asyncio.wait({moved, self._task}, return_when=asyncio.FIRST_COMPLETED)
                moved.cancel()
                if self._task.done():
                    self._task.result()

    async def ended(self) -> None:
        """Wait for the end of what `start` began, which comes by itself only when a store cannot be read.

        Raises:
            StoreCorruptError: a store could not be read.
        """
        if self._task is not None:
            await asyncio.wait({self._task})
            if not self._task.cancelled():
                self._task.result()

    async def run(self) -> None:
        """Publish until cancelled.

        Raises:
            StoreCorruptError: a store cannot be read.
        """
        self._loop = asyncio.get_running_loop()
        attempts = 0
        try:
            while True:
                self._bell.clear()
                self._rung = False
                try:
                    moved = [await self._advance(feed) for feed in list(self._feeds.values())]
                except (SynapseError, StoreBusyError, OSError) as error:
                    attempts += 1
                    self._fail(error, attempts)
                    await asyncio.sleep(self._backoff.delay(attempts))
                    continue
                attempts = 0
                if not any(moved):
                    await self._wait()
        finally:
            self._loop = None
            await self._hang_up()

    # -- inside

    async def _wait(self) -> None:
        """Until the bell rings, or it is time to look."""
        try:
            async with asyncio.timeout(self._poll_s):
                await self._bell.wait()
        except TimeoutError:
            return

    def _fail(self, error: Exception, attempts: int) -> None:
        self.failed += 1
        self._report("mirror", "failed", 1)
        if attempts == 1:
            _logger.warning("the mirror waits: %s", error)

    async def _advance(self, feed: _Feed) -> bool:
        """Publish the next events of a store. Whether there were any."""
        if not feed.known:
            feed.through = await asyncio.to_thread(feed.store.published_through)
            feed.known = True
        events = await asyncio.to_thread(feed.store.events, feed.through, BATCH)
        if not events:
            feed.idle += 1
            self._progress.set()
            return False
        signals = [
            signal for rev, event in events if (signal := self._signal(event, rev, feed.store.store_id))
        ]
        if signals:
            await self._send(signals)
        last = events[-1][0]
        await asyncio.to_thread(feed.store.mark_published, last)
        self._count(feed, events, len(signals))
        feed.through = last
        self._progress.set()
        return True

    def _count(self, feed: _Feed, events: list[tuple[int, Event]], sent: int) -> None:
        # A store that has forgotten all it published cannot say where that ended: its first revision tells nothing.
        begins_anywhere = not feed.through and isinstance(feed.store, SqliteStore)
        missing = 0 if begins_anywhere else events[-1][0] - feed.through - len(events)
        lost = missing + len(events) - sent
        self.published += sent
        self.dropped += lost
        self._report("mirror", "published", sent)
        if lost:
            self._report("mirror", "dropped", lost)
            _logger.warning("%d events of coordination are not on the bus and never will be", lost)

    def _signal(self, event: Event, revision: int, store_id: str) -> Signal | None:
        """The Signal of an event; None for one that no Signal can carry, such as one of a trace with a foreign name."""
        try:
            return signal_of(event, revision, store_id)
        except (EnvelopeError, ValueError, OverflowError, OSError) as error:
            _logger.warning(
                "event %s (%s of %s) goes on no bus: %s", event.id, event.kind, event.subject, error
            )
            return None

    async def _send(self, signals: list[Signal]) -> None:
        """Publish Signals, and return once the bus has them.

        Raises:
            SynapseError: it may not have all of them.
        """
        losses = self._losses
        if self._echoes is None:
            self._echoes = await self._synapse.subscribe(self._inbox, self._hear)
        for signal in signals:
            await self._link.publish(signal)
        await self._echo()
        if losses != self._losses:
            raise SynapseError("the connection broke meanwhile")

    async def _echo(self) -> None:
        """Say something to ourselves: the bus reads in order, so it has everything that was said before."""
        echo = Signal(type=SignalType.CONTEXT_SYNC, payload={"snapshot": {}, "version": "1"})
        self._awaited = asyncio.get_running_loop().create_future()
        self._awaited_id = echo.id
        try:
            await self._synapse.publish(self._inbox, echo)
            async with asyncio.timeout(ECHO_S):
                await self._awaited
        except TimeoutError:
            raise SynapseError(f"the bus did not answer within {ECHO_S:g} s") from None
        finally:
            self._awaited = None

    def _hear(self, signal: Signal) -> None:
        waiting = self._awaited
        if waiting is not None and signal.id == self._awaited_id and not waiting.done():
            waiting.set_result(None)

    def _note_state(self, state: SynapseState) -> None:
        if state == "connected":
            return
        self._losses += 1
        waiting = self._awaited
        if waiting is not None and not waiting.done():
            waiting.set_exception(SynapseError(f"the bus is {state}"))

    async def _hang_up(self) -> None:
        echoes, self._echoes = self._echoes, None
        if echoes is not None and self._synapse.connected:
            try:
                await echoes.unsubscribe()
            except SynapseError as error:
                _logger.debug("the bus went away first: %s", error)
