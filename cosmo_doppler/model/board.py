"""The board: everything Doppler knows about a namespace at one moment, folded from signals.

Pure: no thread, no clock, no screen. What it shows follows from the signals folded and the time it was advanced to,
however often it was advanced in between; and no input makes it raise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from cosmo_doppler.model.agenda import Agenda
from cosmo_doppler.model.auction_book import AuctionBook
from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.bus_events import is_event
from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.coordination.book import Coordination
from cosmo_doppler.model.coordination.notice import LEAST_MARK
from cosmo_doppler.model.faults import FaultBook
from cosmo_doppler.model.interventions import Interventions
from cosmo_doppler.model.market.ledger import drift_fault
from cosmo_doppler.model.market.market import MOVES, WITHDRAWS, Market
from cosmo_doppler.model.metrics import MEASURES, Metrics
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.requests import (
    ANSWER_TYPES,
    PERSON,
    QUESTION_KEYS,
    RESULTS,
    Request,
    RequestBook,
    work_request,
)
from cosmo_doppler.model.retries import Retries
from cosmo_doppler.model.roster import Roster
from cosmo_doppler.model.rules.ground import Ground
from cosmo_doppler.model.standing import Standing
from cosmo_doppler.model.topology import Topology
from cosmo_doppler.model.trace_book import TraceBook
from cosmo_doppler.model.traces import Node, Trace
from cosmo_doppler.model.watch import Watch
from cosmo_doppler.model.way import Way
from cosmo_doppler.model.wording import finite, say
from cosmo_sdk.header import Header
from cosmo_sdk.signal_types import SignalType

MAX_TRACES = 20_000
"""Traces kept; beyond that the oldest finished ones go, counted in `Board.evicted_traces`."""

MAX_NODES = 500_000
"""Signals kept in trees; beyond that the oldest traces go as well."""

MOST_TOUCHED = 4_096
"""Traces that are told one by one when somebody asks what was touched; of more, it is said that all may differ."""

UNKNOWN_TYPE = "?"
"""What types that are not of the protocol are counted under: a sender could make up any number of them."""

_KNOWN = frozenset(SignalType.__members__)
_OFFERED = frozenset({"TASK_OFFER", "TASK"})
"""What gives a trace a title that says more than what is told later."""


class Board(Standing):
    """Folds signals into traces, auctions, a roster and open questions.

    Args:
        max_traces: how many traces are kept.
        max_nodes: how many signals are kept in all their trees together.
    """

    def __init__(self, *, max_traces: int = MAX_TRACES, max_nodes: int = MAX_NODES) -> None:
        self.now = 0.0
        """Epoch seconds of the moment this board shows."""
        self.signals = 0
        """Frames folded."""
        self.malformed = 0
        """Frames among them that were no valid Signal."""
        self.interventions = 0
        """What a bus told of gates and faults; no signals."""
        self.by_hand = Interventions()
        """What was held, changed, dropped or sent by hand."""
        self._let_go = self.by_hand.awaited.entries
        """Signals of which it is remembered what was done to them, until they come."""
        self.duplicates = 0
        """Signals that had been delivered before; they change nothing."""
        self._ways: dict[str, Way] = {}
        """By type, those of no known type under UNKNOWN_TYPE."""
        self._traces = TraceBook(max_traces=max_traces, max_nodes=max_nodes)
        self._auctions = AuctionBook()
        self._requests = RequestBook()
        self._agenda = Agenda()
        self._known = self._traces.by_id
        self._awaited = self._traces.awaited
        self.market = Market(self._auctions, self._agenda)
        """Why winners won, and who keeps promises."""
        self._roster = Roster(self._agenda)
        self._participants = self._roster.by_id
        self.metrics = Metrics()
        """What all of it measures."""
        self._rates = self.metrics.rates
        self.topology = Topology()
        """Who talks to whom."""
        offers, held = self._auctions.by_offer, self.by_hand.was_held
        self._watch = Watch(Ground(FaultBook(), self._agenda, self._roster, offers, self._known, held))
        self.market.ledger.on_drift = lambda drift: self.faults.report(
            drift_fault(drift), ("drift", drift.desk)
        )
        self.coordination = Coordination(self._agenda, self.faults)
        """Pools, tasks, negotiations, votes, auctions and delegations."""
        self.retries = Retries()
        """Attempts at the same work."""
        self._changes = Changes()
        self._told = 0
        """Signals of which somebody took the changes."""

    def take_changes(self) -> Changes:
        """What was touched since the last call."""
        changes, self._changes = self._changes, Changes()
        changes.signals, self._told = self.signals - self._told, self.signals
        return changes

    def restart(self) -> None:
        """Say that this board replaces another one: everything may differ."""
        self._changes.reset = True

    def advance(self, now: float) -> None:
        """Let time pass: windows close, silence grows. Never backwards."""
        self.now = max(self.now, now)
        self._pass_time()
        # Their countdown looks different now.
        self._changes.auctions.update(auction.offer_id for auction in self._auctions.still_open)

    def apply(self, seen: Observed) -> None:
        """Fold one frame. Never raises."""
        header, at = seen.header, seen.at
        if at > self.now:
            self.now = at
        if self.now >= self._agenda.soonest or self.now >= self._auctions.soonest:
            # Whatever was due before this signal came is decided before it is folded.
            self._pass_time()
        self.signals += 1
        way = self._ways.get(header.type)
        if way is None:
            if header.type not in _KNOWN and is_event(seen.subject):
                self._intervened(seen)
                return
            way = self._way_of(header.type)
        way.count += 1
        if header.problem:
            self.malformed += 1
        if way.is_presence:
            if not self._announce(seen):
                return
        elif header.trace_id and header.type and not self._fold(seen, way):
            return
        self._reckon(seen, header, way)

    def _reckon(self, seen: Observed, header: Header, way: Way) -> None:
        """Count a signal that has its place, and look for what is wrong with it."""
        at, who = seen.at, header.who
        participant = self._participants.get(who)
        if participant is not None and way.is_heard:
            participant.produced(at)
            if participant.state != "live":
                self._roster.judge(participant, at)
            self._changes.roster.add(who)
        rates = self._rates
        way.ring[rates.place if at < rates.ends else rates.turn(at)] += 1
        for take in way.takes:
            take(seen, header)
        if header.problem:
            self._watch.malformed(seen)
        if participant is not None and way.sent is not None:
            way.sent(seen, header, participant)
        if header.id and header.trace_id:
            for read in way.reads:
                read(seen, header)
        if way.tells and len(header.meta) >= LEAST_MARK:
            self._coordinate(seen)

    def _way_of(self, kind: str) -> Way:
        """What is done with signals of a type that was not seen yet, or is none of the protocol."""
        counted = kind if kind in _KNOWN else UNKNOWN_TYPE
        way = self._ways.get(counted)
        if way is not None:
            return way
        way = self._ways[counted] = Way("" if counted is UNKNOWN_TYPE else kind, self._rates.ring(counted))
        way.fold = _FOLDS.get(kind)
        measure = MEASURES.get(kind)
        way.takes = () if measure is None else (partial(measure, self.metrics),)
        if kind in MOVES:
            way.takes += (self._move,)
        way.sent = self._watch.judge_of_clocks(kind)
        way.reads = self._watch.reads(kind)
        return way

    def _move(self, seen: Observed, header: Header) -> None:
        """A signal came that may change auctions, though it is none of theirs."""
        self._touch(self.market.saw(seen), seen.at)

    def _coordinate(self, seen: Observed) -> None:
        """A mirror tells of an object: a trace that only tells of it stands as it does."""
        thing = self.coordination.saw(seen)
        trace = self._known.get(thing.trace_id) if thing is not None else None
        if thing is None or trace is None or thing.live or trace.began_with[0] != thing.seq:
            return
        if trace.title_type not in _OFFERED:
            trace.title, trace.title_type = thing.title, seen.header.type
        trace.follow_object(
            "failed" if thing.state == "failed" else "done" if thing.over else "open", seen.at
        )
        self._changes.traces.add(trace.id)

    def _intervened(self, seen: Observed) -> None:
        """A bus tells what was done to its frames on purpose."""
        self.interventions += 1
        for done in self.by_hand.told(seen):
            held = self.by_hand.is_held(done.trace_id)
            moved = self.market.intervened(done, seen, held=held)
            self._changes.auctions.update(auction.offer_id for auction in moved)
            if done.trace_id in self.traces:
                self._changes.traces.add(done.trace_id)
        self._watch.told(seen)

    def _pass_time(self) -> None:
        """Decide what is due by now."""
        self._close_windows()
        self._agenda.pass_time(self.now)

    # -- work

    def _fold(self, seen: Observed, way: Way) -> bool:
        """Fold a signal that belongs to a trace. False when it had been delivered before."""
        header = seen.header
        trace = self._known.get(header.trace_id)
        if trace is None:
            trace = self._open_trace(header.trace_id, seen.at)
        else:
            # Equal, but then everybody who keeps it keeps the same text.
            header.trace_id = trace.id
        touched = self._changes.traces
        touched.add(trace.id)
        plain, node = trace.plain, None
        above = None if plain is None else self._traces.put_down(trace, plain, seen)
        if above is not None:
            if self._awaited:
                self._traces.joined(trace, header.id, touched)
        else:
            node = self._place(trace, seen)
            if node is None:
                return False
        if way.fold is not None:
            way.fold(self, trace, seen)
        if way.draw is not None:
            self.topology.saw(way.draw, seen, trace.title)
        if node is not None:
            if way.is_decisive or trace.stop is not None or trace.spans is not None:
                trace.note(node)
        elif plain is not None and above is not None and way.is_decisive:
            work = header.parent_id if above >= 0 and plain.gives_work(above) else None
            trace.weigh(header.type, header.id, header.who, seen.at, work)
        if way.is_decisive:
            self._decide(trace, seen)
        if len(header.meta) >= LEAST_MARK or self._let_go:
            self.by_hand.saw(header, seen.seq, seen.at)
        return True

    def _place(self, trace: Trace, seen: Observed) -> Node | None:
        """Hang a signal into the tree of its trace; None when it had been delivered before."""
        header = seen.header
        id, tree = header.id, trace.tree
        node = Node(seen.seq, seen.at, id, header.parent_id, trace.id, header.type, header.who)
        first = tree.by_id.get(id) if id else None
        if first is not None:
            self._traces.place_again(trace, node, first)
            self.duplicates += 1
            self._watch.saw_again(seen, first)
            return None
        self._traces.place(trace, tree, node, self._changes.traces)
        header.parent_id = node.parent_id
        return node

    def _decide(self, trace: Trace, seen: Observed) -> None:
        """A signal came that may change how its trace stands."""
        header = seen.header
        if header.type == "TASK" and header.parent_id is not None:
            # A TASK whose parent is a question is its answer, re-dispatched (PROTOCOL 6.14).
            self._answered(header.parent_id, "", seen.at)
        if trace.closed:
            self._close_requests(trace)
        trace.settle(seen.at)

    def _open_trace(self, id: str, at: float) -> Trace:
        if self._traces.full:
            gone = self._traces.evict()
            self._auctions.forget(gone)
            self._requests.forget(gone)
            self.retries.forget(gone)
            self._changes = Changes(reset=True)
        elif len(self._changes.traces) > MOST_TOUCHED:
            self._changes = Changes(reset=True)
        return self._traces.open(id, at)

    # -- auctions

    def _close_windows(self) -> None:
        for auction in self._auctions.close_due(self.now):
            self._touch(auction, auction.given_up_at)

    def _touch(self, auction: Auction | None, at: float) -> None:
        """An auction changed: the trace it belongs to may stand differently."""
        if auction is None:
            return
        self._changes.auctions.add(auction.offer_id)
        trace = self.traces.get(auction.trace_id)
        if trace is not None and auction.state != "open" and auction.offer_id in trace.bidding:
            trace.bids_closed(auction.offer_id, unsold=auction.state == "no bid")
            awarded = auction.state == "awarded"
            trace.ended(auction.offer_id, at if awarded else min(at, auction.closes_at))
            trace.settle(at)
            self._changes.traces.add(trace.id)

    def _fold_task(self, trace: Trace, seen: Observed) -> None:
        series = self.retries.fold(seen)
        if series is not None and len(series.traces) > 1:
            self._changes.traces |= self._traces.group(trace, series.traces[0])
        if not trace.title:
            trace.title, trace.title_type = say(seen.payload.get("input")), seen.header.type
        self._work_for_person(trace, seen)

    def _fold_offer(self, trace: Trace, seen: Observed) -> None:
        auction = self.market.offer(seen)
        if not trace.title:
            title = auction.title if auction is not None else say(seen.payload.get("input"))
            trace.title, trace.title_type = title, seen.header.type
        if auction is None:
            return
        trace.auctions.append(auction.offer_id)
        trace.bids_open(auction.offer_id)
        self._changes.auctions.add(auction.offer_id)

    def _fold_bid(self, trace: Trace, seen: Observed) -> None:
        self._touch(self.market.bid(seen), seen.at)

    def _fold_award(self, trace: Trace, seen: Observed) -> None:
        auction = self.market.award(seen)
        self._touch(auction, seen.at)
        withdrawn = seen.meta.get(WITHDRAWS)
        gone = self._requests.take_back(withdrawn) if isinstance(withdrawn, str) else None
        if gone is not None:
            trace.waiting_on.discard(gone.id)
            self._changes.requests.add(gone.id)
        self._work_for_person(trace, seen)

    def _fold_decline(self, trace: Trace, seen: Observed) -> None:
        self._touch(self.market.decline(seen), seen.at)

    def _fold_stopped(self, trace: Trace, seen: Observed) -> None:
        if trace.stop is None:
            return
        payload, problems = seen.payload, seen.meta.get("cosmo.rollback_errors")
        trace.stop.ack(
            seen.header.who,
            _small(payload.get("cancelled")),
            undone=_small(payload.get("compensated")),
            problems=map(say, problems) if isinstance(problems, list) else (),
        )

    def _fold_stop(self, trace: Trace, seen: Observed) -> None:
        for auction in self._auctions.stop(trace.id):
            self._touch(auction, seen.at)

    # -- questions

    def _fold_question(self, trace: Trace, seen: Observed) -> None:
        self._fold_result(trace, seen)
        header, payload = seen.header, seen.payload
        if not header.id or header.id in self.requests:
            return
        text = say(payload.get(QUESTION_KEYS[header.type]))
        request = Request(header.id, header.type, trace.id, header.who, seen.seq, seen.at, text)
        request.detail = payload
        request.context = payload.get("context")
        self._requests.ask(request)
        self._changes.requests.add(header.id)
        if header.type != "ESCALATION":
            trace.waiting_on.add(header.id)
        for child in trace.answered(header.id):
            # The answer overtook the question.
            if child.type in ANSWER_TYPES:
                self._answered(request.id, child.who if child.type != "TASK" else "", child.at)

    def _work_for_person(self, trace: Trace, seen: Observed) -> None:
        """Work came for somebody; when that is a person, it waits in the same place as what agents ask."""
        header = seen.header
        worker = self._participants.get(header.who)
        if worker is None or worker.kind != PERSON or not header.id or header.id in self.requests:
            return
        request = work_request(header, header.who, seen.seq, seen.at, trace.title)
        self._requests.ask(request)
        self._changes.requests.add(header.id)
        trace.waiting_on.add(header.id)
        for child in trace.answered(header.id):
            # The answer overtook the work.
            if child.type in RESULTS:
                self._answered(request.id, child.who, child.at)

    def _fold_result(self, trace: Trace, seen: Observed) -> None:
        parent_id = seen.header.parent_id
        request = self.requests.get(parent_id) if parent_id is not None else None
        if request is not None and request.is_work:
            self._answered(request.id, seen.header.who, seen.at)

    def _fold_answer(self, trace: Trace, seen: Observed) -> None:
        header = seen.header
        if header.parent_id is not None:
            self._answered(header.parent_id, header.who, seen.at)

    def _answered(self, id: str, by: str, at: float) -> None:
        request = self._requests.answer(id, by, at)
        if request is None:
            return
        self._changes.requests.add(id)
        trace = self.traces.get(request.trace_id)
        if trace is not None:
            trace.waiting_on.discard(id)
            if not request.is_work:
                trace.ended(id, at)
            trace.settle(at)
            self._changes.traces.add(trace.id)

    def _close_requests(self, trace: Trace) -> None:
        self._changes.requests.update(request.id for request in self._requests.close(trace.id))
        trace.waiting_on.clear()

    # -- presence

    def _announce(self, seen: Observed) -> bool:
        """Fold what is said of presence. False when it had been delivered before."""
        header = seen.header
        if header.type == "DISCOVER":
            if not header.who and not any(map(seen.payload.get, ("neuron", "capabilities"))):
                # Else only some of them answer.
                self._roster.asked(seen.at)
        elif header.who:
            if not self._roster.announced(header, seen.seq, seen.at):
                self.duplicates += 1
                self._watch.saw_again(seen, None)
                return False
            self._changes.roster.add(header.who)
        return True


def _small(value: Any) -> int:
    """A count somebody claims; 0 where it cannot be one."""
    number = finite(value)
    return int(number) if number is not None and 0 < number < 1e6 else 0


_FOLDS: dict[str, Callable[[Board, Trace, Observed], None]] = {
    "TASK": Board._fold_task,
    "TASK_OFFER": Board._fold_offer,
    "BID": Board._fold_bid,
    "TASK_AWARDED": Board._fold_award,
    "TASK_DECLINED": Board._fold_decline,
    "STOP": Board._fold_stop,
    "STOPPED": Board._fold_stopped,
    "AGENT_OUTPUT": Board._fold_result,
    "ERROR": Board._fold_result,
    "CLARIFICATION": Board._fold_question,
    "PERMISSION": Board._fold_question,
    "ESCALATION": Board._fold_question,
    "CLARIFICATION_ANSWER": Board._fold_answer,
    "PERMISSION_DECISION": Board._fold_answer,
}
