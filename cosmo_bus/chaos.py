"""Faults on demand: frames lost, doubled, late or out of order, as on a bad day, for people who test their agents.

Each rule throws dice of its own, from its seed: the same frames meet the same faults again. A rule ends with its owner,
and what it had delayed goes out then. Pure; its owner brings time and forwarding.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Generic, Literal, Protocol, TypeVar, get_args

import msgspec

from cosmo_bus.errors import ChaosError
from cosmo_bus.facts import ANY, Facts, Selector, Where
from cosmo_bus.gate import namespace_of

T = TypeVar("T")
Owner = TypeVar("Owner")

Fault = Literal["drop", "duplicate", "delay", "reorder"]
"""Lost; delivered twice; delivered later; delivered after the next frame that is meant."""

FAULTS: tuple[Fault, ...] = get_args(Fault)

DELAY_MS = 250
"""How late a frame is unless the rule says otherwise; for `reorder`, how long it waits for the next one."""

MAX_DELAYED = 10_000
"""Frames one rule may keep; beyond that they are delivered as if there were no rule."""


class ChaosRule(msgspec.Struct, frozen=True):
    """Which frames meet which fault, and how often."""

    rule_id: str
    fault: Fault = "drop"
    subject: str = ">"
    where: Where = ANY
    rate: float = 0.1
    """Probability for each frame, 0 to 1."""
    seed: int = 0
    delay_ms: int = DELAY_MS


class ChaosEvent(msgspec.Struct, omit_defaults=True):
    """What happened to a frame. Published on `_chaos.<namespace>`, so that recordings tell."""

    rule: str
    event: str
    """set, cleared, or the fault."""
    signal_id: str = ""
    type: str = ""
    trace_id: str = ""
    frame: str = ""
    """What was lost, where it was."""


class Timer(Protocol):
    """Something that will happen, unless cancelled."""

    def cancel(self) -> None:
        """Let it not happen."""
        ...


class _Rule(Generic[T, Owner]):
    def __init__(self, rule: ChaosRule, selector: Selector, owner: Owner) -> None:
        self.rule = rule
        self.selector = selector
        self.owner = owner
        self.dice = Random(rule.seed)
        self.hits = 0
        self.serial = 0
        self.delayed: dict[int, tuple[str, T, Timer]] = {}

    def take_delayed(self, serial: int) -> tuple[str, T] | None:
        """A frame whose time has come, and its subject; None when it went already."""
        kept = self.delayed.pop(serial, None)
        if kept is None:
            return None
        subject, item, timer = kept
        timer.cancel()
        return subject, item


class Chaos(Generic[T, Owner]):
    """The fault rules of one bus. `T` is a frame as that bus carries it, `Owner` who owns a rule.

    Args:
        call_later: calls a function after so many seconds.
        forward: delivers a frame.
        frame_of: the JSON text of a frame.
        tell: called with the namespace and what happened there.
    """

    def __init__(
        self,
        *,
        call_later: Callable[[float, Callable[[], None]], Timer],
        forward: Callable[[str, T], object],
        frame_of: Callable[[T], str],
        tell: Callable[[str, ChaosEvent], None],
    ) -> None:
        self._call_later = call_later
        self._forward = forward
        self._frame_of = frame_of
        self._tell = tell
        self.standing: dict[str, _Rule[T, Owner]] = {}
        """Every rule by its name, oldest first. While there are none, the bus need not ask `admit`."""
        self.hits = 0
        """Frames that met a fault, over all rules there ever were."""

    def set(self, rule: ChaosRule, owner: Owner) -> None:
        """Make a rule, or begin one's own anew.

        Raises:
            ChaosError: the id belongs to somebody else, or a value cannot be.
        """
        standing = self.standing.get(rule.rule_id)
        if standing is not None and standing.owner is not owner:
            raise ChaosError(f"rule {rule.rule_id!r} belongs to another client; choose another rule_id")
        selector = _checked(rule)
        if standing is not None:
            self._end(standing)
        self.standing[rule.rule_id] = _Rule(rule, selector, owner)
        self._tell(namespace_of(rule.subject), ChaosEvent(rule.rule_id, "set"))

    def clear(self, rule_id: str) -> int:
        """End a rule; what it delayed goes out now. Return how many frames met it.

        Raises:
            ChaosError: there is no such rule.
        """
        rule = self.standing.get(rule_id)
        if rule is None:
            known = ", ".join(self.standing) or "none"
            raise ChaosError(f"there is no rule {rule_id[:80]!r}; rules: {known[:400]}")
        self._end(rule)
        return rule.hits

    def leave(self, owner: Owner) -> None:
        """An owner went: its rules end."""
        for rule in [rule for rule in self.standing.values() if rule.owner is owner]:
            self._end(rule)

    def close(self) -> None:
        """The bus ends: nothing stays behind."""
        for rule in list(self.standing.values()):
            self._end(rule)

    def rules(self) -> list[tuple[ChaosRule, int]]:
        """Every rule and how many frames met it, oldest first."""
        return [(rule.rule, rule.hits) for rule in self.standing.values()]

    def admit(self, subject: str, item: T, facts: Facts) -> bool:
        """Whether a frame goes on now. Otherwise it is lost, or comes later by itself. At most one rule acts on it."""
        for rule in list(self.standing.values()):
            if not rule.selector.fits(subject, facts):
                continue
            hit = rule.dice.random() < rule.rule.rate
            if rule.rule.fault == "reorder" and rule.delayed:
                self._forward(subject, item)
                self._send(rule, next(iter(rule.delayed)))
                return False
            if hit and len(rule.delayed) < MAX_DELAYED:
                return self._act(rule, subject, item, facts)
        return True

    # -- inside

    def _act(self, rule: _Rule[T, Owner], subject: str, item: T, facts: Facts) -> bool:
        rule.hits += 1
        self.hits += 1
        fault = rule.rule.fault
        lost = self._frame_of(item) if fault == "drop" else ""
        self._tell(
            namespace_of(subject),
            ChaosEvent(rule.rule.rule_id, fault, facts.id, facts.type, facts.trace_id, lost),
        )
        if fault == "duplicate":
            self._forward(subject, item)
        elif fault != "drop":
            self._delay(rule, subject, item)
        return fault == "duplicate"

    def _delay(self, rule: _Rule[T, Owner], subject: str, item: T) -> None:
        rule.serial += 1
        serial = rule.serial
        timer = self._call_later(rule.rule.delay_ms / 1000, lambda: self._send(rule, serial))
        rule.delayed[serial] = (subject, item, timer)

    def _send(self, rule: _Rule[T, Owner], serial: int) -> None:
        due = rule.take_delayed(serial)
        if due is not None:
            self._forward(*due)

    def _end(self, rule: _Rule[T, Owner]) -> None:
        del self.standing[rule.rule.rule_id]
        for serial in list(rule.delayed):
            self._send(rule, serial)
        self._tell(namespace_of(rule.rule.subject), ChaosEvent(rule.rule.rule_id, "cleared"))


def _checked(rule: ChaosRule) -> Selector:
    if not rule.rule_id:
        raise ChaosError("chaos_set: missing rule_id")
    if not 0 < rule.rate <= 1:
        raise ChaosError(f"chaos_set: rate {rule.rate:g} is not above 0 and at most 1")
    if not 0 < rule.delay_ms <= 600_000:
        raise ChaosError(f"chaos_set: delay_ms {rule.delay_ms} is not from 1 to 600000")
    try:
        return Selector(rule.subject, rule.where)
    except ValueError as error:
        raise ChaosError(f"chaos_set: {error}") from None
