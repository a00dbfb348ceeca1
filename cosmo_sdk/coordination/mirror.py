"""A mirror of stores on a bus: every event of coordination becomes a Signal that anybody may watch.

A manager that is bound to a mirror only rings its bell. The mirror reads the events from the store itself, so it never
stops or fails a manager, and a bus that is away costs nothing but time. An event counts as published once the bus has
sent back something that was said after it; what was sent into a connection that broke is sent again, with the same id.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from cosmo_bus.backoff import Backoff
from cosmo_sdk.clock import SYSTEM_CLOCK, Clock
from cosmo_sdk.coordination._mirror_rounds import Rounds
from cosmo_sdk.coordination._mirror_sending import Sending
from cosmo_sdk.coordination._mirrored import signal_of, snapshot_of
from cosmo_sdk.coordination._store_base import BaseStore
from cosmo_sdk.coordination._store_sqlite import SqliteStore
from cosmo_sdk.coordination.errors import StoreBusyError
from cosmo_sdk.coordination.events import Event
from cosmo_sdk.coordination.metrics import Reporter
from cosmo_sdk.coordination.public import OVER, live
from cosmo_sdk.dendrite import Dendrite
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import EnvelopeError, SynapseError

_logger = logging.getLogger("cosmo_sdk.coordination")

BATCH = 500
"""Events that are sent before the bus is asked whether it has them."""

GATHER_S = 0.05
"""How long events are gathered before they are sent. To read and to mark each by itself would be in the managers' way."""


@dataclass
class _Feed:
    """A store, and how far it is on the bus."""

    store: BaseStore
    through: int = 0
    known: bool = False
    idle: int = 0
    """How often there was nothing new."""
    due: bool = False
    """Whether somebody should be told how everything stands."""
    known_at: float = 0.0
    told_at: float | None = None
    """When this began and when somebody was told last, on the mirror's clock."""
    objects: int = 0
    """How many that took."""


