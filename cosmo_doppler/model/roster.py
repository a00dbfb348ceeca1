"""The registry as seen on the bus: who announced itself, and who is still heard."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from statistics import median
from typing import Any, Literal

from cosmo_doppler.model.wording import finite, say
from cosmo_sdk.header import Header

Liveness = Literal["live", "late", "stale", "left", "static"]
"""late: more than 1.5 heartbeat periods of silence; stale: more than 3; left: DEREGISTER;
static: announced itself and never heartbeats (Engrams and Effectors of released peers)."""

DEFAULT_PERIOD_S = 30.0
"""The protocol's default heartbeat period, assumed until two arrivals tell better (PROTOCOL 6.1)."""


MAX_PARTICIPANTS = 10_000
"""Participants kept; beyond that those not heard of for longest go, counted in `Roster.forgotten`."""

_RECENT_IDS = 4_096
"""Announcements remembered, so that one delivered twice counts once."""


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


class Roster:
    """Every participant, by id."""

    def __init__(self, *, most: int = MAX_PARTICIPANTS) -> None:
        self.by_id: dict[str, Participant] = {}
        self.forgotten = 0
        """Participants dropped because there were too many."""
        self._most = most
        self._recent: set[str] = set()
        self._recent_order: deque[str] = deque()

    def heard(self, who: str, at: float) -> bool:
        """A participant produced something. False when nobody of that name ever announced itself."""
        participant = self.by_id.get(who)
        if participant is None:
            return False
        participant.last_seen = max(participant.last_seen, at)
        participant.signals += 1
        return True

    def announced(self, header: Header, seq: int, at: float) -> bool:
        """Fold a REGISTER, HEARTBEAT or DEREGISTER.

        Returns:
            False when it had been delivered before, and so changed nothing.
        """
        if header.id:
            if header.id in self._recent:
                return False
            self._recent.add(header.id)
            self._recent_order.append(header.id)
            if len(self._recent_order) > _RECENT_IDS:
                self._recent.discard(self._recent_order.popleft())
        who = header.who
        participant = self.by_id.get(who) or self._newcomer(who, at)
        participant.signals += 1
        participant.last_seen = max(participant.last_seen, at)
        if header.type == "REGISTER":
            _register(participant, header, seq, at)
        elif header.type == "HEARTBEAT":
            _beat(participant, header.read_payload(), at)
        else:
            participant.left_at = at
        return True

    def _newcomer(self, who: str, at: float) -> Participant:
        if len(self.by_id) >= self._most:
            silent = sorted(self.by_id.values(), key=lambda participant: participant.last_seen)
            for participant in silent[: max(1, self._most // 10)]:
                del self.by_id[participant.id]
                self.forgotten += 1
        participant = self.by_id[who] = Participant(who, at)
        return participant


def _register(participant: Participant, header: Header, seq: int, at: float) -> None:
    payload, directed = header.read_payload(), header.directed
    listed = payload.get("capabilities")
    if not isinstance(listed, list):
        listed = directed.capabilities if directed is not None else []
    role = payload.get("role")
    participant.role = role[:20] if isinstance(role, str) and role else "neuron"
    participant.kind = (directed.type or "") if directed is not None else ""
    participant.capabilities = [item for item in listed if isinstance(item, str)]
    participant.version = say(payload.get("version"), 40)
    participant.seq = seq
    if participant.left_at is not None:
        participant.left_at = None
        participant.registered_at = at
        participant.last_heartbeat = None
        participant.beats.clear()


def _beat(participant: Participant, payload: dict[str, Any], at: float) -> None:
    participant.health = say(payload.get("status"), 40)
    participant.load = finite(payload.get("load"))
    # A stray beat after DEREGISTER does not bring anybody back; only REGISTER does (PROTOCOL 6.7).
    if participant.left_at is None:
        participant.last_heartbeat = at
        participant.beats.append(at)
