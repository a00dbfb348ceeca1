"""One neuron, engram or effector, as far as its signals tell."""

from __future__ import annotations

from itertools import pairwise
from math import nextafter
from statistics import median
from typing import Any, Literal

from cosmo_doppler.model.wording import finite, say
from cosmo_sdk.header import Header

Liveness = Literal["live", "late", "stale", "left", "static"]
"""late: more than 1.5 heartbeat periods of silence; stale: more than 3; left: DEREGISTER;
static: announced itself and never heartbeats (Engrams and Effectors of released peers)."""

DEFAULT_PERIOD_S = 30.0
"""The protocol's default heartbeat period, assumed until two arrivals tell better (PROTOCOL 6.1)."""

LATE, STALE = 1.5, 3.0
"""Periods of silence after which somebody is late, and stale."""

SLOT_S = 2
"""Seconds that one place of the activity stands for."""

SLOTS = 30
"""Places of the activity: the last minute."""

_BEATS = 16
"""Heartbeats remembered; the period is the median gap between them."""

_CLAIMS = 3
"""Hosts remembered: one, another and the first again are two at a time."""

_MOST = 255
"""Signals shown of two seconds; more make no difference."""

_MOST_TASKS = 1_000_000
"""More than that nobody works on at once."""

_ENOUGH_GAPS, _APART, _STEADY = 10, 0.3, 0.1
"""How many gaps show two rhythms; how far apart these are and how steady each is, as parts of a whole period."""


