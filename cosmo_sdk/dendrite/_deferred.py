"""Handlers that an Axon or an Engram brings along for whichever Dendrite hosts it (PROTOCOL 7.1)."""

from __future__ import annotations

from cosmo_sdk.dendrite._handlers import Filters, Handler, HandlerTable
from cosmo_sdk.dendrite._listening import Listens
from cosmo_sdk.signal_types import SignalType


class _Kept(HandlerTable):
    """Registrations kept for a table that comes later."""

    def __init__(self) -> None:
        super().__init__(lambda neuron_id: set())
        self._kept: list[tuple[SignalType, Handler, Filters]] = []
        self._table: HandlerTable | None = None

    def add(self, signal_type: SignalType, handler: Handler, filters: Filters) -> None:
        """Keep a registration, and pass it on where there is a table already."""
        self._kept.append((signal_type, handler, filters))
        if self._table is not None:
            self._table.add(signal_type, handler, filters)

    def move(self, table: HandlerTable | None) -> None:
        """From now on they are in this table and in no other; None: in none."""
        before, self._table = self._table, table
        if before is table:
            return
        for each in self._kept:
            if before is not None:
                before.remove(*each)
            if table is not None:
                table.add(*each)


class DeferredHandlers(Listens):
    """The decorators of a Dendrite, for before it is known which one: `@axon.host.on_agent_output(neuron="planner")`.

    The handlers are the Dendrite's own from when it starts to host until it no longer does.
    """

    def __init__(self) -> None:
        self._handlers = self._kept = _Kept()

    def move(self, table: HandlerTable | None) -> None:
        """Hand the registrations to the handlers of a Dendrite, or take them back."""
        self._kept.move(table)
