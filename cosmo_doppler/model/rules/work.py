"""Work that is lost: given to nobody, never begun, done twice, or done after a STOP."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cosmo_doppler.model.faults import Fault, Severity
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.participant import Participant
from cosmo_doppler.model.recent import Recent
from cosmo_doppler.model.requests import PERSON
from cosmo_doppler.model.rules.ground import Ground, Reads, is_mirrored, spell, subject_of
from cosmo_doppler.model.rules.market import MarketRules
from cosmo_doppler.model.rules.owners import Owners
from cosmo_doppler.model.rules.works import Work, Works
from cosmo_doppler.model.stops import ON_ITS_WAY_S
from cosmo_doppler.model.wording import finite
from cosmo_sdk.header import Header

NOBODY_S = 2.0
"""How long a TASK for somebody who is not there may go without a sign, seconds."""

PROMISES = 3.0
"""So many times the promised time may pass before a winner is called silent."""

PROMISED_S, UNPROMISED_S = 5.0, 30.0
"""At least so long; and so long when it promised nothing, seconds."""

PERSON_S = 600.0
"""So long when it is a person who promised nothing: they read before they write, seconds."""

LONGEST_S = 3600.0
"""Promises are not waited for any longer, seconds."""

FAREWELL_S = 5.0
"""How long an answer may come after a DEREGISTER, seconds: released hosts let their work run on (PROTOCOL 6.3)."""

_MOST = 20_000
"""Farewells remembered."""

_ANSWERS = frozenset({"AGENT_OUTPUT", "ERROR", "CLARIFICATION", "PERMISSION"})
_SIGNS = frozenset(
    {
        "PLAN",
        "THOUGHT_DELTA",
        "TOOL_CALL",
        "RECALL",
        "IMPRINT",
        "CRITIQUE",
        "MEMORY_APPEND",
        "TASK",
        "TASK_OFFER",
    }
)
"""What somebody at work says under it."""

_ZOMBIE = frozenset({"AGENT_OUTPUT", "PLAN", "THOUGHT_DELTA", "CRITIQUE", "MEMORY_APPEND"})
"""What nobody should say of a trace that was stopped."""

_STOPPABLE = _ZOMBIE | {"TASK", "TASK_AWARDED"}


class WorkRules:
    """Reads who was given work, and what became of it."""

    def __init__(self, ground: Ground, market: MarketRules) -> None:
        self._ground = ground
        self._market = market
        self._works = Works()
        self._owners = Owners()
        self._unheard = self._works.unheard
        self._stops = False
        """Something was stopped."""
        self._leaving: Recent[str, bool] = Recent(_MOST)
        """Participants that left and said that they finish their work."""
        reads: dict[str, Callable[[Observed, Header], None]] = {
            "TASK": self._task,
            "TASK_AWARDED": self._award,
            "FINAL": self._final,
            "STOP": self._stop,
            "DEREGISTER": self._deregister,
        }
        reads |= dict.fromkeys(_ANSWERS, self._answer)
        self.reads: Reads = reads
        self.signs: Reads = {
            **dict.fromkeys(_SIGNS, self._sign),
            **dict.fromkeys(_STOPPABLE - _SIGNS, self._late),
        }
        """What may show that work goes on, or that it should not; comes before what other rules read."""

    def running(self, who: str) -> int:
        """How many tasks and awards somebody has not answered yet."""
        return self._works.running(who)

    def _sign(self, seen: Observed, header: Header) -> None:
        """Somebody at work says something under it."""
        if header.parent_id in self._unheard:
            self._unheard.pop(header.parent_id).heard = True
        if self._stops:
            self._late(seen, header)

    def _late(self, seen: Observed, header: Header) -> None:
        if self._stops and header.type in _STOPPABLE:
            self._after_stop(seen, header)

    # -- beginnings

    def _task(self, seen: Observed, header: Header) -> None:
        work = self._begin(seen, header)
        needed = seen.payload.get("capabilities")
        if isinstance(needed, list):
            work.capabilities = [item for item in needed if isinstance(item, str)]
        self._ground.agenda.note(seen.at + NOBODY_S, partial(self._nobody, work))

    def _award(self, seen: Observed, header: Header) -> None:
        if is_mirrored(header):
            return
        work = self._begin(seen, header)
        self._withdraw(header, seen.at)
        won = seen.payload.get("winning_bid")
        eta = finite(won.get("eta_ms")) if isinstance(won, dict) else None
        worker = self._ground.roster.by_id.get(header.who)
        unpromised = PERSON_S if worker is not None and worker.kind == PERSON else UNPROMISED_S
        patience = max(PROMISED_S, PROMISES * eta / 1000) if eta and eta > 0 else unpromised
        self._ground.agenda.note(seen.at + min(patience, LONGEST_S), partial(self._unbegun, work))

    def _begin(self, seen: Observed, header: Header) -> Work:
        work = Work(header, seen)
        self._works.open(work)
        return work

    def _nobody(self, work: Work, at: float) -> None:
        """A TASK has had time to reach somebody."""
        if not work.open or work.heard or work.fault is not None:
            return
        why = self._why_nobody(work, at) if work.who else self._market.missing(work.capabilities, at)
        if not why:
            return
        self._report(
            work,
            at,
            "task to nobody",
            "warning",
            f"no answer to a TASK: {why}",
            "the name, or who should be there",
        )

    def _why_nobody(self, work: Work, at: float) -> str:
        participant = self._ground.roster.by_id.get(work.who)
        if participant is None:
            return f"nobody called {work.who} announced itself" if self._ground.roster.complete(at) else ""
        if participant.state == "stale":
            return f"{work.who} is not heard any more"
        # Who leaves later takes it along: that is another fault, or a farewell.
        had_left = participant.left_at is not None and participant.left_at <= work.at
        return f"{work.who} had left" if had_left else ""

    def _unbegun(self, work: Work, at: float) -> None:
        if not work.open or work.heard or work.fault is not None:
            return
        self._report(
            work,
            at,
            "award, no work",
            "warning",
            f"{work.who} was awarded {self._about(work)} {spell(at - work.at)} ago, and nothing came",
            "whether it is alive, and whether it got the award",
        )

    # -- ends

    def _answer(self, seen: Observed, header: Header) -> None:
        named = self._works.get(header.parent_id or "")
        work = named or self._works.oldest(header.trace_id, header.who)
        if work is None:
            return
        if work.open:
            work.answered_by = header.who
            self._works.close(work)
            if work.fault is not None:
                self._ground.book.came_right(work.fault, seen.at)
            if work.offer_id:
                self._market.settled(work.offer_id, seen.at)
            if work.is_call and header.type == "AGENT_OUTPUT":
                self._claimed(seen, header, work)
        elif named is not None and header.type == "AGENT_OUTPUT":
            self._second(seen, header, work)

    def _withdraw(self, award: Header, at: float) -> None:
        """An award may take the work from whoever had it, as `reaward=` does."""
        if not award.mentions(b"cosmo.withdraws"):
            return
        replaced = award.read_meta().get("cosmo.withdraws")
        work = self._works.get(replaced) if isinstance(replaced, str) else None
        if work is None:
            return
        self._works.close(work)
        if work.fault is not None:
            self._ground.book.came_right(work.fault, at)

    def _second(self, seen: Observed, header: Header, work: Work) -> None:
        """Another answer to work that has one. A question before it is none."""
        if not work.answered_by or work.answered_by == header.who:
            return
        look = "why both believed it was theirs: queue groups, names, awards"
        if work.is_call:
            owner = self._owners.owner(work.trace_id)
            if not owner:
                # Everybody may answer.
                return
            look = f"why both believed it was theirs: by the SHA-1 of the trace it is {owner}'s"
        self._report(
            work,
            seen.at,
            "double claim",
            "warning",
            f"{work.answered_by} and {header.who} both answered {self._about(work)}",
            look,
            seq=seen.seq,
        )

    def _claimed(self, seen: Observed, header: Header, work: Work) -> None:
        """Somebody answered a call to everybody. Peers may have agreed on who does."""
        self._owners.claimed(work.trace_id, header.who)
        owner = self._owners.owner(work.trace_id)
        if owner and owner != header.who:
            self._report(
                work,
                seen.at,
                "not its owner",
                "warning",
                f"{header.who} answered {self._about(work)}, which by the SHA-1 of the trace is {owner}'s",
                "whether they know the same peers, in the same order",
                seq=seen.seq,
            )

    def _final(self, seen: Observed, header: Header) -> None:
        self._end_all(header.trace_id, seen.at)

    def _stop(self, seen: Observed, header: Header) -> None:
        self._stops = True
        self._end_all(header.trace_id, None)

    def _end_all(self, trace_id: str, settled_at: float | None) -> None:
        for work in self._works.on(trace_id):
            self._works.close(work)
            if settled_at is not None and work.offer_id:
                self._market.settled(work.offer_id, settled_at)

    # -- whoever is lost, and whoever goes on

    def gone(self, participant: Participant, at: float) -> None:
        """Somebody turned stale or left."""
        for work in self._works.held_by(participant.id):
            if participant.state == "left":
                self._ground.agenda.note(at + FAREWELL_S, partial(self._lost, work))
            else:
                self._lost(work, at)

    def _lost(self, work: Work, at: float) -> None:
        participant = self._ground.roster.by_id.get(work.who)
        if not work.open or work.fault is not None or participant is None:
            return
        if participant.state not in ("stale", "left") or work.who in self._leaving:
            return
        how = "left" if participant.state == "left" else "fell silent"
        self._report(
            work,
            at,
            "work lost",
            "error",
            f"{work.who} {how} with {self._about(work)} unanswered",
            "whether anybody gives it to somebody else",
        )

    def _deregister(self, seen: Observed, header: Header) -> None:
        self._leaving.pop(header.who)
        if header.read_meta().get("cosmo.running"):
            self._leaving.put(header.who, True)

    def _after_stop(self, seen: Observed, header: Header) -> None:
        trace = self._ground.traces.get(header.trace_id)
        if trace is None or trace.stop is None or seen.at - trace.stop.at <= ON_ITS_WAY_S:
            return
        given = header.type in ("TASK", "TASK_AWARDED")
        after = spell(seen.at - trace.stop.at)
        about = subject_of(trace, header.trace_id)
        fault = Fault(
            "after a STOP",
            "warning",
            f"{header.who or 'somebody'} was given work on {about} {after} after its STOP; hosts refuse that"
            if given
            else f"{header.who or 'somebody'} still said {header.type} on {about} {after} after its STOP",
            "who sent it: new work needs a new trace" if given else "whether it heard the STOP at all",
            at=seen.at,
            seq=seen.seq,
            trace_id=header.trace_id,
            who=header.who,
        )
        self._ground.book.report(fault, ("after a STOP", header.trace_id, header.who))

    # -- words

    def _about(self, work: Work) -> str:
        return subject_of(self._ground.traces.get(work.trace_id), work.trace_id)

    def _report(
        self,
        work: Work,
        at: float,
        kind: str,
        severity: Severity,
        sentence: str,
        look: str,
        *,
        seq: int | None = None,
    ) -> None:
        work.fault = self._ground.book.report(
            Fault(
                kind,
                severity,
                sentence,
                look,
                at=at,
                seq=work.seq if seq is None else seq,
                trace_id=work.trace_id,
                who=work.who,
            )
        )
