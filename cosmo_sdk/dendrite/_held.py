"""Which traces a gate of the bus holds right now: their windows for bids stand still meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from cosmo_sdk.dendrite._link import Link

_KEY = "held"
"""Of the subscription in the link; no subject looks like it."""


class HeldTraces:
    """Watches the gates, once somebody asks.

    Args:
        link: to the bus.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._held: set[str] = set()
        self._listeners: dict[str, list[Callable[[bool], None]]] = {}

    async def watch(self) -> None:
        """Return once this Dendrite hears of holds. Cheap when it does already."""
        await self._link.open_once(
            _KEY, lambda: self._link.synapse.watch_holds(self._link.namespace, self._note)
        )

    def follow(self, trace_id: str, listener: Callable[[bool], None]) -> Callable[[], None]:
        """Call `listener(held)` when the trace begins or ceases to be held, at once if it is; what is returned ends that."""
        listeners = self._listeners.setdefault(trace_id, [])
        listeners.append(listener)
        if trace_id in self._held:
            listener(True)

        def end() -> None:
            listeners.remove(listener)
            if not listeners and self._listeners.get(trace_id) is listeners:
                del self._listeners[trace_id]

        return end

    def _note(self, trace_id: str, waiting: int) -> None:
        if not trace_id:
            # The bus went away, or its gates did: nothing is held any more.
            for each in list(self._held):
                self._note(each, 0)
            return
        held = waiting > 0
        if held == (trace_id in self._held):
            return
        if held:
            self._held.add(trace_id)
        else:
            self._held.discard(trace_id)
        for listener in list(self._listeners.get(trace_id, ())):
            listener(held)
