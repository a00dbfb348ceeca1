"""One agent of the demo: a connection of its own, a Dendrite on it, an Axon in that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cosmo_doppler.demo.pace import Pace
from cosmo_sdk import Axon, Dendrite, Signal
from cosmo_sdk.engram.base import Engram, EngramBinding
from cosmo_sdk.synapse import DevSynapse

NAMESPACE = "demo"

HEARTBEAT_S = 2.0
"""Time between two signs of life, about, at the usual pace, seconds."""


@dataclass(frozen=True)
class Terms:
    """How an agent bids."""

    cost: float
    """US dollars."""
    eta_ms: int
    confidence: float
    thinks_s: float
    """How long it thinks before it bids, seconds."""


class Worker:
    """An agent, alone on its connection as if it were a process of its own.

    Args:
        url: the bus.
        neuron_id: its name.
        neuron_fn: what it does.
        capabilities: what it can do.
        pace: how fast it lives.
        terms: how it bids; None for one that only takes what is addressed to it.
        role: orchestrators may dispatch work themselves.
        engrams: memories it hosts, which its function may use by their ids.
    """

    def __init__(
        self,
        url: str,
        neuron_id: str,
        neuron_fn: Callable[..., Any],
        capabilities: Sequence[str],
        pace: Pace,
        *,
        terms: Terms | None = None,
        role: Literal["orchestrator", "worker"] = "worker",
        engrams: Sequence[Engram] = (),
    ) -> None:
        self.neuron_id = neuron_id
        self._capabilities = frozenset(capabilities)
        self._pace = pace
        self._terms = terms
        self._synapse = DevSynapse(url)
        self.dendrite = Dendrite(
            synapse=self._synapse,
            namespace=NAMESPACE,
            dendrite_id=f"{neuron_id}-host",
            role=role,
            # Everybody has a rhythm of their own, or all would speak at once.
            heartbeat_s=pace.seconds(HEARTBEAT_S * pace.dice.uniform(0.9, 1.3)),
            reregister_on_heartbeat=False,
            auto_bid=False,
        )
        bindings = [EngramBinding(engram.engram_id, directed_id=engram.engram_id) for engram in engrams]
        self.dendrite.attach_axon(
            Axon(
                neuron_id=neuron_id,
                neuron_fn=neuron_fn,
                capabilities=list(capabilities),
                version="1.0",
                engrams=bindings,
            )
        )
        for engram in engrams:
            self.dendrite.attach_engram(engram)
        if terms is not None:
            self.dendrite.on_task_offer(self._consider)

    async def start(self) -> None:
        """Connect and announce itself."""
        await self._synapse.connect()
        await self.dendrite.start()

    async def stop(self) -> None:
        """Leave in order."""
        await self.dendrite.stop(reason="the office closes")
        await self._synapse.close()

    async def die(self) -> None:
        """Lose the connection as a crashed process does: no farewell, and no answer to what it was working on."""
        await self._synapse.close()
        await self.dendrite.stop()

    async def _consider(self, offer: Signal) -> None:
        needed = offer.payload.get("capabilities") or []
        if self._terms is None or not self._capabilities.issuperset(needed):
            return
        await self._pace.wait(self._terms.thinks_s)
        haggle = self._pace.dice.uniform(0.85, 1.2)
        await self.dendrite.bid(
            offer,
            neuron=self.neuron_id,
            cost=round(self._terms.cost * haggle, 5),
            eta_ms=self._terms.eta_ms,
            confidence=round(min(1.0, self._terms.confidence * self._pace.dice.uniform(0.95, 1.03)), 2),
        )
