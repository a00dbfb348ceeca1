"""The memories that a Neuron function may ask by name: its helpers `recall` and `imprint` (PROTOCOL 7.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from cosmo_sdk._payload import ImprintOp, RecallMode
from cosmo_sdk.engram.base import EngramBinding, EngramNotBound, ImprintReceipt, RecallResult

if TYPE_CHECKING:
    from cosmo_sdk.dendrite._memory import Memory


class BoundMemories:
    """Memories by the names an Axon has for them.

    Args:
        neuron_id: the Axon, for errors.
        bindings: the names.
    """

    def __init__(self, neuron_id: str, bindings: Iterable[EngramBinding]) -> None:
        self._neuron_id = neuron_id
        self._bindings = {binding.name: binding for binding in bindings}
        self.memory: Memory | None = None
        """Asks, on behalf of the Dendrite that hosts the Axon; None while nobody does."""

    def _bound(self, name: str) -> tuple[Memory, EngramBinding]:
        binding = self._bindings.get(name)
        if binding is None:
            raise EngramNotBound(
                f"axon {self._neuron_id!r} has no memory called {name!r}: pass engrams=[EngramBinding(...)]"
            )
        if self.memory is None:
            raise EngramNotBound(
                f"axon {self._neuron_id!r} is attached to no Dendrite, so it can ask no memory"
            )
        return self.memory, binding

    async def recall(
        self,
        name: str,
        *,
        query: dict[str, Any],
        filters: dict[str, Any] | None = None,
        context_ref: str | None = None,
        deadline_ms: int | None = None,
        recall_mode: RecallMode | None = None,
        min_confidence: float | None = None,
    ) -> RecallResult:
        """Ask the memory called `name`; see `Dendrite.recall`.

        Raises:
            EngramNotBound: no memory has that name here.
        """
        memory, binding = self._bound(name)
        return await memory.recall(
            engram_id=binding.directed_id,
            engram_kind=binding.directed_type,
            query=query,
            filters=filters,
            context_ref=context_ref,
            deadline_ms=binding.default_deadline_ms if deadline_ms is None else deadline_ms,
            recall_mode=recall_mode or binding.default_recall_mode,
            min_confidence=min_confidence,
        )

    async def imprint(
        self,
        name: str,
        *,
        op: ImprintOp,
        entry: dict[str, Any],
        merge_key: str | None = None,
        await_ack: bool = False,
        deadline_ms: int | None = None,
    ) -> ImprintReceipt | None:
        """Have the memory called `name` write; see `Dendrite.imprint`.

        Raises:
            EngramNotBound: no memory has that name here.
        """
        memory, binding = self._bound(name)
        return await memory.imprint(
            engram_id=binding.directed_id,
            engram_kind=binding.directed_type,
            op=op,
            entry=entry,
            merge_key=merge_key,
            await_ack=await_ack,
            deadline_ms=binding.default_deadline_ms if deadline_ms is None else deadline_ms,
        )
