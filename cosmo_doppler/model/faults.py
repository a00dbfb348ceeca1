"""Faults: what went wrong in silence, one row each, and the book that keeps the latest of them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable
from typing import Literal

Severity = Literal["error", "warning", "note"]
"""error: work failed or was lost; warning: something is wrong that nobody was told; note: worth knowing."""

MAX_FAULTS = 5_000
"""Faults kept; beyond that the oldest go, counted in `FaultBook.forgotten`."""


LONGEST = 600
"""Characters of a sentence at the most: names on a bus may be of any length."""


class Fault:
    """One thing that went wrong, perhaps several times."""

    __slots__ = (
        "at",
        "count",
        "id",
        "kind",
        "last_at",
        "look",
        "object_key",
        "offer_id",
        "over_at",
        "sentence",
        "seq",
        "severity",
        "trace_id",
        "who",
    )

    def __init__(
        self,
        kind: str,
        severity: Severity,
        sentence: str,
        look: str,
        *,
        at: float,
        seq: int | None = None,
        trace_id: str = "",
        offer_id: str = "",
        who: str = "",
        object_key: str = "",
    ) -> None:
        self.id = 0
        """Running number; the book gives it."""
        self.kind = kind
        """Which rule: one or two words, as `late bid`."""
        self.severity: Severity = severity
        self.sentence = sentence[:LONGEST]
        """What happened; may hold text from the bus, not yet safe for a terminal."""
        self.look = look[:LONGEST]
        """What to look at, or what to do."""
        self.at = at
        """When it was known first, epoch seconds."""
        self.last_at = at
        """When it was seen last, epoch seconds."""
        self.count = 1
        """How often it was seen."""
        self.over_at: float | None = None
        """When it came right after all, epoch seconds; None while it has not."""
        self.seq = seq
        """Position in the store of the signal to look at; None when there is none."""
        self.trace_id = trace_id
        self.offer_id = offer_id
        self.object_key = object_key
        """What the object of coordination is known by that it is about; empty when it is about none."""
        self.who = who
        """The participant it is about; empty when it is about nobody in particular."""

    @property
    def standing(self) -> bool:
        """Whether it still is as it was found."""
        return self.over_at is None


class FaultBook:
    """The latest faults, by running number.

    Faults that say the same share a row: whoever reports them gives a key, and the row counts.

    Args:
        most: how many are kept.
    """

    def __init__(self, *, most: int = MAX_FAULTS) -> None:
        self.by_id: dict[int, Fault] = {}
        self.order: deque[int] = deque()
        """Running numbers of what is kept, oldest first."""
        self.total = 0
        """Faults found so far, those forgotten included."""
        self.changes = 0
        """Grows with everything that happens here: the same number means the same book."""
        self.forgotten = 0
        """Faults dropped because there were too many."""
        self.counts: Counter[Severity] = Counter()
        """Kept faults by severity, those that came right left out."""
        self._most = most
        self._by_key: dict[Hashable, Fault] = {}
        self._keys: dict[int, Hashable] = {}

    def report(self, fault: Fault, key: Hashable = None) -> Fault:
        """Take in a fault. One with a key that is known counts on the row it has.

        Returns:
            The row.
        """
        self.changes += 1
        known = self._by_key.get(key) if key is not None else None
        if known is not None:
            known.count += 1
            known.last_at = max(known.last_at, fault.at)
            known.sentence, known.seq, known.trace_id = fault.sentence, fault.seq, fault.trace_id
            if known.over_at is not None:
                known.over_at = None
                self.counts[known.severity] += 1
            return known
        if len(self.order) >= self._most:
            self._forget_oldest()
        self.total += 1
        fault.id = self.total
        self.by_id[fault.id] = fault
        self.order.append(fault.id)
        self.counts[fault.severity] += 1
        if key is not None:
            self._by_key[key] = fault
            self._keys[fault.id] = key
        return fault

    def came_right(self, fault: Fault, at: float) -> None:
        """What was wrong is wrong no more. The row stays: it happened."""
        if fault.over_at is not None:
            return
        self.changes += 1
        fault.over_at = at
        if fault.id in self.by_id:
            self.counts[fault.severity] -= 1

    def _forget_oldest(self) -> None:
        gone = self.by_id.pop(self.order.popleft())
        self.forgotten += 1
        if gone.standing:
            self.counts[gone.severity] -= 1
        key = self._keys.pop(gone.id, None)
        if key is not None:
            del self._by_key[key]
