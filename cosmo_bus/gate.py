"""The gate: frames held inside the bus until a person or a test lets them go. Pure; its owner brings clock and forwarding.

Frames of one trace leave a gate in the order in which they came. Nothing is held for ever: a gate fails open, letting
everything go in order, when its owner leaves, when a frame was held for too long, and when it is full.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count, islice
from typing import Any, Generic, TypeVar

import msgspec

from cosmo_bus.errors import GateError
from cosmo_bus.facts import ANY, Facts, Selector, Where

T = TypeVar("T")
Owner = TypeVar("Owner")

GATE_EXTENSION = "gate"
"""What a bus with gates says under `ext` when it welcomes a client."""

MAX_HOLD_S = 300.0
"""How long a frame may be held unless the gate says otherwise."""

MAX_FRAMES = 10_000
MAX_BYTES = 64 << 20
"""What one gate may hold."""


class GateRule(msgspec.Struct, frozen=True):
    """What a gate holds, and how much of it."""

    gate_id: str
    subject: str = ">"
    where: Where = ANY
    max_hold_s: float = MAX_HOLD_S
    max_frames: int = MAX_FRAMES
    max_bytes: int = MAX_BYTES


class GateEvent(msgspec.Struct, omit_defaults=True):
    """What happened at a gate. Published on `_gate.<namespace>`, so that recordings tell what a person did."""

    gate: str
    event: str
    """set, held, released, edited, dropped, or gone."""
    hold: str = ""
    signal_id: str = ""
    type: str = ""
    trace_id: str = ""
    waiting: int = 0
    """Frames of that trace still held, over all gates."""
    reason: str = ""
    """Why a gate is gone: cleared, owner left, held too long, full."""
    frame: str = ""
    """What would have been delivered, where an edit or a drop took its place."""


class Held(Generic[T, Owner]):
    """One frame at a gate."""

    __slots__ = ("facts", "gate", "hold_id", "item", "since", "size", "subject")

    def __init__(
        self, hold_id: str, gate: Gate[T, Owner], subject: str, item: T, facts: Facts, size: int, since: float
    ) -> None:
        self.hold_id = hold_id
        self.gate = gate
        self.subject = subject
        self.item = item
        self.facts = facts
        self.size = size
        self.since = since


class Gate(Generic[T, Owner]):
    """One gate: its rule, its owner, what it holds in order of arrival."""

    def __init__(self, rule: GateRule, selector: Selector, owner: Owner) -> None:
        self.rule = rule
        self.selector = selector
        self.owner = owner
        self.held: dict[str, Held[T, Owner]] = {}
        self.bytes = 0
        self.by_trace: dict[str, dict[str, None]] = {}
        """Hold ids of each trace, oldest first."""

    def first_of(self, trace_id: str) -> str:
        """The hold that must leave before every other one of its trace."""
        return next(iter(self.by_trace[trace_id]))

    def take_in(self, held: Held[T, Owner]) -> None:
        """Hold a frame."""
        self.held[held.hold_id] = held
        self.by_trace.setdefault(held.facts.trace_id, {})[held.hold_id] = None
        self.bytes += held.size

    def let_out(self, held: Held[T, Owner]) -> None:
        """Hold it no more."""
        del self.held[held.hold_id]
        self.bytes -= held.size
        trace = self.by_trace[held.facts.trace_id]
        del trace[held.hold_id]
        if not trace:
            del self.by_trace[held.facts.trace_id]


class Gatekeeper(Generic[T, Owner]):
    """Every gate of one bus. `T` is a frame as that bus carries it, `Owner` who owns a gate.

    Args:
        now: seconds of a monotonic clock.
        forward: delivers a frame that leaves the last gate.
        frame_of: the JSON text of a frame, for what is dropped or edited.
        tell: called with the namespace and what happened there.
        show: called when a frame is held, for the owner of the gate.
        gone: called when a gate ceased to be, with the reason and how many frames it let go with that.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float],
        forward: Callable[[str, T], object],
        frame_of: Callable[[T], str],
        tell: Callable[[str, GateEvent], None],
        show: Callable[[Held[T, Owner]], None],
        gone: Callable[[Gate[T, Owner], str, int], None],
    ) -> None:
        self._now = now
        self._forward = forward
        self._frame_of = frame_of
        self._tell = tell
        self._show = show
        self._gone = gone
        self.standing: dict[str, Gate[T, Owner]] = {}
        """Every gate by its name, oldest first. While there are none, the bus need not ask `admit`."""
        self._holds: dict[str, Held[T, Owner]] = {}
        self._waiting: dict[str, int] = {}
        self._serials = count(1)

    # -- gates

    def set(self, rule: GateRule, owner: Owner) -> None:
        """Put up a gate, or change what one's own gate holds from now on.

        Raises:
            GateError: the id belongs to somebody else, the pattern is malformed, a bound is not positive, or the gate
                holds frames that the new rule might let others overtake.
        """
        standing = self.standing.get(rule.gate_id)
        if standing is not None and standing.owner is not owner:
            raise GateError(f"gate {rule.gate_id!r} belongs to another client; choose another gate_id")
        if not rule.gate_id:
            raise GateError("gate_set: missing gate_id")
        if not (0 < rule.max_hold_s <= 86_400 and rule.max_frames > 0 and rule.max_bytes > 0):
            raise GateError("gate_set: max_hold_s (up to 86400), max_frames and max_bytes must be positive")
        try:
            selector = Selector(rule.subject, rule.where)
        except ValueError as error:
            raise GateError(f"gate_set: {error}") from None
        if standing is not None and standing.held and _selects(rule) != _selects(standing.rule):
            raise GateError(
                f"gate {rule.gate_id!r} holds {len(standing.held)} frames that others would overtake;"
                " release them before it holds something else"
            )
        if standing is None:
            self.standing[rule.gate_id] = Gate(rule, selector, owner)
        else:
            standing.rule, standing.selector = rule, selector
        self._tell(namespace_of(rule.subject), GateEvent(rule.gate_id, "set"))

    def clear(self, gate_id: str) -> int:
        """Take a gate away and let everything go that it held; return how many frames that were.

        Raises:
            GateError: there is no such gate.
        """
        return self._open_for_good(self._gate(gate_id), "cleared")

    def leave(self, owner: Owner) -> None:
        """An owner went: its gates fail open."""
        for gate in [gate for gate in self.standing.values() if gate.owner is owner]:
            self._open_for_good(gate, "owner left")

    def close(self) -> None:
        """The bus ends: every gate opens."""
        for gate in list(self.standing.values()):
            self._open_for_good(gate, "the bus ends")

    def expire(self) -> None:
        """Open every gate that has held a frame for too long."""
        now = self._now()
        for gate in list(self.standing.values()):
            oldest = next(iter(gate.held.values()), None)
            if oldest is not None and now - oldest.since >= gate.rule.max_hold_s:
                self._open_for_good(gate, "held too long")

    @property
    def next_expiry(self) -> float | None:
        """When `expire` has something to do, on the clock of `now`; None while nothing is held."""
        due = [
            next(iter(gate.held.values())).since + gate.rule.max_hold_s
            for gate in self.standing.values()
            if gate.held
        ]
        return min(due, default=None)

    # -- frames

    def admit(self, subject: str, item: T, facts: Facts, size: int) -> bool:
        """Whether a frame may pass now. Otherwise a gate holds it."""
        return self._pass(subject, item, facts, size, after=None)

    def release(self, hold_id: str, edited: T | None = None) -> None:
        """Let one frame go, `edited` in its place if given.

        Raises:
            GateError: nothing is held under that id, or older frames of its trace are.
        """
        held = self.held(hold_id)
        first = held.gate.first_of(held.facts.trace_id)
        if first != hold_id:
            raise GateError(
                f"hold {hold_id} waits behind {first} of the same trace; release or drop that first"
            )
        self._let_go(held, edited)

    def step(self, gate_id: str, frames: int = 1) -> int:
        """Let the oldest frames of a gate go; return how many there were.

        Raises:
            GateError: there is no such gate.
        """
        oldest = list(islice(self._gate(gate_id).held.values(), max(0, frames)))
        for held in oldest:
            if held.hold_id in self._holds:
                self._let_go(held)
        return len(oldest)

    def drop(self, hold_id: str) -> None:
        """Let one frame go nowhere.

        Raises:
            GateError: nothing is held under that id.
        """
        held = self.held(hold_id)
        self._take_out(held)
        self._report(held, "dropped", frame=self._frame_of(held.item))

    # -- inside

    def _gate(self, gate_id: str) -> Gate[T, Owner]:
        gate = self.standing.get(gate_id)
        if gate is None:
            known = ", ".join(self.standing) or "none"
            raise GateError(f"there is no gate {gate_id[:80]!r}; gates: {known[:400]}")
        return gate

    def held(self, hold_id: str) -> Held[T, Owner]:
        """What is held under that id.

        Raises:
            GateError: nothing is.
        """
        held = self._holds.get(hold_id)
        if held is None:
            raise GateError(f"nothing is held as {hold_id[:80]!r}; it was let go, or never held")
        return held

    def _pass(self, subject: str, item: T, facts: Facts, size: int, *, after: Gate[T, Owner] | None) -> bool:
        """Go through the gates behind `after`, in the order in which they were put up."""
        passed = after is None
        for gate in list(self.standing.values()):
            if not passed:
                passed = gate is after
            elif self.standing.get(gate.rule.gate_id) is not gate:
                continue  # one that was full made others open as well
            elif gate.selector.fits(subject, facts):
                if len(gate.held) < gate.rule.max_frames and gate.bytes + size <= gate.rule.max_bytes:
                    self._hold(gate, subject, item, facts, size)
                    return False
                self._open_for_good(gate, "full")
        return True

    def _hold(self, gate: Gate[T, Owner], subject: str, item: T, facts: Facts, size: int) -> None:
        held = Held(f"h{next(self._serials)}", gate, subject, item, facts, size, self._now())
        gate.take_in(held)
        self._holds[held.hold_id] = held
        self._waiting[facts.trace_id] = self._waiting.get(facts.trace_id, 0) + 1
        self._report(held, "held")
        self._show(held)

    def _take_out(self, held: Held[T, Owner]) -> None:
        held.gate.let_out(held)
        del self._holds[held.hold_id]
        trace_id = held.facts.trace_id
        self._waiting[trace_id] -= 1
        if not self._waiting[trace_id]:
            del self._waiting[trace_id]

    def _let_go(self, held: Held[T, Owner], edited: T | None = None) -> None:
        self._take_out(held)
        if edited is None:
            self._report(held, "released")
        else:
            self._report(held, "edited", frame=self._frame_of(held.item))
        item = held.item if edited is None else edited
        if self._pass(held.subject, item, held.facts, held.size, after=held.gate):
            self._forward(held.subject, item)

    def _open_for_good(self, gate: Gate[T, Owner], reason: str) -> int:
        """Let everything go in order, then be gone. New frames cannot overtake: they still find the gate."""
        released = 0
        while gate.held:
            self._let_go(next(iter(gate.held.values())))
            released += 1
        if self.standing.get(gate.rule.gate_id) is not gate:
            # What went out made the owner leave, which opened this gate already.
            return released
        del self.standing[gate.rule.gate_id]
        self._tell(namespace_of(gate.rule.subject), GateEvent(gate.rule.gate_id, "gone", reason=reason))
        self._gone(gate, reason, released)
        return released

    def _report(self, held: Held[T, Owner], event: str, frame: str = "") -> None:
        facts = held.facts
        self._tell(
            namespace_of(held.subject),
            GateEvent(
                held.gate.rule.gate_id,
                event,
                hold=held.hold_id,
                signal_id=facts.id,
                type=facts.type,
                trace_id=facts.trace_id,
                waiting=self._waiting.get(facts.trace_id, 0),
                frame=frame,
            ),
        )


def _selects(rule: GateRule) -> tuple[str, Where]:
    return rule.subject, rule.where


def namespace_of(subject: str) -> str:
    """The namespace a subject or pattern belongs to; empty when it names none."""
    tokens = subject.split(".", 2)
    return tokens[1] if len(tokens) == 3 and tokens[0] == "cosmonapse" and tokens[1] not in "*>" else ""


def describe(gates: list[Gate[T, Owner]], now: float) -> dict[str, Any]:
    """Gates and holds as the answer to `gate_list`."""
    return {
        "gates": [
            {
                "gate_id": gate.rule.gate_id,
                "subject": gate.rule.subject,
                "where": {key: value for key, value in msgspec.to_builtins(gate.rule.where).items() if value},
                "held": len(gate.held),
                "bytes": gate.bytes,
                "max_hold_s": gate.rule.max_hold_s,
            }
            for gate in gates
        ],
        "held": [
            {
                "hold_id": held.hold_id,
                "gate_id": gate.rule.gate_id,
                "subject": held.subject,
                "held_s": round(now - held.since, 3),
                **msgspec.to_builtins(held.facts),
            }
            for gate in gates
            for held in gate.held.values()
        ],
    }
