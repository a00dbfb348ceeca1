"""The registry as seen on the bus: who announced itself, and who is still heard."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from functools import partial

from cosmo_doppler.model.agenda import Agenda
from cosmo_doppler.model.lookalikes import Lookalikes
from cosmo_doppler.model.participant import DEFAULT_PERIOD_S, LATE, Liveness, Participant
from cosmo_sdk.header import Header

__all__ = ["DEFAULT_PERIOD_S", "MAX_PARTICIPANTS", "Liveness", "Participant", "Roster", "Turn"]

MAX_PARTICIPANTS = 50_000
"""Participants kept; beyond that those not heard of for longest go, counted in `Roster.forgotten`."""

MAX_ABILITIES = 4_096
"""Different capabilities told apart."""

ANSWER_S, COMPLETE_S = 1.0, 60.0
"""After a DISCOVER, or after a while of heartbeats with their REGISTERs, everybody who is there is known, seconds."""

_RECENT_IDS = 4_096
"""Announcements remembered, so that one delivered twice counts once."""

Turn = Callable[[Participant, Liveness, float], None]
"""Told when somebody's state has changed: who, how it stood before, and when."""


class Roster:
    """Every participant, by id.

    Args:
        agenda: where silence is noted that must be judged later; whoever owns it lets time pass.
        most: how many participants are kept.
    """

    def __init__(self, agenda: Agenda | None = None, *, most: int = MAX_PARTICIPANTS) -> None:
        self.by_id: dict[str, Participant] = {}
        self.counts: Counter[Liveness] = Counter()
        """Participants by state."""
        self.abilities: Counter[str] = Counter()
        """By capability: how many that have not left announced it."""
        self.forgotten = 0
        """Participants dropped because there were too many."""
        self.changes = 0
        """Grows when somebody comes or goes: the same number means the same names."""
        self.on_turn: Turn = _nobody
        self._agenda = Agenda() if agenda is None else agenda
        self._lookalikes = Lookalikes()
        self._most = most
        self._asked_at: float | None = None
        self._first_at: float | None = None
        self._recent: set[str] = set()
        self._recent_order: deque[str] = deque()

    @property
    def heard_of(self) -> int:
        """Participants that are live, or need no heartbeat."""
        return self.counts["live"] + self.counts["static"]

    @property
    def known(self) -> int:
        """Participants that did not leave."""
        return len(self.by_id) - self.counts["left"]

    def asked(self, at: float) -> None:
        """A DISCOVER was seen: everybody announces itself now."""
        if self._asked_at is None:
            self._asked_at = at

    def complete(self, now: float) -> bool:
        """Whether who is not known by now is not there, as far as can be told: a recording may begin in the middle."""
        if self._asked_at is not None and now >= self._asked_at + ANSWER_S:
            return True
        return self._first_at is not None and now >= self._first_at + COMPLETE_S

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
        participant.produced(at)
        if header.type == "REGISTER":
            self._able(participant, -1)
            participant.registered(header, seq, at)
            self._able(participant, 1)
        elif header.type == "HEARTBEAT":
            participant.beat(header.read_payload(), at)
        elif participant.left_at is None:
            self._able(participant, -1)
            participant.left_at = at
        self.judge(participant, at)
        return True

    def judge(self, participant: Participant, at: float) -> None:
        """Note how somebody stands now that it was heard, and when that must be looked at again."""
        before = participant.state
        beats = participant.role == "neuron" or participant.last_heartbeat is not None
        if before == "live" and beats and participant.due is not None and participant.left_at is None:
            late_at = participant.turns_at(LATE)
            if at < late_at and participant.due <= late_at:
                # Nearly always: heard in time, and looked at again early enough.
                return
        state = participant.liveness(at)
        if state != before:
            participant.state = state
            self.counts[before] -= 1
            self.counts[state] += 1
            self.on_turn(participant, before, at)
        turns_at = participant.next_turn(at)
        # Being heard later than expected moves the moment on; that is seen when the first one comes.
        if turns_at is not None and (participant.due is None or turns_at < participant.due):
            participant.due = turns_at
            self._agenda.note(turns_at, partial(self._look_again, participant), vital=True)

    def _look_again(self, participant: Participant, due: float) -> None:
        # Another errand was noted since, for an earlier moment; or nobody knows it any more.
        if participant.due != due or self.by_id.get(participant.id) is not participant:
            return
        participant.due = None
        self.judge(participant, due)

    def _able(self, participant: Participant, by: int) -> None:
        if participant.left_at is not None:
            return
        for ability in participant.capabilities:
            if ability in self.abilities or len(self.abilities) < MAX_ABILITIES:
                self.abilities[ability] += by
            if self.abilities[ability] <= 0:
                del self.abilities[ability]

    def _newcomer(self, who: str, at: float) -> Participant:
        if len(self.by_id) >= self._most:
            silent = sorted(self.by_id.values(), key=lambda participant: participant.last_seen)
            for participant in silent[: max(1, self._most // 10)]:
                self._forget(participant)
        if self._first_at is None:
            self._first_at = at
        participant = self.by_id[who] = Participant(who, at)
        self.counts[participant.state] += 1
        self.changes += 1
        participant.looks_like = self._lookalikes.add(who)
        other = self.by_id.get(participant.looks_like)
        if other is not None and not other.looks_like:
            other.looks_like = who
        return participant

    def _forget(self, participant: Participant) -> None:
        del self.by_id[participant.id]
        self._able(participant, -1)
        self._lookalikes.remove(participant.id)
        self.counts[participant.state] -= 1
        self.forgotten += 1
        self.changes += 1


def _nobody(participant: Participant, before: Liveness, at: float) -> None:
    """Nobody wants to know."""