class BusMirror:
    """Publishes the events of stores: each at least once, in order, from where the last mirror left off.

    Managers take it as `sink`: `TaskManager(store).bind(sink=mirror)`. A store whose managers know nothing of a bus is
    given to `attach`. One mirror a store is enough; a second one repeats what the first one says.

    For whoever came later it says how everything stands that has not ended, as one CONTEXT_SYNC for each object: every
    30 seconds (with more than 3,000 objects less often), when somebody asks who is there (a DISCOVER without filters), when it begins where another mirror left
    off, and after events were lost. Such a snapshot knows of every event up to the revision it bears.

    Signals name nobody who hosts an Axon, and ask for no capability that somebody has: nobody bids on them, and nobody
    does any work. What a mirror sends is never read back into a store.

    Args:
        dendrite: whose bus and namespace; of any role. It must be started for neither.
        poll_s: how often a store that other processes write is looked at, seconds.
        backoff: waits after the bus or a store failed.
        metrics: is told of `mirror("published" | "dropped" | "failed" | "snapshots", count)`.
        clock: when snapshots are due, for tests.

    Raises:
        ValueError: `poll_s` is not positive.

    Attributes:
        published: events that are on the bus.
        snapshots: Signals of how an object stands that are on the bus.
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
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if not poll_s > 0:
            raise ValueError(f"poll_s={poll_s} is not positive")
        self.published = 0
        self.dropped = 0
        self.failed = 0
        self.snapshots = 0
        link = Link(dendrite.synapse, dendrite.namespace, dendrite.role)
        self._sending = Sending(link)
        self._rounds = Rounds(link, clock, self._ask)
        self._clock = clock
        self._poll_s = poll_s
        self._backoff = backoff or Backoff(first_s=0.2, longest_s=10.0)
        self._report = Reporter(metrics)
        self._feeds: dict[str, _Feed] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._bell = asyncio.Event()
        self._rung = False
        self._progress = asyncio.Event()
        self._hurry = asyncio.Event()
        self._flushing = 0

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
        self._flushing += 1
        self._hurry.set()
        try:
            for feed in list(self._feeds.values()):
                await self._flush(feed, self._task)
        finally:
            self._flushing -= 1
            if not self._flushing:
                self._hurry.clear()

    async def _flush(self, feed: _Feed, task: asyncio.Task[None]) -> None:
        wanted = await asyncio.to_thread(feed.store.revision)
        # The first time of nothing may be of a look before this call. Needed where somebody prunes what we wait for.
        idle = feed.idle + 2
        while not (feed.known and feed.through >= wanted) and feed.idle < idle:
            self.notify()
            self._progress.clear()
            moved = asyncio.create_task(self._progress.wait())
            await asyncio.wait({moved, task}, return_when=asyncio.FIRST_COMPLETED)
            moved.cancel()
            if task.done():
                task.result()

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
        self._rounds.start()
        try:
            while True:
                self._bell.clear()
                self._rung = False
                try:
                    await self._rounds.listen()
                    more = [await self._advance(feed) for feed in list(self._feeds.values())]
                except (SynapseError, StoreBusyError, OSError) as error:
                    attempts += 1
                    self._fail(error, attempts)
                    await asyncio.sleep(self._backoff.delay(attempts))
                    continue
                attempts = 0
                if not any(more):
                    await self._wait()
        finally:
            self._loop = None
            await self._rounds.stop()
            await self._sending.close()

    # -- inside

    async def _wait(self) -> None:
        """Until the bell has rung and what follows was gathered, or it is time to look."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll_s):
                await self._bell.wait()
            async with asyncio.timeout(GATHER_S):
                await self._hurry.wait()

    def _fail(self, error: Exception, attempts: int) -> None:
        self.failed += 1
        self._report("mirror", "failed", 1)
        if attempts == 1:
            _logger.warning("the mirror waits: %s", error)

    async def _advance(self, feed: _Feed) -> bool:
        """Publish the next events of a store, and how everything stands if that is due. Whether there are more already."""
        if not feed.known:
            feed.through = await asyncio.to_thread(feed.store.published_through)
            feed.known, feed.known_at = True, self._clock.monotonic()
            # Whoever listens now may not have heard what another mirror told.
            feed.due = feed.due or feed.through > 0
        events = await asyncio.to_thread(feed.store.events, feed.through, BATCH)
        if events:
            await self._tell(feed, events)
        else:
            feed.idle += 1
        self._progress.set()
        if feed.due and self._rounds.may_begin(feed.told_at, feed.objects):
            await self._tell_all(feed)
        return len(events) == BATCH

    async def _tell(self, feed: _Feed, events: list[tuple[int, Event]]) -> None:
        """Publish events, and note that they are."""
        signals = [
            signal for rev, event in events if (signal := self._signal(event, rev, feed.store.store_id))
        ]
        if signals:
            await self._sending.send(signals)
        last = events[-1][0]
        await asyncio.to_thread(feed.store.mark_published, last)
        self._count(feed, events, len(signals))
        feed.through = last

    async def _tell_all(self, feed: _Feed) -> None:
        """Publish how everything stands that has not ended."""
        feed.due, began = False, self._clock.monotonic()
        try:
            revision, objects, now_ms = await asyncio.to_thread(_standing, feed.store)
            for start in range(0, len(objects), BATCH):
                signals = [
                    signal
                    for each in objects[start : start + BATCH]
                    if (signal := self._snapshot(each, revision, feed.store.store_id, now_ms))
                ]
                await self._sending.send(signals)
                self.snapshots += len(signals)
                self._report("mirror", "snapshots", len(signals))
        except (SynapseError, StoreBusyError, OSError):
            feed.due = True
            raise
        feed.told_at, feed.objects = began, len(objects)

    def _snapshot(self, record: Any, revision: int, store_id: str, now_ms: int) -> Signal | None:
        """The Signal of how an object stands; None for one that no Signal can carry. Its events were counted."""
        try:
            return snapshot_of(record, revision, store_id, now_ms)
        except (EnvelopeError, ValueError, OverflowError) as error:
            _logger.debug("%r goes on no bus: %s", record, error)
            return None

    def _ask(self, asked: bool) -> None:
        """Somebody asked how everything stands, or some time has passed."""
        for feed in list(self._feeds.values()):
            last = feed.known_at if feed.told_at is None else feed.told_at
            if asked or (feed.known and self._rounds.is_time(last, feed.objects)):
                feed.due = True
                self.notify()

    def _count(self, feed: _Feed, events: list[tuple[int, Event]], sent: int) -> None:
        # A store that has forgotten all it published cannot say where that ended: its first revision tells nothing.
        begins_anywhere = not feed.through and isinstance(feed.store, SqliteStore)
        missing = 0 if begins_anywhere else events[-1][0] - feed.through - len(events)
        lost = missing + len(events) - sent
        self.published += sent
        self.dropped += lost
        self._report("mirror", "published", sent)
        if missing:
            feed.due = True
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


def _standing(store: BaseStore) -> tuple[int, list[Any], int]:
    revision, rows = store.unended(OVER)
    return revision, list(live(rows)), store.now_ms()
