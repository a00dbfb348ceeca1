"""User handlers: who wants which Signals (PROTOCOL 6.17)."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from cosmo_sdk.dendrite._reading import texts
from cosmo_sdk.envelope import Signal
from cosmo_sdk.signal_types import PATHWAY_TYPES, SignalType
from cosmo_sdk.synapse.delivery import Delivery

Handler = Callable[[Signal], Awaitable[Any] | Any]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True)
class Filters:
    """What a handler wants to see; all given filters must hold."""

    neuron: str | None = None
    """`directed.id` is this."""
    capability: str | None = None
    """The offer or task asks for it, or else the participant named has it."""
    trace_id: str | None = None
    """The Signal belongs to this trace."""


class _Entry:
    """One registered handler, with the queue that runs it once the loop does."""

    __slots__ = ("delivery", "filters", "handler")

    def __init__(self, handler: Handler, filters: Filters) -> None:
        self.handler = handler
        self.filters = filters
        self.delivery: Delivery | None = None


class Registrar:
    """`d.on_x`: a decorator, with or without filters.

    Args:
        table: where handlers go.
        signal_type: what they hear.
        deprecated: the warning for whoever still uses this name; none when empty.
    """

    def __init__(self, table: HandlerTable, signal_type: SignalType, *, deprecated: str = "") -> None:
        self._table = table
        self._type = signal_type
        self._deprecated = deprecated

    @overload
    def __call__(
        self,
        fn: H,
        *,
        neuron: str | None = None,
        capability: str | None = None,
        trace_id: str | None = None,
    ) -> H: ...
    @overload
    def __call__(
        self,
        fn: None = None,
        *,
        neuron: str | None = None,
        capability: str | None = None,
        trace_id: str | None = None,
    ) -> Callable[[H], H]: ...
    def __call__(
        self,
        fn: Handler | None = None,
        *,
        neuron: str | None = None,
        capability: str | None = None,
        trace_id: str | None = None,
    ) -> Any:
        """Register a coroutine or plain function. Returns it unchanged."""
        if self._deprecated:
            warnings.warn(self._deprecated, DeprecationWarning, stacklevel=2)
        filters = Filters(neuron, capability, trace_id)

        def register(handler: H) -> H:
            self._table.add(self._type, handler, filters)
            return handler

        return register if fn is None else register(fn)


class HandlerTable:
    """Handlers by type. Each runs on its own queue: in order, concurrently up to a bound, isolated from the others.

    Args:
        capabilities_of: the capabilities of a participant, as far as this Dendrite knows them.
    """

    def __init__(self, capabilities_of: Callable[[str], Mapping[str, Any] | set[str]]) -> None:
        self._entries: dict[SignalType, list[_Entry]] = {}
        self._capabilities_of = capabilities_of
        self._dropped_before = 0
        self.added: Callable[[SignalType], None] = _ignore
        """Called with the type of each handler as it is registered; a running Dendrite subscribes then."""

    @property
    def dropped(self) -> int:
        """Signals no handler got to, because it could not keep up or this Dendrite stopped."""
        deliveries = (entry.delivery for entries in self._entries.values() for entry in entries)
        return self._dropped_before + sum(each.dropped for each in deliveries if each is not None)

    @property
    def types(self) -> set[SignalType]:
        """Types somebody wants."""
        return set(self._entries)

    def wants(self, signal_type: SignalType) -> bool:
        """Whether anybody registered for a type, under whatever filters."""
        return signal_type in self._entries

    def registrar(self, signal_type: SignalType, *, deprecated: str = "") -> Registrar:
        """The decorator for a type."""
        return Registrar(self, signal_type, deprecated=deprecated)

    def add(self, signal_type: SignalType, handler: Handler, filters: Filters) -> None:
        """Register a handler.

        Raises:
            TypeError: it cannot be called.
            ValueError: there is no such type.
        """
        if not callable(handler):
            raise TypeError(f"{handler!r} cannot be called: a handler is a function that takes a Signal")
        try:
            signal_type = SignalType(signal_type)
        except ValueError:
            raise ValueError(f"{signal_type!r} is no type of Signal; SignalType has them all") from None
        self._entries.setdefault(signal_type, []).append(_Entry(handler, filters))
        self.added(signal_type)

    def remove(self, signal_type: SignalType, handler: Handler, filters: Filters) -> None:
        """Take a registration back; what waits for the handler is dropped, and what it runs finishes."""
        entries = self._entries.get(signal_type, [])
        for entry in entries:
            if entry.handler == handler and entry.filters == filters:
                entries.remove(entry)
                if entry.delivery is not None:
                    self._dropped_before += entry.delivery.dropped + entry.delivery.waiting
                    entry.delivery.stop()
                break
        if not entries:
            self._entries.pop(signal_type, None)

    def on_trace(
        self, trace_id: str, *types: SignalType, neuron: str | None = None, capability: str | None = None
    ) -> Callable[[H], H]:
        """Decorator: one handler across a trace, for the named types, else for TASK and everything it can cause.

        Args:
            trace_id: the trace.
            types: what to hear of it.
            neuron: only of, or for, this participant.
            capability: only what asks for it, or else concerns a participant that has it.
        """
        filters = Filters(neuron, capability, trace_id)

        def register(handler: H) -> H:
            for signal_type in types or (SignalType.TASK, *sorted(PATHWAY_TYPES)):
                self.add(signal_type, handler, filters)
            return handler

        return register

    def fire(self, signal: Signal) -> None:
        """Queue a Signal for every handler that wants it."""
        for entry in self._entries.get(signal.type, ()):
            if self._matches(signal, entry.filters):
                if entry.delivery is None:
                    entry.delivery = Delivery(entry.handler, f"on_{signal.type.lower()}")
                entry.delivery.push(signal)

    async def stop(self) -> None:
        """Start no more handlers; running ones are cancelled. A later `fire` begins anew."""
        for entries in self._entries.values():
            for entry in entries:
                delivery, entry.delivery = entry.delivery, None
                if delivery is not None:
                    self._dropped_before += delivery.dropped + delivery.waiting
                    await delivery.close()

    def _matches(self, signal: Signal, filters: Filters) -> bool:
        if filters.trace_id is not None and signal.trace_id != filters.trace_id:
            return False
        if filters.neuron is not None and signal.neuron != filters.neuron:
            return False
        return filters.capability is None or self._concerns(signal, filters.capability)

    def _concerns(self, signal: Signal, capability: str) -> bool:
        asked = texts(signal.payload.get("capabilities"))
        if signal.type is SignalType.TASK_OFFER:
            return not asked or capability in asked
        if signal.type is SignalType.TASK and asked:
            return capability in asked
        return signal.neuron is not None and capability in self._capabilities_of(signal.neuron)


def _ignore(signal_type: SignalType) -> None:
    """Nothing to do before the Dendrite runs."""
