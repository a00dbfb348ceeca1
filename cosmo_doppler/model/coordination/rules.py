"""What goes wrong in coordination without anybody being told."""

from __future__ import annotations

from functools import partial

from cosmo_doppler.model.agenda import Agenda
from cosmo_doppler.model.coordination.grants import SeenGrant
from cosmo_doppler.model.coordination.notice import SNAPSHOT, Notice
from cosmo_doppler.model.coordination.reading import short_name
from cosmo_doppler.model.coordination.sales import SeenSale
from cosmo_doppler.model.coordination.stores import SeenStore
from cosmo_doppler.model.coordination.tasks import SeenTask
from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.model.coordination.votes import SeenVote
from cosmo_doppler.model.faults import Fault, FaultBook, Severity
from cosmo_doppler.model.recent import Recent
from cosmo_doppler.model.rules.ground import spell
from cosmo_doppler.model.wording import say, shorten

PATIENCE_S = 10.0
"""How long after a lease a sweeper may take to notice, seconds: it looks every 5 s, and clocks differ (COORDINATION 4)."""

_MOST = 2_000
"""Faults that may yet come right."""


class CoordinationRules:
    """Reports leases nobody released, claims that came to nothing, votes without quorum, auctions nobody won,
    revocations that were denied, and events that never came.

    Args:
        agenda: what the passing of time decides.
        book: where they are reported.
    """

    def __init__(self, agenda: Agenda, book: FaultBook) -> None:
        self._agenda = agenda
        self._book = book
        self._lapsed: Recent[str, Fault] = Recent(_MOST)
        """What was said of leases, by task."""
        self._gaps: Recent[str, Fault] = Recent(_MOST)
        """What was said of stores."""

    def heard(self, thing: Thing, notice: Notice, before: str) -> None:
        """Something new was told of an object."""
        if isinstance(thing, SeenTask):
            self._task(thing, notice)
        elif isinstance(thing, SeenVote):
            self._vote(thing, notice)
        elif isinstance(thing, SeenSale):
            self._sale(thing, notice, before)
        elif isinstance(thing, SeenGrant) and notice.about.event == "denied":
            who = notice.who or "somebody"
            self._report(
                thing,
                notice,
                "warning",
                "denied",
                f"{who} tried to revoke what {thing.delegator} delegated to {thing.delegatee}, and may not",
                "whether that was meant: only whoever gave it, or has it, may",
                who=notice.who,
            )

    def followed(self, store: SeenStore, notice: Notice, skipped: int, *, filled: bool) -> None:
        """An event of a store was told, perhaps after others that never came."""
        if skipped:
            events = "1 event" if store.missing == 1 else f"{store.missing} events"
            fault = Fault(
                "events missing",
                "warning",
                f"{events} of store {store.id[-8:]} never came; what stands here may not be how it is",
                "whether the mirror dropped them, or this recording lacks them; a snapshot puts it right",
                at=notice.at,
                seq=notice.seq,
                trace_id=notice.trace_id,
            )
            self._gaps.put(store.id, self._book.report(fault, ("events missing", store.id)))
        elif filled:
            said = self._gaps.pop(store.id)
            if said is not None:
                self._book.came_right(said, notice.at)

    # -- tasks

    def _task(self, task: SeenTask, notice: Notice) -> None:
        event = notice.about.event
        ends = task.lease_ms / 1000 if task.held and task.lease_ms is not None else None
        if ends is None or ends > notice.at:
            said = self._lapsed.pop(task.key)
            if said is not None:
                self._book.came_right(said, notice.at)
        if ends is not None:
            self._agenda.note(max(ends + PATIENCE_S, notice.at), partial(self._expired, task, task.lease_ms))
        if event == "released":
            who = notice.who or "somebody"
            self._report(
                task,
                notice,
                "note",
                "claim in vain",
                f"{who} had {_named(task)} and let go of it without a result (attempt {task.attempt})",
                "whether it still runs, and whether the lease is long enough for the work",
                who=notice.who,
            )
        elif event == "failed" and task.result and "max_attempts" in task.result:
            self._report(
                task,
                notice,
                "error",
                "given up",
                f"{_named(task)} was claimed {task.attempt} times, and nobody finished it",
                "who claimed it, and what became of them",
            )

    def _expired(self, task: SeenTask, lease_ms: int | None, at: float) -> None:
        if not task.held or lease_ms is None or task.lease_ms != lease_ms or task.key in self._lapsed:
            return
        since = at - lease_ms / 1000
        fault = Fault(
            "lease expired",
            "warning",
            f"the lease of {_named(task)} ran out {spell(since)} ago; {task.holder or 'its holder'} neither finished "
            "nor was it released",
            "whether anybody sweeps: release_expired_claims(), or run_claim_sweeper()",
            at=at,
            seq=task.history[-1].seq if task.history else task.seq,
            trace_id=task.trace_id,
            who=task.holder,
            object_key=task.key,
        )
        self._lapsed.put(task.key, self._book.report(fault, ("lease expired", task.key)))

    # -- votes and auctions

    def _vote(self, vote: SeenVote, notice: Notice) -> None:
        if notice.about.event != "closed" or vote.result != "no_quorum":
            return
        self._report(
            vote,
            notice,
            "warning",
            "no quorum",
            f"vote {say(short_name(vote.id), 60)} had {vote.present} of the {vote.quorum_needed} voters it needs, so it decided nothing",
            "who did not vote, and whether they knew of it",
        )

    def _sale(self, sale: SeenSale, notice: Notice, before: str) -> None:
        if sale.state != "unsold" or before == "unsold" or notice.about.event == SNAPSHOT:
            return
        reason = sale.reason.replace("_", " ")
        self._report(
            sale,
            notice,
            "note" if sale.reason == "no_bids" else "warning",
            "unsold",
            f"auction {say(short_name(sale.id), 60)} sold to nobody{f': {reason}' if reason else ''}",
            "the reserve, and who could have bid",
            offer_id=sale.offers[-1] if sale.offers else "",
        )

    def _report(
        self,
        thing: Thing,
        notice: Notice,
        severity: Severity,
        kind: str,
        sentence: str,
        look: str,
        *,
        who: str = "",
        offer_id: str = "",
    ) -> None:
        fault = Fault(
            kind,
            severity,
            sentence,
            look,
            at=notice.at,
            seq=notice.seq,
            trace_id=notice.trace_id,
            offer_id=offer_id,
            who=who,
            object_key=thing.key,
        )
        self._book.report(fault, (kind, thing.key, who))


def _named(task: SeenTask) -> str:
    about = shorten(task.objective, 60)
    return f"task {say(short_name(task.id), 60)}{f' “{about}”' if about else ''}"
