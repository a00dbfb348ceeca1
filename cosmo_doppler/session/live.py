"""Watching a bus: every raw frame of a namespace, and an operator to act with."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from cosmo_bus.address import is_loopback
from cosmo_bus.backoff import Backoff
from cosmo_doppler.controls import ControlError, Operator
from cosmo_doppler.errors import SettingError
from cosmo_doppler.model.bus_events import event_subjects
from cosmo_doppler.query import Known
from cosmo_doppler.session.recorder import Recorder
from cosmo_doppler.session.session import ELSEWHERE, Session
from cosmo_doppler.settings import without_login
from cosmo_doppler.stepping.stepper import Stepper
from cosmo_sdk.errors import MissingExtra, SynapseError
from cosmo_sdk.synapse import Synapse, SynapseState, synapse_from_url

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_RETRY_S = 0.5
"""The first wait before another attempt to connect; each is twice as long as the one before."""

LONGEST_RETRY_S = 10.0
"""No wait is longer, but for the jitter."""

_JITTER = 0.2
_COUNTDOWN_S = 0.25
"""How often the countdown of an outage is read off."""


def check_namespace(namespace: str) -> str:
    """The namespace, if it can be one: a single token of letters, digits, `_` and `-` (PROTOCOL 3.1).

    Raises:
        SettingError: it cannot.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", namespace):
        raise SettingError(
            f"namespace {namespace!r} cannot be used: write one word of letters, digits, _ and -, without dots"
        )
    return namespace


def open_live(url: str, namespace: str, *, record: Path | None = None) -> Session:
    """A session on a bus, not started yet. The bus need not be there: the session keeps trying.

    On a bus that is not on this machine nothing can be sent before `Session.arm`.

    Args:
        url: `cosmo://host:port` or `nats://host:port`.
        namespace: what to watch.
        record: also write what is seen to this file.

    Raises:
        SettingError: the URL or the namespace cannot be meant.
        RecordingError: the file cannot be written.
    """
    check_namespace(namespace)
    try:
        synapse_from_url(url)
    except (ValueError, MissingExtra) as error:
        raise SettingError(str(error)) from error
    return Session(
        BusSource(url, namespace),
        kind="live",
        title=without_login(url),
        namespace=namespace,
        recorder=None if record is None else Recorder(record),
        read_only_reason="" if is_loopback(urlsplit(url).hostname or "") else ELSEWHERE,
    )


class BusSource:
    """Taps a namespace of a bus, and comes back when the bus does.

    Args:
        url: of the bus.
        namespace: what to watch.
        retry_s: the first wait between attempts to connect, seconds; doubles up to 10.
    """

    def __init__(self, url: str, namespace: str, *, retry_s: float = FIRST_RETRY_S) -> None:
        self._url = url
        self._namespace = namespace
        self._retry_s = retry_s
        self._synapse: Synapse | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hurry = asyncio.Event()

    @property
    def url(self) -> str:
        """The bus."""
        return self._url

    def hurry(self) -> None:
        """Make the next attempt to connect now, if one is waited for. From any thread."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):
                # Raised when the engine has ended.
                loop.call_soon_threadsafe(self._hurry_here)

    def _hurry_here(self) -> None:
        self._hurry.set()
        if self._synapse is not None:
            self._synapse.hurry()

    async def _rest(self, seconds: float) -> None:
        """Wait before the next attempt, unless somebody is in a hurry."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        self._hurry.clear()

    async def run(self, session: Session) -> None:
        """Watch until cancelled."""
        backoff = Backoff(first_s=self._retry_s, longest_s=LONGEST_RETRY_S, jitter=_JITTER)
        synapse = synapse_from_url(self._url, observer=True, backoff=backoff)
        self._synapse, self._loop = synapse, asyncio.get_running_loop()
        session.count_lost = lambda: synapse.missed
        try:
            await self._reach(session, synapse, backoff)
            # Listen first, ask afterwards: answers to DISCOVER must not be missed.
            await self._insist(
                session,
                lambda: synapse.tap_lines(
                    f"cosmonapse.{self._namespace}.>", session.ingest, session.ingest_lines
                ),
            )
            for subject in event_subjects(self._namespace):
                await self._insist(session, partial(synapse.tap, subject, session.ingest))
            operator = await self._insist(session, lambda: self._join(synapse))
            try:
                session.operator = operator
                session.stepper = self._stepper(session) if synapse.has_gates else None
                await self._watch(session, synapse, operator)
            finally:
                if session.stepper is not None:
                    await session.stepper.close()
                session.operator = session.stepper = None
                await _leave(operator)
        finally:
            self._loop = self._synapse = None
            await synapse.close()

    async def _reach(self, session: Session, synapse: Synapse, backoff: Backoff) -> None:
        """Connect, however long it takes."""
        session.report("connecting")
        for attempt in count(1):
            try:
                await synapse.connect()
                return
            except SynapseError as error:
                delay = backoff.delay(attempt)
                session.report("unreachable", detail=_why(error), attempt=attempt, retry_in_s=delay)
                await self._rest(delay)

    async def _insist(self, session: Session, step: Callable[[], Awaitable[T]]) -> T:
        """Take a step that needs the bus, again and again while the bus is away; the synapse reconnects by itself."""
        while True:
            try:
                return await step()
            except (SynapseError, ControlError) as error:
                session.report("reconnecting", detail=str(error))
                await self._rest(self._retry_s)

    async def _join(self, synapse: Synapse) -> Operator:
        operator = Operator(synapse, self._namespace)
        try:
            await operator.start()
        except ControlError:
            await _leave(operator)
            raise
        return operator

    def _stepper(self, session: Session) -> Stepper:
        def known() -> Known:
            timeline = session.timeline
            return Known(timeline.board, timeline.now, session.marks)

        return Stepper(
            self._url,
            self._namespace,
            lock=session.lock,
            wall=session.wall,
            known=known,
            redact=session.store.redaction.apply,
        )

    async def _watch(self, session: Session, synapse: Synapse, operator: Operator) -> None:
        """Follow the state of the connection until cancelled."""
        changed = asyncio.Event()
        lost: tuple[int, float] | None = None

        def note(state: SynapseState) -> None:
            nonlocal lost
            if state == "reconnecting" and lost is None:
                lost = len(session.store), session.wall()
            changed.set()

        synapse.on_state(note)
        while True:
            changed.clear()
            if synapse.state == "reconnecting":
                session.report(
                    "reconnecting",
                    detail=f"the bus at {without_login(self._url)} went away",
                    attempt=synapse.attempt,
                    retry_in_s=synapse.retry_in_s,
                )
            elif synapse.state == "connected":
                if lost is not None:
                    session.mark_gap(*lost)
                    lost = None
                session.report("live")
                await _ask_who_is_there(operator)
            with suppress(TimeoutError):
                async with asyncio.timeout(_COUNTDOWN_S if synapse.state == "reconnecting" else None):
                    await changed.wait()


async def _ask_who_is_there(operator: Operator) -> None:
    try:
        await operator.discover()
    except ControlError as error:
        # The bus went away again just now; the next return asks again.
        logger.info("%s", error)


async def _leave(operator: Operator) -> None:
    try:
        await operator.close()
    except ControlError as error:
        logger.info("%s", error)


def _why(error: SynapseError) -> str:
    """The bus's own reason; the address is on the screen already."""
    reason = getattr(error.__cause__, "reason", None)
    return reason if isinstance(reason, str) else str(error)
