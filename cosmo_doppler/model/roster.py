"""The registry as seen on the bus: who announced itself, and who is still heard."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median
from typing import Literal

Liveness = Literal["live", "late", "stale", "left", "static"]
"""late: more than 1.5 heartbeat periods of silence; stale: more than 3; left: DEREGISTER;
static: announced itself and never heartbeats (Engrams and Effectors of released peers)."""

DEFAULT_PERIOD_S = 30.0
"""The protocol's default heartbeat period, assumed until two arrivals tell better (PROTOCOL 6.1)."""


class Participant:
    """One neuron, engram or effector."""

    __slots__ = (
        "beats",
        "capabilities",
        "health",
        "id",
        "kind",
        "last_heartbeat",
        "last_seen",
        "left_at",
        "load",
        "registered_at",
        "role",
        "seq",
        "signals",
        "version",
    )

    def __init__(self, id: str, registered_at: float) -> None:
        self.id = id
        self.role = "neuron"
        """neuron, engram or effector, as announced."""
        self.kind = ""
        self.capabilities: list[str] = []
        self.version = ""
        self.registered_at = registered_at
        self.last_seen = registered_at
        """Arrival of the last signal it produced, of any type."""
        self.last_heartbeat: float | None = None
        self.beats: deque[float] = deque(maxlen=32)
        """Arrivals of its HEARTBEATs."""
        self.health = ""
        """Status text of its last HEARTBEAT."""
        self.load: float | None = None
        self.left_at: float | None = None
        self.signals = 0
        """Signals it produced."""
        self.seq = 0
        """Position of its last REGISTER."""

    def period_s(self) -> float | None:
        """Its heartbeat period, estimated from arrivals (the wire does not carry it); None before two beats."""
        if len(self.beats) < 2:
            return None
        return median(later - earlier for earlier, later in pairwise(self.beats)) or None

    def liveness(self, now: float) -> Liveness:
        """How it stands at `now`, epoch seconds."""
        if self.left_at is not None:
            return "left"
        if self.last_heartbeat is None and self.role != "neuron":
            return "static"
        silence = now - self.last_seen
        period = self.period_s() or DEFAULT_PERIOD_S
        if silence > 3 * period:
            return "stale"
        return "late" if silence > 1.5 * period else "live"
