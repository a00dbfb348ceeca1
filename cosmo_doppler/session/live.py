"""Watching a bus: every raw frame of a namespace, and an operator to act with."""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path

from cosmo_doppler.controls import Operator
from cosmo_doppler.errors import SettingError
from cosmo_doppler.session.recorder import Recorder
from cosmo_doppler.session.session import Session
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.synapse import DevSynapse
from cosmo_sdk.synapse.base import SynapseState

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 10.0


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

    Args:
        url: `cosmo://host:port`.
        namespace: what to watch.
        record: also write what is seen to this file.

    Raises:
        SettingError: the URL or the namespace cannot be meant.
        RecordingError: the file cannot be written.
    """
    check_namespace(namespace)
    try:
        DevSynapse(url)
    except ValueError as error:
        raise SettingError(str(error)) from error
    return Session(
        BusSource(url, namespace),
        kind="live",
        title=url,
        namespace=namespace,
        recorder=None if record is None else Recorder(record),
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
        self._gaps = 0

    async def run(self, session: Session) -> None:
        """Watch until cancelled."""
        synapse = DevSynapse(self._url, observer=True)
        try:
            await self._reach(session, synapse)
            # Listen first, ask afterwards: answers to DISCOVER must not be missed.
            await synapse.tap(f"cosmonapse.{self._namespace}.>", session.ingest)
            operator = Operator(synapse, self._namespace)
            await operator.start()
            try:
                session.operator = operator
                session.report("live")
                await operator.discover()
                await self._watch(session, synapse)
            finally:
                session.operator = None
                await operator.close()
        finally:
            await synapse.close()

    async def _reach(self, session: Session, synapse: DevSynapse) -> None:
        """Connect, however long it takes."""
        wait = self._retry_s
        attempt = 0
        session.report("connecting")
        while True:
            attempt += 1
            try:
                await synapse.connect()
                return
            except SynapseError as error:
                delay = wait * random.uniform(0.8, 1.2)
                session.report("unreachable", detail=str(error), attempt=attempt, retry_in_s=delay)
                await asyncio.sleep(delay)
                wait = min(LONGEST_RETRY_S, wait * 2)

    async def _watch(self, session: Session, synapse: DevSynapse) -> None:
        """Follow the state of the connection until cancelled."""
        changed = asyncio.Event()
        states: list[SynapseState] = []

        def note(state: SynapseState) -> None:
            states.append(state)
            changed.set()

        synapse.on_state(note)
        while True:
            if synapse.state == "reconnecting":
                session.report(
                    "reconnecting",
                    detail="the bus went away",
                    attempt=synapse.attempt,
                    retry_in_s=synapse.retry_in_s,
                    gaps=self._gaps,
                )
            try:
                async with asyncio.timeout(0.25 if synapse.state == "reconnecting" else None):
                    await changed.wait()
            except TimeoutError:
                continue
            changed.clear()
            seen, states = states, []
            if "reconnecting" in seen:
                self._gaps += 1
            if synapse.state == "connected":
                session.report("live", gaps=self._gaps)
                if session.operator is not None:
                    await session.operator.discover()
