"""Taking part in a namespace for the length of one command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cosmo_doppler.controls import Operator
from cosmo_sdk import Dendrite
from cosmo_sdk.synapse import connect_synapse
from cosmo_sdk.synapse.base import Synapse

CLI_ID = "cosmo-cli"
"""What signals name that a command sends in its own name."""


@asynccontextmanager
async def on_bus(url: str) -> AsyncIterator[Synapse]:
    """A connection to the bus.

    Raises:
        SynapseError: nothing answers there, or it is no bus.
    """
    synapse = await connect_synapse(url)
    try:
        yield synapse
    finally:
        await synapse.close()


@asynccontextmanager
async def orchestrator(url: str, namespace: str) -> AsyncIterator[Dendrite]:
    """A Dendrite that hosts nothing and may dispatch.

    Raises:
        SynapseError: nothing answers there, or it is no bus.
    """
    async with on_bus(url) as synapse:
        dendrite = Dendrite(synapse=synapse, namespace=namespace, dendrite_id=CLI_ID, heartbeat_s=0)
        async with dendrite:
            yield dendrite


@asynccontextmanager
async def operator_of(synapse: Synapse, namespace: str) -> AsyncIterator[Operator]:
    """A person's hands on the namespace."""
    operator = Operator(synapse, namespace)
    await operator.start()
    try:
        yield operator
    finally:
        await operator.close()
