"""What tests on NATS wait for."""

from __future__ import annotations

import asyncio

from cosmo_bus.backoff import Backoff
from cosmo_sdk.synapse import Synapse

QUICK = Backoff(first_s=0.01, longest_s=0.02)


class States:
    """The states a synapse went through."""

    def __init__(self, synapse: Synapse) -> None:
        self.all: list[str] = []
        self._changed = asyncio.Event()
        synapse.on_state(self._note)

    def _note(self, state: str) -> None:
        self.all.append(state)
        self._changed.set()

    async def reach(self, *states: str) -> None:
        while self.all != list(states):
            self._changed.clear()
            await self._changed.wait()
