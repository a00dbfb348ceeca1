"""Runs the rules that find faults: a fold over signals and time."""

from __future__ import annotations

from cosmo_doppler.model.faults import FaultBook
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.participant import Liveness, Participant
from cosmo_doppler.model.rules.frames import FrameRules
from cosmo_doppler.model.rules.ground import Ground, Read
from cosmo_doppler.model.rules.market import MarketRules
from cosmo_doppler.model.rules.presence import PresenceRules, Sent
from cosmo_doppler.model.rules.work import WorkRules
from cosmo_doppler.model.traces import Node
from cosmo_sdk.signal_types import ADDRESSED_TYPES

_ADDRESSED = frozenset(str(member) for member in ADDRESSED_TYPES)


class Watch:
    """Knows what reads a signal once the board has folded it; what did not come in time is found by the board's agenda.

    Args:
        ground: the board as rules see it. The roster tells this watch of whoever falls silent.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._frames = FrameRules(ground)
        self._presence = PresenceRules(ground)
        self._market = MarketRules(ground)
        self._work = WorkRules(ground, self._market)
        everybody = (
            self._work.signs,
            *(each.reads for each in (self._frames, self._presence, self._market, self._work)),
        )
        self._reads: dict[str, tuple[Read, ...]] = {
            type: tuple(reads[type] for reads in everybody if type in reads)
            for type in {type for reads in everybody for type in reads}
        }
        """What reads each type, in this order."""
        ground.roster.on_turn = self._turned

    @property
    def book(self) -> FaultBook:
        """What was found."""
        return self._ground.book

    def running(self, who: str) -> int:
        """How many tasks and awards somebody has not answered yet."""
        return self._work.running(who)

    def reads(self, kind: str) -> tuple[Read, ...]:
        """What looks for faults in signals of a type that have an id and a trace, in this order."""
        return self._reads.get(kind, ())

    def judge_of_clocks(self, kind: str) -> Sent | None:
        """What judges whoever sent a signal of a type; None when these do not name who did."""
        return None if kind in _ADDRESSED else self._presence.sent

    def malformed(self, seen: Observed) -> None:
        """A frame was folded that has a problem."""
        self._frames.malformed(seen, seen.header)

    def saw_again(self, seen: Observed, first: Node | None) -> None:
        """A signal was delivered whose id is known; it changed nothing."""
        self._frames.repeated(seen, seen.header, first)

    def told(self, seen: Observed) -> None:
        """The bus told of a gate or of a fault made to order."""
        self._frames.event(seen, seen.header)

    def _turned(self, participant: Participant, before: Liveness, at: float) -> None:
        self._presence.turned(participant, before, at)
        if participant.state in ("stale", "left"):
            self._work.gone(participant, at)
