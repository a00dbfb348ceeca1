"""What was done by hand: signals held, changed and dropped on their way, faults made to order, signals sent by a person.

Folded from what a bus tells of its gates and faults (`bus_events`) and from the mark that Doppler's own signals carry,
so a recording says it as well as a live bus. Never raises; bounded.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

from cosmo_doppler.model.bus_events import CHAOS
from cosmo_doppler.model.differences import Difference, differences
from cosmo_doppler.model.lasting import Log, Table
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.recent import Recent
from cosmo_doppler.model.sayings import describe
from cosmo_doppler.model.wording import duration, joined, say, short_id
from cosmo_sdk.bidding import Bid, read_bid
from cosmo_sdk.header import Header, read_header

GATE_PREFIX = "doppler/"
"""What the names of Doppler's own gates begin with; a token, a blank and the expression follow."""

MOST = 20_000
"""Interventions kept; beyond it the older half goes, counted in `Interventions.forgotten`."""

_MOST_AWAITED = 4_096
"""Signals let go of which it is remembered what was done to them, until they come."""

_LONGEST_DELAY_MS = 86_400_000.0
_MOST_CHANGES = 8
_MOST_IN_A_TRACE = 64
_SOURCE = b'"cosmo.source"'

Kind = Literal["held", "released", "delayed", "edited", "dropped", "break set", "break gone", "sent", "chaos"]
"""held: it is held still. delayed: it went by itself after the time somebody chose. sent: a signal a person sent from
Doppler. chaos: the bus did it to order."""

KINDS: tuple[Kind, ...] = (
    "held",
    "released",
    "delayed",
    "edited",
    "dropped",
    "break set",
    "break gone",
    "sent",
    "chaos",
)

VIEW = "view."
"""What follows the prefix in the name of a break that pauses the view of one Doppler and holds nothing."""

_EARLY_S = 0.05
"""How much before its time a delayed signal may go, seconds: two clocks and a way over the bus are between them."""

_CHAOS = {
    "drop": "dropped",
    "duplicate": "doubled",
    "delay": "delayed",
    "reorder": "moved",
}


