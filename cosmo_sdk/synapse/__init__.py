"""The transports: one meaning, several buses."""

from __future__ import annotations

import asyncio
import time
from itertools import count

from cosmo_bus.backoff import Backoff
from cosmo_bus.errors import NotAdmitted
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.synapse.base import FrameHandler, SignalHandler, Subscription, Synapse, SynapseState
from cosmo_sdk.synapse.dev import DevSynapse
from cosmo_sdk.synapse.memory import MemorySynapse
from cosmo_sdk.synapse.nats import NatsSynapse

__all__ = [
    "DevSynapse",
    "FrameHandler",
    "MemorySynapse",
    "NatsSynapse",
    "SignalHandler",
    "Subscription",
    "Synapse",
    "SynapseState",
    "connect_synapse",
    "synapse_from_url",
]

_SUPPORTED = "cosmo://host:port (the dev bus) and nats://host:port (a NATS server)"


def synapse_from_url(url: str, *, observer: bool = False, backoff: Backoff | None = None) -> Synapse:
    """A synapse for the bus at `url`, not connected yet.

    Args:
        url: the bus.
        observer: for who only watches: when it does not keep up, a dev bus drops its oldest frames and keeps the
            connection. NATS ends the connection, which is then made again.
        backoff: waits between attempts to reconnect.

    Raises:
        ValueError: the scheme is not supported, or the URL is incomplete.
        MissingExtra: the scheme needs a package that is not installed.
    """
    scheme, separator, _ = url.partition("://")
    if scheme in ("cosmo", "cosmos") and separator:
        return DevSynapse(url, observer=observer, backoff=backoff)
    if scheme == "nats" and separator:
        return NatsSynapse(url, backoff=backoff)
    if scheme == "kafka" and separator:
        raise ValueError(f"kafka:// is not supported; use one of {_SUPPORTED}")
    raise ValueError(f"{url!r} names no bus; supported are {_SUPPORTED}")


async def connect_synapse(url: str, *, patience_s: float = 0.0) -> Synapse:
    """A connected synapse for the bus at `url`. Close it when done.

    A dev bus that asks for a token gets the one in the file that `COSMO_TOKEN_FILE` names; `DevSynapse` takes another.

    Args:
        url: the bus.
        patience_s: how long to go on trying, seconds, for a bus that comes up after its clients.

    Raises:
        ValueError: the scheme is not supported, or the URL is incomplete.
        MissingExtra: the scheme needs a package that is not installed.
        SynapseError: nothing answers there, or it is no bus.
    """
    synapse = synapse_from_url(url)
    enough = time.monotonic() + patience_s
    waits = Backoff()
    for attempt in count(1):
        try:
            await synapse.connect()
            break
        except SynapseError as error:
            if isinstance(error.__cause__, NotAdmitted):
                raise  # asking again would not help
            delay = waits.delay(attempt)
            if time.monotonic() + delay > enough:
                raise
            await asyncio.sleep(delay)
    return synapse
