"""Watching a bus from a command: every frame of a namespace, through losses of the connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from cosmo_doppler.cli.output import say
from cosmo_doppler.model.bus_events import event_subjects, gap_event, loss_event
from cosmo_doppler.settings import without_login
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse import Synapse, SynapseState, synapse_from_url

_LOOK_S = 0.5
"""How often one looks whether frames were missed, seconds."""


class Frame(NamedTuple):
    """One message as it passed."""

    at: float
    """When it arrived, epoch seconds."""
    subject: str
    data: bytes


@asynccontextmanager
async def watching(
    url: str,
    namespace: str,
    receive: Callable[[Frame], None],
    *,
    on_lost: Callable[[], None] | None = None,
    events: bool = False,
    asking: bool = True,
) -> AsyncIterator[None]:
    """Hand every frame of the namespace to `receive` while the block runs.

    A lost connection comes back by itself and both are said on stderr, unless `on_lost` is given: then it is called
    and that is the end.

    Args:
        url: of the bus.
        namespace: what to watch.
        receive: gets every frame.
        on_lost: called when the connection is lost.
        events: also hand on what the bus tells of gates and faults, and, once it is back, that it was away, and what did not get here.
        asking: ask everybody there to announce itself, so that the first screen says who is there.

    Raises:
        SynapseError: nothing answers there, or it is no bus.
    """
    synapse = synapse_from_url(url, observer=True)
    subjects = (f"cosmonapse.{namespace}.>", *(event_subjects(namespace) if events else ()))
    back = asyncio.Event()
    lost_at: float | None = None

    def note(state: SynapseState) -> None:
        nonlocal lost_at
        if state == "reconnecting" and lost_at is None:
            lost_at = time.time()
        if state == "connected" and lost_at is not None:
            if events:
                receive(Frame(time.time(), *gap_event(namespace, lost_at)))
            lost_at = None
        if state == "reconnecting" and on_lost is not None:
            on_lost()
        elif state == "reconnecting":
            say(f"lost the bus at {without_login(url)}, reconnecting")
        elif state == "connected":
            say(f"connected to {without_login(url)} again")
            if asking:
                back.set()

    await synapse.connect()
    missing = _Missing(synapse, namespace, receive if events else None)
    discovering = asyncio.create_task(_discover_when(back, synapse, namespace))
    try:
        synapse.on_state(note)
        for each in subjects:
            await synapse.tap(each, lambda subject, data: receive(Frame(time.time(), subject, data)))
        if asking:
            back.set()
        counting = asyncio.create_task(missing.watch())
        try:
            yield
        finally:
            counting.cancel()
            await asyncio.wait({counting})
            missing.look()
            missing.sum_up()
    finally:
        discovering.cancel()
        await asyncio.wait({discovering})
        await synapse.close()


class _Missing:
    """Frames that did not get here: said once they are noticed, once more at the end, and noted in a recording."""

    def __init__(self, synapse: Synapse, namespace: str, receive: Callable[[Frame], None] | None) -> None:
        self._synapse = synapse
        self._namespace = namespace
        self._receive = receive
        self._known = 0

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(_LOOK_S)
            self.look()

    def look(self) -> None:
        """Note what was missed since."""
        before, self._known = self._known, self._synapse.missed
        if self._known <= before:
            return
        if not before:
            say("frames do not get here: they come faster than they are taken; the end says how many")
        if self._receive is not None:
            self._receive(Frame(time.time(), *loss_event(self._namespace, self._known - before)))

    def sum_up(self) -> None:
        """Say how many there were, if any."""
        if self._known:
            from cosmo_doppler.tui.words import many

            say(f"{many(self._known, 'frame')} did not get here")


async def _discover_when(back: asyncio.Event, synapse: Synapse, namespace: str) -> None:
    """Ask everybody to announce itself, each time the event is set."""
    while True:
        await back.wait()
        back.clear()
        try:
            await synapse.publish(f"cosmonapse.{namespace}.DISCOVER", Signal(type=SignalType.DISCOVER))
        except SynapseError as error:
            say(f"could not ask who is there: {error}")