class Intervention:
    """One thing somebody did."""

    __slots__ = (
        "at",
        "changes",
        "delay_ms",
        "done_at",
        "due",
        "gate",
        "kind",
        "number",
        "reason",
        "says",
        "seq",
        "signal_id",
        "signal_seq",
        "trace_id",
        "type",
        "who",
    )

    def __init__(self, number: int, kind: Kind, at: float, seq: int) -> None:
        self.number = number
        """From 0, without gaps."""
        self.kind: Kind = kind
        self.at = at
        """When it began, epoch seconds: when a signal was held."""
        self.done_at: float | None = None
        """When a held signal went on, or was dropped."""
        self.seq = seq
        """Position in the store of what tells of it last."""
        self.delay_ms: float | None = None
        """How long somebody wanted it to be held from then on."""
        self.due: float | None = None
        """When it was to go by itself, epoch seconds."""
        self.gate = ""
        """The gate, or the rule of a fault made to order; empty for what was sent."""
        self.signal_id = ""
        self.signal_seq: int | None = None
        """Position in the store of the signal itself, once it came."""
        self.type = ""
        self.trace_id = ""
        self.who = ""
        """The participant the signal names, as far as it was seen."""
        self.changes: tuple[Difference, ...] = ()
        """What an edit changed, the first few."""
        self.says = ""
        """What a dropped signal or one sent by hand said; in what way a fault showed."""
        self.reason = ""
        """Why a gate is gone."""

    @property
    def rule(self) -> str:
        """What the gate holds, where its name says so: the expression of a break."""
        if self.gate.startswith(GATE_PREFIX):
            return self.gate.partition(" ")[2] or self.gate
        return self.gate

    @property
    def by(self) -> str:
        """Whose gate it is, or who sent it."""
        if self.kind == "sent" or self.gate.startswith(GATE_PREFIX):
            return "doppler"
        if self.kind == "chaos":
            return f"chaos rule {say(self.gate, 40)}"
        return "cosmo gate" if self.gate.startswith("cosmo-") else f"gate {say(self.gate, 40)}"

    @property
    def held_s(self) -> float | None:
        """How long the signal was held, seconds; None while it is, and where nothing was held."""
        return self.done_at - self.at if self.done_at is not None else None

    def clause(self) -> str:
        """In a few words: "edited by doppler: cost 0.4 → 0.1, held 3.2 s"."""
        held = f"held {joined(duration(self.held_s))}" if self.held_s is not None else ""
        match self.kind:
            case "held":
                return f"held by {self.by} at {say(self.rule, 80)}"
            case "released":
                return f"{held} by {self.by}"
            case "delayed":
                return f"delayed by {self.by}: by {joined(duration((self.delay_ms or 0) / 1000))}, {held}"
            case "edited":
                return f"edited by {self.by}: {self.changed() or 'nothing that shows'}, {held}"
            case "dropped":
                return f"dropped by hand, {held}" + (f": {self.says}" if self.says else "")
            case "break set":
                if self.gate.startswith(GATE_PREFIX + VIEW):
                    return f"break set by {self.by}, which pauses its view only: {say(self.rule, 120)}"
                return f"break set by {self.by}: {say(self.rule, 120)}"
            case "break gone":
                return f"break gone ({say(self.reason, 60)}): {say(self.rule, 120)}"
            case "sent":
                return "sent by hand"
            case "chaos":
                return f"{self.says} by {self.by}"

    def told(self) -> str:
        """The same where the signal itself is not beside it: "sent by hand: cost 0.1", "sent by hand: to zoe"."""
        if self.kind != "sent":
            return self.clause()
        to = f"to {say(self.who, 60)}" if self.who else f"in trace {short_id(self.trace_id)}"
        return f"{self.clause()}: {self.says or to}"

    def changed(self) -> str:
        """What an edit changed: "cost 0.4 → 0.1, eta_ms nothing → 20"."""
        return ", ".join(
            f"{each.path.removeprefix('payload.')} {say(each.before, 40)} → {say(each.after, 40)}"
            for each in self.changes
        )


