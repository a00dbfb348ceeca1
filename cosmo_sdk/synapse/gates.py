"""Gates, on the transports that have them: frames held until somebody decides (DESIGN 6, decision 19)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from cosmo_bus.errors import GateError
from cosmo_bus.facts import ANY, Facts, Where
from cosmo_bus.gate import MAX_HOLD_S, Gate, GateEvent, Gatekeeper, GateRule, Held, describe
from cosmo_bus.gate_client import GateState, HeldFrame
from cosmo_bus.gate_watch import GateWatch
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import EnvelopeError

HoldListener = Callable[[str, int], None]
"""Gets a trace and how many of its frames are held now; an empty trace and 0 when nothing is held any more."""


class Gates(Protocol):
    """Puts up gates and decides about what they hold. Every method raises GateError when that cannot be done."""

    async def set(
        self, gate_id: str, *, subject: str = ">", where: Where = ANY, max_hold_s: float = MAX_HOLD_S
    ) -> None:
        """Put up a gate, or change one's own."""
        ...

    async def clear(self, gate_id: str) -> int:
        """Take a gate away; return how many frames it let go."""
        ...

    async def step(self, gate_id: str, frames: int = 1) -> int:
        """Let the oldest frames of a gate go; return how many there were."""
        ...

    async def release(self, hold_id: str, frame: bytes | None = None) -> None:
        """Let one frame go, `frame` in its place if given."""
        ...

    async def drop(self, hold_id: str) -> None:
        """Let one frame go nowhere."""
        ...

    async def show(self, hold_id: str) -> HeldFrame:
        """One held frame, whole."""
        ...

    async def state(self) -> GateState:
        """Every gate and every hold."""
        ...

    def on_held(self, listener: Callable[[HeldFrame], None]) -> None:
        """Call `listener` with every frame that a gate of this side holds."""
        ...

    def on_gone(self, listener: Callable[[str, str], None]) -> None:
        """Call `listener(gate_id, reason)` when a gate of this side ceased to be."""
        ...


class MemoryGates:
    """The gates of a bus inside one process.

    What it promises as `Gates` raises GateError where there is no such gate or hold, it is somebody else's turn, or a frame
    is no Signal.

    Args:
        forward: delivers a Signal that leaves the last gate.
        tell: publishes what happened, subject and JSON.
    """

    def __init__(self, forward: Callable[[str, Signal], object], tell: Callable[[str, bytes], None]) -> None:
        self._publish = tell
        self._held_listeners: list[Callable[[HeldFrame], None]] = []
        self._gone_listeners: list[Callable[[str, str], None]] = []
        self._watchers: list[tuple[str, HoldListener]] = []
        self._keeper: Gatekeeper[Signal, MemoryGates] = Gatekeeper(
            now=lambda: asyncio.get_running_loop().time(),
            forward=forward,
            frame_of=lambda signal: signal.encode().decode(),
            tell=self._tell,
            show=self._show,
            gone=lambda gate, reason, released: _call_all(self._gone_listeners, gate.rule.gate_id, reason),
        )
        self._watch = GateWatch(self._keeper)

    @property
    def standing(self) -> Mapping[str, Gate[Signal, MemoryGates]]:
        """The gates by name, kept up to date."""
        return self._keeper.standing

    def admit(self, subject: str, signal: Signal) -> bool:
        """Whether a Signal that nobody else holds may pass now. Otherwise it is held."""
        facts = Facts(signal.id, str(signal.type), signal.trace_id, signal.neuron or "")
        return self._keeper.admit(subject, signal, facts, len(signal.encode()))

    def watch(self, namespace: str, listener: HoldListener) -> Callable[[], None]:
        """Tell `listener` of every hold in the namespace; the returned function ends it."""
        watcher = (namespace, listener)
        self._watchers.append(watcher)

        def end() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return end

    def close(self) -> None:
        """The bus ends: everything goes."""
        self._keeper.close()
        self._watch.end()

    # -- what `Gates` promises

    async def set(
        self, gate_id: str, *, subject: str = ">", where: Where = ANY, max_hold_s: float = MAX_HOLD_S
    ) -> None:
        """Put up a gate, or change it."""
        self._keeper.set(GateRule(gate_id, subject=subject, where=where, max_hold_s=max_hold_s), self)
        self._watch.look()

    async def clear(self, gate_id: str) -> int:
        """Take a gate away; return how many frames it let go."""
        return self._keeper.clear(gate_id)

    async def step(self, gate_id: str, frames: int = 1) -> int:
        """Let the oldest frames of a gate go; return how many there were."""
        return self._keeper.step(gate_id, frames)

    async def release(self, hold_id: str, frame: bytes | None = None) -> None:
        """Let one frame go, `frame` in its place if given."""
        try:
            edited = None if frame is None else Signal.decode(frame)
        except EnvelopeError as error:
            raise GateError(f"the edited frame is no Signal: {error}") from None
        self._keeper.release(hold_id, edited)

    async def drop(self, hold_id: str) -> None:
        """Let one frame go nowhere."""
        self._keeper.drop(hold_id)

    async def show(self, hold_id: str) -> HeldFrame:
        """One held frame, whole."""
        return _frame_in(self._keeper.held(hold_id))

    async def state(self) -> GateState:
        """Every gate and every hold."""
        told = describe(list(self.standing.values()), asyncio.get_running_loop().time())
        return msgspec.convert(told, GateState)

    def on_held(self, listener: Callable[[HeldFrame], None]) -> None:
        """Call `listener` with every frame that is held."""
        self._held_listeners.append(listener)

    def on_gone(self, listener: Callable[[str, str], None]) -> None:
        """Call `listener(gate_id, reason)` when a gate ceased to be."""
        self._gone_listeners.append(listener)

    # -- inside

    def _tell(self, namespace: str, event: GateEvent) -> None:
        self._publish(f"_gate.{namespace}" if namespace else "_gate", msgspec.json.encode(event))
        if event.hold:
            for watched, listener in list(self._watchers):
                if watched == namespace:
                    listener(event.trace_id, event.waiting)

    def _show(self, held: Held[Signal, MemoryGates]) -> None:
        self._watch.look()
        if self._held_listeners:
            _call_all(self._held_listeners, _frame_in(held))


def _frame_in(held: Held[Signal, MemoryGates]) -> HeldFrame:
    return HeldFrame(held.hold_id, held.gate.rule.gate_id, held.subject, held.item.encode())


def _call_all(listeners: list[Callable[..., None]], *arguments: object) -> None:
    for listener in list(listeners):
        listener(*arguments)
