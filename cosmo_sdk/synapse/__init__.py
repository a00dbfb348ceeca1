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

_SUPPORTED = "cosmo://host:port (the dev bus) and nats://host:port (a NATS server)"


def synapse_from_url(url: str) -> Synapse:
    """A synapse for the bus at `url`, not connected yet.

    Raises:
        ValueError: the scheme is not supported, or the URL is incomplete.
        MissingExtra: the scheme needs a package that is not installed.
    """
    scheme, separator, _ = url.partition("://")
    if scheme in ("cosmo", "cosmos") and separator:
        return DevSynapse(url)
    if scheme == "nats" and separator:
        # Here, because it needs an extra.
        from cosmo_sdk.synapse.nats import NatsSynapse

        return NatsSynapse(url)
    if scheme == "kafka" and separator:
        raise ValueError(f"kafka:// is not supported; use one of {_SUPPORTED}")
    raise ValueError(f"{url!r} names no bus; supported are {_SUPPORTED}")


async def connect_synapse(url: str) -> Synapse:
    """A connected synapse for the bus at `url`. Close it when done.

    Raises:
        ValueError: the scheme is not supported, or the URL is incomplete.
        MissingExtra: the scheme needs a package that is not installed.
        SynapseError: nothing answers there, or it is no bus.
    """
    synapse = synapse_from_url(url)
    await synapse.connect()
    return synapse