class Participant:
    """What is known of somebody."""

    __slots__ = (
        "_activity",
        "_heartbeats",
        "_hosts",
        "_period",
        "_place",
        "_slot",
        "_slot_ends",
        "beats",
        "capabilities",
        "clock",
        "due",
        "health",
        "id",
        "in_flight",
        "kind",
        "last_heartbeat",
        "last_seen",
        "left_at",
        "load",
        "looks_like",
        "registered_at",
        "role",
        "seq",
        "shared",
        "signals",
        "state",
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
        self.beats: list[float] = []
        """Arrivals of its last HEARTBEATs."""
        self.health = ""
        """Status text of its last HEARTBEAT."""
        self.load: float | None = None
        """Share of its capacity in use, 0 to 1, as its last HEARTBEAT says."""
        self.in_flight: int | None = None
        """Tasks it works on, as its last HEARTBEAT says."""
        self.left_at: float | None = None
        self.signals = 0
        """Signals it produced."""
        self.seq = 0
        """Position of its last REGISTER."""
        self.state: Liveness = "live"
        """How it stood when the board looked last."""
        self.due: float | None = None
        """When its silence must be judged again; None when nothing waits for that."""
        self.looks_like = ""
        """Somebody whose name is easily taken for this one."""
        self.shared = ""
        """Why two hosts seem to claim this name; empty while one does."""
        self._hosts: list[str] = []
        self._period: float | None = None
        self._heartbeats = 0
        self.clock: object = None
        """What the rules know of its clock."""
        self._activity: list[int] = []
        """By slot, once something came."""
        self._slot = self._place = 0
        self._slot_ends = float("-inf")
        """When the next one begins, epoch seconds."""

    def period_s(self) -> float | None:
        """Its heartbeat period, estimated from arrivals (the wire does not carry it); None before two beats."""
        return self._period

    def jitter_s(self) -> float | None:
        """How far a heartbeat usually is off its time: the median distance from the period; None before three beats."""
        period = self._period
        if period is None or len(self.beats) < 3:
            return None
        return median(abs(gap - period) for gap in self._gaps())

    def liveness(self, now: float) -> Liveness:
        """How it stands at `now`, epoch seconds."""
        if self.left_at is not None:
            return "left"
        if self.last_heartbeat is None and self.role != "neuron":
            return "static"
        if now >= self.turns_at(STALE):
            return "stale"
        return "late" if now >= self.turns_at(LATE) else "live"

    def next_turn(self, now: float) -> float | None:
        """When silence alone makes it something worse than at `now`; None when it cannot get worse."""
        state = self.liveness(now)
        if state not in ("live", "late"):
            return None
        return self.turns_at(LATE if state == "live" else STALE)

    def capacity(self) -> int | None:
        """How many tasks it takes at once, as far as load and tasks in flight tell; None when they do not."""
        if not self.load or not self.in_flight:
            return None
        capacity = self.in_flight / self.load
        return round(capacity) if 1 <= capacity <= _MOST_TASKS else None

    def activity(self, now: float) -> list[int]:
        """Signals it produced in each two seconds of the last minute, oldest first."""
        newest = int(now) // SLOT_S
        ring = self._activity or [0] * SLOTS
        return [
            min(ring[slot % SLOTS], _MOST) if self._slot - SLOTS < slot <= self._slot else 0
            for slot in range(newest - SLOTS + 1, newest + 1)
        ]

    # What happens to it; called by the roster

    def produced(self, at: float) -> None:
        """It was heard."""
        self.signals += 1
        if at > self.last_seen:
            self.last_seen = at
        if at >= self._slot_ends:
            self._turn(int(at) // SLOT_S)
        self._activity[self._place] += 1

    def _turn(self, slot: int) -> None:
        """Another two seconds have begun."""
        ring = self._activity
        if not ring:
            ring += [0] * SLOTS
            self._slot = slot
        for passed in range(max(self._slot, slot - SLOTS) + 1, slot + 1):
            ring[passed % SLOTS] = 0
        self._slot = max(self._slot, slot)
        self._place, self._slot_ends = self._slot % SLOTS, (self._slot + 1) * SLOT_S

    def registered(self, header: Header, seq: int, at: float) -> None:
        """It announced itself, for the first time or again."""
        payload, directed = header.read_payload(), header.directed
        listed = payload.get("capabilities")
        if not isinstance(listed, list):
            listed = directed.capabilities if directed is not None else []
        role = payload.get("role")
        self.role = role[:20] if isinstance(role, str) and role else "neuron"
        self.kind = (directed.type or "") if directed is not None else ""
        self.capabilities = [item for item in listed if isinstance(item, str)]
        self.version = say(payload.get("version"), 40)
        self.seq = seq
        self._claim(header)
        if self.left_at is not None:
            self.left_at = None
            self.registered_at = at
            self.last_heartbeat = None
            self._period = None
            self.shared = ""
            self.beats.clear()

    def beat(self, payload: dict[str, Any], at: float) -> None:
        """It sent a HEARTBEAT."""
        self.health = say(payload.get("status"), 40)
        self.load = finite(payload.get("load"))
        running = payload.get("in_flight")
        self.in_flight = running if type(running) is int and 0 <= running <= _MOST_TASKS else None
        # A stray beat after DEREGISTER does not bring anybody back; only REGISTER does (PROTOCOL 6.7).
        if self.left_at is not None:
            return
        self.last_heartbeat = at
        self.beats.append(at)
        del self.beats[:-_BEATS]
        if len(self.beats) > 1:
            gaps = self._gaps()
            # By hand: this runs for every heartbeat there is.
            ordered, middle = sorted(gaps), len(gaps) // 2
            period = ordered[middle] if len(gaps) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
            self._period = period or None
        self._heartbeats += 1
        if self._heartbeats % _ENOUGH_GAPS == 0 and not self.shared and _two_rhythms(self._gaps()):
            self.shared = "its heartbeats come in two rhythms"

    def _gaps(self) -> list[float]:
        return [later - earlier for earlier, later in pairwise(self.beats)]

    def turns_at(self, periods: float) -> float:
        """The first moment at which silence has lasted for more than so many periods, epoch seconds."""
        return nextafter(self.last_seen + periods * (self._period or DEFAULT_PERIOD_S), float("inf"))

    def _claim(self, header: Header) -> None:
        """Note which host speaks for it. A restart changes hosts; going back and forth takes two at a time."""
        host = header.read_meta().get("cosmo.host")
        if isinstance(host, str) and host:
            claim = f"host {host[:40]}"
        else:
            claim = f"capabilities {', '.join(sorted(self.capabilities))[:80] or 'none'}, version {self.version or 'none'}"
        hosts = self._hosts
        if hosts and hosts[-1] == claim:
            return
        if claim in hosts:
            self.shared = f"{claim} and {hosts[-1]} announce it by turns"
        hosts.append(claim)
        del hosts[:-_CLAIMS]


def _two_rhythms(gaps: list[float]) -> bool:
    """Whether every other gap is short and the ones between are long: what two hosts with one period make together."""
    if len(gaps) < _ENOUGH_GAPS:
        return False
    both = gaps[0::2], gaps[1::2]
    middles = [median(half) for half in both]
    whole = sum(middles)
    return abs(middles[0] - middles[1]) > _APART * whole and all(
        abs(gap - middle) < _STEADY * whole
        for half, middle in zip(both, middles, strict=True)
        for gap in half
    )
