"""What a fold touched since somebody last asked."""

from __future__ import annotations

from msgspec import Struct, field


class Changes(Struct):
    """Keys touched since the last `Board.take_changes()`. Panels repaint only what they show of these."""

    signals: int = 0
    """Signals folded."""
    traces: set[str] = field(default_factory=set)
    """Trace ids."""
    auctions: set[str] = field(default_factory=set)
    """Offer ids."""
    roster: set[str] = field(default_factory=set)
    """Participant ids."""
    requests: set[str] = field(default_factory=set)
    """Ids of CLARIFICATION, PERMISSION and ESCALATION events."""
    reset: bool = False
    """Everything may differ: another board took the place of this one, traces were forgotten, or too much was touched."""

    def __bool__(self) -> bool:
        return bool(
            self.signals or self.reset or self.traces or self.auctions or self.roster or self.requests
        )