class Interventions:
    """Everything done by hand, by when it began."""

    def __init__(self) -> None:
        self.order: list[Intervention] = Log()
        self.forgotten = 0
        """Interventions that are not kept any more."""
        self.counts: Counter[str] = Counter()
        """By kind, as they stand."""
        self._number = 0
        self._standing: dict[tuple[str, str], Intervention] = {}
        """What is held now, by gate and hold id."""
        self._gates: Recent[str, bool] = Recent(_MOST_AWAITED)
        """Those that stand, by name."""
        self._by_signal: dict[str, Intervention] = Table()
        self._by_seq: dict[int, Intervention] = Table()
        """By the positions of what tells of it."""
        self._by_trace: dict[str, tuple[Intervention, ...]] = Table()
        self.awaited: Recent[str, Intervention] = Recent(_MOST_AWAITED)
        """What was let go, by the id of the signal, until that comes."""
        self._before: Recent[str, str] = Recent(_MOST_AWAITED)
        """What edited signals were, until they come."""

    def __len__(self) -> int:
        return len(self.order)

    @property
    def held(self) -> list[Intervention]:
        """What is held at the moment shown, oldest first."""
        return list(self._standing.values())

    def of(self, signal_id: str) -> Intervention | None:
        """What was done to a signal, or that a person sent it; None when nothing was."""
        return self._by_signal.get(signal_id) if signal_id else None

    def was_held(self, signal_id: str) -> bool:
        """Whether a signal was held at a gate on its way here."""
        done = self._by_signal.get(signal_id) or self.awaited.get(signal_id)
        return done is not None and done.held_s is not None

    def at(self, seq: int) -> Intervention | None:
        """What a frame of the bus at a position tells of."""
        return self._by_seq.get(seq)

    def of_trace(self, trace_id: str) -> tuple[Intervention, ...]:
        """What was done to signals of a trace, the first ones."""
        return self._by_trace.get(trace_id, ())

    def is_held(self, trace_id: str) -> bool:
        """Whether something of a trace is held at the moment shown."""
        return any(held.trace_id == trace_id for held in self._standing.values())

    # -- folding

    def told(self, seen: Observed) -> list[Intervention]:
        """The bus tells of a gate or a fault; return what that began or changed."""
        header = seen.header
        if header.problem:
            return []
        event = header.read_payload()
        if header.type == CHAOS:
            return self._chaos(seen, event)
        happened = event.get("event")
        if happened == "held":
            return [self._held(seen, event)]
        if happened in ("released", "edited", "dropped"):
            return [self._decided(seen, event, happened)]
        if happened == "delayed":
            return self._delayed(seen, event)
        if happened == "set":
            # Again, and only its patience changed.
            known = _text(event, "gate") in self._gates
            return [] if known else [self._gate(seen, event, "break set")]
        if happened == "gone":
            return [self._gate(seen, event, "break gone"), *self._loose(seen, event)]
        return []

    def _delayed(self, seen: Observed, event: dict[str, Any]) -> list[Intervention]:
        """Somebody wants a held signal to go by itself later."""
        held, wanted = self._standing.get(_hold(event)), event.get("delay_ms")
        if held is None or isinstance(wanted, bool) or not isinstance(wanted, int | float):
            return []
        if not 0 <= wanted <= _LONGEST_DELAY_MS:
            return []
        held.delay_ms, held.due = wanted, seen.at + wanted / 1000
        self._by_seq[seen.seq] = held
        return [held]

    def _loose(self, seen: Observed, event: dict[str, Any]) -> list[Intervention]:
        """A gate is gone: whatever it held went on, also where nobody saw it go."""
        gate = _text(event, "gate")
        keys = [key for key in self._standing if key[0] == gate]
        loose = [self._standing.pop(key) for key in keys]
        for each in loose:
            self._turn(each, "released")
            each.done_at = seen.at
        return loose

    def saw(self, header: Header, seq: int, at: float) -> None:
        """A signal came: perhaps one that was held, or one that a person sent."""
        done = self.awaited.pop(header.id)
        if done is not None:
            self._arrived(done, header, seq)
            return
        if header.mentions(_SOURCE) and header.id not in self._by_signal:
            sent = self._add("sent", at, seq)
            sent.signal_seq = seq
            self._name(sent, header.id, header.type, header.trace_id)
            sent.who, sent.says = header.who, say(describe(header), 120)
            self._by_signal[header.id] = sent

    def _held(self, seen: Observed, event: dict[str, Any]) -> Intervention:
        held = self._add("held", seen.at, seen.seq)
        held.gate = _text(event, "gate")
        self._name(held, _text(event, "signal_id"), _text(event, "type"), _text(event, "trace_id"))
        self._standing[_hold(event)] = held
        return held

    def _decided(self, seen: Observed, event: dict[str, Any], happened: Kind) -> Intervention:
        done = self._standing.pop(_hold(event), None)
        if done is None:
            # Whoever watches came later than the hold.
            done = self._held(seen, event)
            self._standing.pop(_hold(event), None)
        due = done.due
        on_time = happened == "released" and due is not None and seen.at >= due - _EARLY_S
        self._turn(done, "delayed" if on_time else happened)
        done.done_at, done.seq = seen.at, seen.seq
        self._by_seq[seen.seq] = done
        frame = _text(event, "frame")
        if happened == "dropped":
            self._dropped(done, frame)
        elif done.signal_id:
            self.awaited.put(done.signal_id, done)
            if frame:
                self._before.put(done.signal_id, frame)
        return done

    def _dropped(self, done: Intervention, frame: str) -> None:
        header = read_header(frame.encode("utf-8", "replace"))
        done.who = header.who
        done.says = say(describe(header), 120)
        if done.signal_id:
            self._by_signal[done.signal_id] = done

    def _arrived(self, done: Intervention, header: Header, seq: int) -> None:
        """A signal that was held came through."""
        done.signal_seq = seq
        done.who = header.who
        before = self._before.pop(header.id)
        if before is not None:
            was = read_header(before.encode("utf-8", "replace"))
            done.changes = tuple(differences(_outline(was), _outline(header), most=_MOST_CHANGES))
        earlier = self._by_signal.get(header.id)
        if earlier is None or earlier.kind != "edited" or done.kind == "edited":
            self._by_signal[header.id] = done

    def _gate(self, seen: Observed, event: dict[str, Any], kind: Kind) -> Intervention:
        told = self._add(kind, seen.at, seen.seq)
        told.gate = _text(event, "gate")
        if kind == "break set":
            self._gates.put(told.gate, True)
        else:
            self._gates.pop(told.gate)
        told.reason = _text(event, "reason")
        return told

    def _chaos(self, seen: Observed, event: dict[str, Any]) -> list[Intervention]:
        did = _CHAOS.get(_text(event, "event"))
        if did is None:
            return []
        told = self._add("chaos", seen.at, seen.seq)
        told.gate, told.says = _text(event, "rule"), did
        self._name(told, _text(event, "signal_id"), _text(event, "type"), _text(event, "trace_id"))
        if told.signal_id and told.signal_id not in self._by_signal:
            self._by_signal[told.signal_id] = told
        return [told]

    def _name(self, done: Intervention, signal_id: str, type: str, trace_id: str) -> None:
        done.signal_id, done.type, done.trace_id = signal_id, type, trace_id
        before = self._by_trace.get(trace_id, ())
        if trace_id and len(before) < _MOST_IN_A_TRACE:
            self._by_trace[trace_id] = (*before, done)

    def _add(self, kind: Kind, at: float, seq: int) -> Intervention:
        if len(self.order) >= MOST:
            self._forget()
        added = Intervention(self._number, kind, at, seq)
        self._number += 1
        self.order.append(added)
        self.counts[kind] += 1
        self._by_seq[seq] = added
        return added

    def _turn(self, done: Intervention, kind: Kind) -> None:
        self.counts[done.kind] -= 1
        self.counts[kind] += 1
        done.kind = kind

    def _forget(self) -> None:
        """Drop the older half."""
        gone, kept = self.order[: MOST // 2], self.order[MOST // 2 :]
        self.order = Log(kept)
        self.forgotten += len(gone)
        places = {each.number for each in kept}
        for each in gone:
            if self._by_signal.get(each.signal_id) is each:
                del self._by_signal[each.signal_id]
            self._by_trace.pop(each.trace_id, None)
        for seq in [seq for seq, each in self._by_seq.items() if each.number not in places]:
            del self._by_seq[seq]


def _hold(event: dict[str, Any]) -> tuple[str, str]:
    return _text(event, "gate"), _text(event, "hold")


def dropped_bid(frame: str) -> tuple[str, Bid] | None:
    """The bid in a dropped frame, with the offer it answered; None when it is none."""
    header = read_header(frame.encode("utf-8", "replace"))
    if header.type != "BID" or header.problem or not header.parent_id:
        return None
    bid = read_bid(id=header.id, neuron=header.who, payload=header.read_payload(), meta=header.read_meta())
    return header.parent_id, bid


def _outline(header: Header) -> dict[str, Any]:
    """What an edit may change, in today's spelling."""
    return {
        "type": header.type,
        "trace_id": header.trace_id,
        "parent_id": header.parent_id,
        "who": header.who,
        "payload": header.read_payload(),
        "meta": header.read_meta(),
    }


def _text(event: dict[str, Any], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""
