"""Who falls silent, whose name is not its own, whose clock is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from cosmo_doppler.model.faults import Fault
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.participant import STALE, Liveness, Participant
from cosmo_doppler.model.recent import Recent
from cosmo_doppler.model.rules.ground import Ground, Reads, spell
from cosmo_sdk.dialects import read_timestamp
from cosmo_sdk.header import Header

BACKWARDS_S = 1.0
"""How far a sender's clock must go back before that is said, seconds: concurrent work mixes timestamps a little."""

AHEAD_S, BEHIND_S = 1.0, 5.0
"""How wrong a clock must be, seconds. Signals take time to arrive, so one that is behind shows later."""

_SAMPLES = 8
"""Signals from which a clock is judged: the quickest of them says most."""

_MOST_NAMES = 50_000

_CROWD = 3
"""So many participants that fall silent together do so because of something they share."""


Sent = Callable[[Observed, Header, Participant], None]
"""Judges the clock of whoever a signal says has sent it."""


class _Clock:
    """When somebody says that its signals are sent, and how long these take until they arrive.

    What nearly every signal shows costs next to nothing: it was sent after the one before, which its timestamp tells as
    text, and one of the present samples shows already that the clock is neither ahead nor behind.
    """

    __slots__ = ("fault", "fine", "least", "length", "most", "said", "samples", "ts")

    def __init__(self, ts: float) -> None:
        self.ts = ts
        """The latest timestamp it sent, epoch seconds; as of when one was last read."""
        self.said = ""
        """The latest one as sent, where later ones of the same length are greater as text; else empty."""
        self.length = 0
        """Its characters."""
        self.fault: Fault | None = None
        self.begin()

    def begin(self) -> None:
        """Forget the present samples."""
        self.least = float("inf")
        self.most = float("-inf")
        """Shortest and longest way of those that were read, seconds."""
        self.samples = 0
        self.fine = False
        """One of them shows that nothing is wrong."""

    def take(self, way: float) -> None:
        """One of the present samples took so long, seconds."""
        if way < self.least:
            self.least = way
        if way > self.most:
            self.most = way
        if -AHEAD_S <= way <= BEHIND_S:
            self.fine = True


