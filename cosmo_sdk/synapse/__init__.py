"""The transports: one meaning, several buses."""

from __future__ import annotations

from cosmo_sdk.synapse.base import FrameHandler, SignalHandler, Subscription, Synapse, SynapseState
from cosmo_sdk.synapse.dev import DevSynapse
from cosmo_sdk.synapse.memory import MemorySynapse

__all__ = [
    "DevSynapse",
    "FrameHandler",
    "MemorySynapse",
    "SignalHandler",
    "Subscription",
    "Synapse",
    "SynapseState",
    "connect_synapse",
    "synapse_from_url",
]

_PLANNED = ("nats", "kafka")


def synapse_from_url(url: str) -> Synapse:
    """A synapse for the bus at `url`, not connected yet.

    Raises:
        ValueError: the scheme is not supported, or the URL is incomplete.
    """
    scheme, separator, _ = url.partition("://")
    if scheme == "cosmo" and separator:
        return DevSynapse(url)
    if scheme in _PLANNED and separator:
        raise ValueError(f"{scheme}:// is not supported in this version; use cosmo://host:port")
    raise ValueError(f"{url!r} names no bus; the supported scheme is cosmo://, as in cosmo://127.0.0.1:7070")


async def connect_synapse(url: str) -> Synapse:
    """A connected synapse for the bus at `url`. Close it when done.

    Raises:
        ValueError: the scheme is not supported, or the URL is incomplete.
        SynapseError: nothing answers there, or it is no bus.
    """
    synapse = synapse_from_url(url)
    await synapse.connect()
    return synapse
