"""Driving the gates of a bus from the outside."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from cosmo_bus.client import BusClient
from cosmo_bus.errors import GateError, Refused
from cosmo_bus.facts import ANY, Where
from cosmo_bus.gate import GATE_EXTENSION, MAX_HOLD_S
from cosmo_bus.wire import Incoming


class HeldFrame(msgspec.Struct, frozen=True):
    """A frame at a gate, whole."""

    hold_id: str
    gate_id: str
    subject: str
    frame: bytes


class GateInfo(msgspec.Struct, frozen=True):
    """A gate and what it holds."""

    gate_id: str
    subject: str
    where: Where
    held: int
    bytes: int
    max_hold_s: float


class HoldInfo(msgspec.Struct, frozen=True):
    """A frame at a gate, in outline; what its envelope does not say is empty."""

    hold_id: str
    gate_id: str
    subject: str
    held_s: float
    id: str = ""
    type: str = ""
    trace_id: str = ""
    neuron: str = ""


class GateState(msgspec.Struct, frozen=True):
    """Every gate of a bus, and every frame held there, oldest first within each gate."""

    gates: list[GateInfo]
    held: list[HoldInfo]


class GateClient:
    """Puts up gates and decides about what they hold. A gate belongs to the connection that put it up and opens with its end.

    Every method raises GateError when the bus refuses or has no gates, BusClosed and NoAnswer when it is away.

    Args:
        client: a connected client of a bus.
    """

    def __init__(self, client: BusClient) -> None:
        self._client = client

    async def set(
        self, gate_id: str, *, subject: str = ">", where: Where = ANY, max_hold_s: float = MAX_HOLD_S
    ) -> None:
        """Put up a gate, or change one's own.

        Args:
            gate_id: its name, of one's own choosing.
            subject: pattern of the subjects it watches.
            where: which frames it holds.
            max_hold_s: it opens for good once it has held a frame for that long, seconds.
        """
        conditions = {key: value for key, value in msgspec.to_builtins(where).items() if value is not None}
        await self._ask("gate_set", gate_id=gate_id, subject=subject, where=conditions, max_hold_s=max_hold_s)

    async def clear(self, gate_id: str) -> int:
        """Take a gate away; return how many frames it let go."""
        return (await self._ask("gate_clear", gate_id=gate_id)).released

    async def step(self, gate_id: str, frames: int = 1) -> int:
        """Let the oldest frames of a gate go; return how many there were."""
        return (await self._ask("gate_step", gate_id=gate_id, n=frames)).released

    async def release(self, hold_id: str, frame: bytes | None = None) -> None:
        """Let one frame go, `frame` in its place if given."""
        if frame is None:
            await self._ask("gate_release", hold_id=hold_id)
        else:
            await self._ask("gate_release", hold_id=hold_id, frame=frame.decode())

    async def drop(self, hold_id: str) -> None:
        """Let one frame go nowhere."""
        await self._ask("gate_drop", hold_id=hold_id)

    async def show(self, hold_id: str) -> HeldFrame:
        """One held frame, whole."""
        return _frame_in(await self._ask("gate_show", hold_id=hold_id))

    async def state(self) -> GateState:
        """Every gate and every hold."""
        answer = await self._ask("gate_list")
        return GateState(
            msgspec.json.decode(answer.gates, type=list[GateInfo]),
            msgspec.json.decode(answer.held, type=list[HoldInfo]),
        )

    def on_held(self, listener: Callable[[HeldFrame], None]) -> None:
        """Call `listener` with every frame that a gate of this connection holds."""
        self._client.on_line("gate_held", lambda line: listener(_frame_in(line)))

    def on_gone(self, listener: Callable[[str, str], None]) -> None:
        """Call `listener(gate_id, reason)` when a gate of this connection ceased to be."""
        self._client.on_line("gate_gone", lambda line: listener(line.gate_id, line.reason))

    async def _ask(self, op: str, **fields: object) -> Incoming:
        if self._client.state == "connected" and GATE_EXTENSION not in self._client.extensions:
            raise GateError(
                f"the bus at {self._client.url} has no gates; `cosmo synapse start` starts one that has"
            )
        try:
            return await self._client.ask(op, **fields)
        except Refused as error:
            raise GateError(str(error)) from None


def _frame_in(line: Incoming) -> HeldFrame:
    return HeldFrame(line.hold_id, line.gate_id, line.subject, line.frame.encode())