class PresenceRules:
    """Reads what is said of who is there, and when everything was sent."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._silent: Recent[str, Fault] = Recent(_MOST_NAMES)
        self._doubted: Recent[tuple[str, str], bool] = Recent(_MOST_NAMES)
        self.reads: Reads = {"REGISTER": self._doubt, "HEARTBEAT": self._doubt}

    # -- silence

    def turned(self, participant: Participant, before: Liveness, at: float) -> None:
        """Somebody's state changed."""
        if participant.state == "stale" and participant.last_heartbeat is not None:
            self._silence(participant, at)
        elif participant.state != "late":
            fault = self._silent.pop(participant.id)
            if fault is not None:
                self._ground.book.came_right(fault, at)

    def _silence(self, participant: Participant, at: float) -> None:
        roster = self._ground.roster
        period = participant.period_s()
        every = f", though it sends one every {spell(period)}" if period else ""
        fault = Fault(
            "silent",
            "warning",
            f"no sign of {participant.id} for {spell(at - participant.last_seen)}{every}; it did not say goodbye",
            "whether its process still runs",
            at=at,
            seq=participant.seq,
            who=participant.id,
        )
        key: object = ("silent", participant.id)
        if not roster.counts["live"] and roster.counts["late"] + roster.counts["stale"] >= _CROWD:
            fault.sentence = f"nobody is heard any more, {participant.id} and all others: the last of them for {STALE:g} periods"
            fault.look = "whether the bus, or our way to it, still works"
            fault.kind, key = "all silent", ("all silent",)
        self._silent.put(participant.id, self._ground.book.report(fault, key))

    # -- names

    def _doubt(self, seen: Observed, header: Header) -> None:
        participant = self._ground.roster.by_id.get(header.who)
        if participant is None:
            return
        if participant.shared:
            self._doubtful(
                participant,
                seen,
                "two hosts",
                f"two hosts claim to be {participant.id}: {participant.shared}",
                "work for it runs on either of them, awards perhaps on both: give each its own id",
            )
        if participant.looks_like:
            self._doubtful(
                participant,
                seen,
                "look-alike",
                f"{participant.id} is easily taken for {participant.looks_like}",
                "whether somebody pretends to be somebody else: names on a bus prove nothing",
            )

    def _doubtful(
        self, participant: Participant, seen: Observed, kind: str, sentence: str, look: str
    ) -> None:
        if (kind, participant.id) in self._doubted:
            return
        self._doubted.put((kind, participant.id), True)
        fault = Fault(kind, "warning", sentence, look, at=seen.at, seq=seen.seq, who=participant.id)
        self._ground.book.report(fault, (kind, participant.id))

    # -- clocks

    def sent(self, seen: Observed, header: Header, participant: Participant) -> None:
        """A signal says who sent it and when."""
        clock, said = participant.clock, header.ts
        if (
            type(clock) is _Clock
            and type(said) is str
            and len(said) == clock.length
            and said >= clock.said
            and said[-1] == "Z"
            and not header.problem
        ):
            clock.said = said
            if not clock.fine:
                clock.take(seen.at - (_sent_at(said) or 0.0))
        else:
            clock = self._read(seen, header, participant)
            if clock is None:
                return
        clock.samples += 1
        if clock.samples == _SAMPLES:
            if not clock.fine or clock.fault is not None:
                self._judge(seen, participant.id, clock)
            clock.begin()

    def _read(self, seen: Observed, header: Header, participant: Participant) -> _Clock | None:
        """A timestamp that has to be looked at more closely. None when it is none."""
        ts = _sent_at(header.ts)
        if ts is None:
            return None
        clock = participant.clock
        if type(clock) is not _Clock:
            clock = participant.clock = _Clock(ts)
        latest = _sent_at(clock.said) if clock.said else None
        if latest is not None:
            clock.ts = latest
        went_back = ts < clock.ts - BACKWARDS_S
        if went_back and self._ground.was_held(header.id):
            return None
        if went_back:
            self._backwards(seen, participant.id, clock.ts - ts)
            clock.begin()
        if went_back or ts >= clock.ts:
            clock.ts = ts
            clock.said = header.ts if type(header.ts) is str and _is_plain(header.ts) else ""
            clock.length = len(clock.said)
        clock.take(seen.at - ts)
        return clock

    def _backwards(self, seen: Observed, who: str, by: float) -> None:
        fault = Fault(
            "clock went back",
            "warning",
            f"{who}'s clock went back by {spell(by)}: what it sent later says it was earlier",
            "its clock, or whether two hosts speak in its name",
            at=seen.at,
            seq=seen.seq,
            trace_id=seen.header.trace_id,
            who=who,
        )
        self._ground.book.report(fault, ("clock went back", who))

    def _judge(self, seen: Observed, who: str, clock: _Clock) -> None:
        if clock.least > BEHIND_S:
            said = f"{who}'s signals arrive {spell(clock.least)} after it says it sent them: its clock is behind, or the way is long"
        elif clock.most < -AHEAD_S:
            said = f"{who}'s signals say they were sent {spell(-clock.most)} after they arrived: its clock is ahead"
        else:
            if clock.fault is not None:
                self._ground.book.came_right(clock.fault, seen.at)
                clock.fault = None
            return
        if clock.fault is None:
            clock.fault = self._ground.book.report(
                Fault(
                    "clock is off",
                    "note",
                    said,
                    "its clock; a recording sent again looks like this, too. Times here are those of arrival",
                    at=seen.at,
                    seq=seen.seq,
                    who=who,
                ),
                ("clock is off", who),
            )


def _is_plain(said: str) -> bool:
    """Whether a timestamp is a calendar date with a time in UTC, so that those of one length are in order as text."""
    return said[-1:] == "Z" and said[5:6] in ("0", "1")


def _sent_at(said: str | float | None) -> float | None:
    """A timestamp as epoch seconds; None when it is none."""
    if type(said) is str:
        try:
            moment = datetime.fromisoformat(said)
        except ValueError:
            pass
        else:
            return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    read = read_timestamp(said)
    return None if read is None else read.timestamp()
