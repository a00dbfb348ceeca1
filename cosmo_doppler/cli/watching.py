"""Watching a bus from a command: every frame of a namespace, through losses of the connection."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from cosmo_bus.client import BusClient
from cosmo_bus.errors import BusError
from cosmo_doppler.cli.output import say
from cosmo_doppler.model.bus_events import event_subjects
from cosmo_sdk.envelope import Signal
from cosmo_sdk.signal_types import SignalType


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
) -> AsyncIterator[BusClient]:
    """Hand every frame of the namespace to `receive` while the block runs.

    A lost connection comes back by itself and both are said on stderr, unless `on_lost` is given: then it is called
    and that is the end. Everybody there is asked to announce itself, so that the first screen says who is there.

    Args:
        url: of the bus.
        namespace: what to watch.
        receive: gets every frame.
        on_lost: called when the connection is lost.
        events: also hand on what the bus tells of gates and faults.

    Raises:
        CannotConnect: nothing answers there, or it is no bus.
    """
    client = BusClient(url, observer=True)
    subjects = (f"cosmonapse.{namespace}.>", *(event_subjects(namespace) if events else ()))

    def note(state: str) -> None:
        if state == "reconnecting" and on_lost is not None:
            on_lost()
        elif state == "reconnecting":
            say(f"lost the bus at {url}, reconnecting")
        elif state == "connected" and client.statistics().reconnects:
            say(f"connected to {url} again")
            _discover(client, namespace)

    await client.connect()
    try:
        client.on_state(note)
        client.on_line("dropped", lambda line: say(f"the bus left out {line.count:,} signals: too slow here"))
        for each in subjects:
            await client.subscribe(each, lambda subject, data: receive(Frame(time.time(), subject, data)))
        _discover(client, namespace)
        yield client
    finally:
        await client.close()


def _discover(client: BusClient, namespace: str) -> None:
    signal = Signal(type=SignalType.DISCOVER)
    try:
        client.publish(f"cosmonapse.{namespace}.DISCOVER", signal.encode())
    except BusError as error:
        say(f"could not ask who is there: {error}")
