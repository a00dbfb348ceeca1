"""The board: everything Doppler knows about a namespace at one moment, folded from signals.

Pure: no thread, no clock, no screen. What it shows follows from the signals folded and the time it was advanced to,
however often it was advanced in between; and no input makes it raise.
"""

from __future__ import annotations

from collections import Counter

from cosmo_doppler.model.auction_book import AuctionBook
from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.links import Links
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.requests import ANSWER_TYPES, QUESTION_KEYS, Request, RequestBook
from cosmo_doppler.model.roster import Participant, Roster
from cosmo_doppler.model.traces import OVER, Node, Trace
from cosmo_doppler.model.wording import finite, say
from cosmo_sdk.bidding import read_bid
from cosmo_sdk.header import Header
from cosmo_sdk.signal_types import ADDRESSED_TYPES, MANAGEMENT_TYPES, SignalType

MAX_TRACES = 20_000
"""Traces kept; beyond that the oldest finished ones go, counted in `Board.evicted_traces`."""

MAX_NODES = 500_000
"""Signals kept in trees; beyond that the oldest traces go as well."""

UNKNOWN_TYPE = "?"
"""What types that are not of the protocol are counted under: a sender could make up any number of them."""

_KNOWN = frozenset(SignalType.__members__)
_MANAGEMENT = frozenset(str(member) for member in MANAGEMENT_TYPES)
_ADDRESSED = frozenset(str(member) for member in ADDRESSED_TYPES)


class Board:
    """Folds signals into traces, auctions, a roster and open questions.

    Args:
        max_traces: how many traces are kept.
        max_nodes: how many signals are kept in all their trees together.
    """

    def __init__(self, *, max_traces: int = MAX_TRACES, max_nodes: int = MAX_NODES) -> None:
        self.traces: dict[str, Trace] = {}
        self.trace_order: list[str] = []
        """Trace ids by arrival."""
        self.now = 0.0
        """Epoch seconds of the moment this board shows."""
        self.signals = 0
        """Frames folded."""
        self.malformed = 0
        """Frames among them that were no valid Signal."""
        self.duplicates = 0
        """Signals that had been delivered before; they change nothing."""
        self.types: Counter[str] = Counter()
        """Signals by type; those of no known type under UNKNOWN_TYPE."""
        self.evicted_traces = 0
        self._auctions = AuctionBook()
        self._requests = RequestBook()
        self._roster = Roster()
        self._links = Links()
        self._changes = Changes()
        self._max_traces = max_traces
        self._max_nodes = max_nodes
        self._nodes = 0

    @property
    def auctions(self) -> dict[str, Auction]:
        """Every auction, by offer id."""
        return self._auctions.by_offer

    @property
    def auction_order(self) -> list[str]:
        """Offer ids by arrival."""
        return self._auctions.order

    @property
    def requests(self) -> dict[str, Request]:
        """Every question, by event id."""
        return self._requests.by_id

    @property
    def request_order(self) -> list[str]:
        """Event ids of questions by arrival."""
        return self._requests.order

    @property
    def roster(self) -> dict[str, Participant]:
        """Everybody who announced itself, by id."""
        return self._roster.by_id

    @property
    def forgotten_participants(self) -> int:
        """Participants dropped because there were too many."""
        return self._roster.forgotten

    def take_changes(self) -> Changes:
        """What was touched since the last call."""
        changes, self._changes = self._changes, Changes()
        return changes

    def restart(self) -> None:
        """Say that this board replaces another one: everything may differ."""
        self._changes.reset = True

    def advance(self, now: float) -> None:
        """Let time pass: windows close, silence grows. Never backwards."""
        self.now = max(self.now, now)
        self._close_windows()
        # Their countdown looks different now.
        self._changes.auctions.update(auction.offer_id for auction in self._auctions.still_open)

    def apply(self, seen: Observed) -> None:
        """Fold one frame. Never raises."""
        header = seen.header
        if seen.at > self.now:
            self.now = seen.at
        # Whatever was due before this signal came is decided before it is folded.
        self._close_windows()
        self.signals += 1
        self._changes.signals += 1
        if header.problem:
            self.malformed += 1
        kind, who = header.type, header.who
        self.types[kind if kind in _KNOWN else UNKNOWN_TYPE] += 1
        if kind in _MANAGEMENT:
            self._announce(seen)
            return
        if header.trace_id and kind and not self._fold(seen, who):
            self.duplicates += 1
        elif who and kind not in _ADDRESSED and self._roster.heard(who, seen.at):
            self._changes.roster.add(who)

    # -- work

    def _fold(self, seen: Observed, who: str) -> bool:
        """Fold a signal that belongs to a trace. False when it had been delivered before."""
        header = seen.header
        trace = self.traces.get(header.trace_id) or self._open_trace(header.trace_id, seen.at)
        if header.id and header.id in trace.by_id:
            return False
        node = Node(seen.seq, seen.at, header.id, header.parent_id, trace.id, header.type, who)
        self._nodes += 1
        self._place(trace, node)
        self._changes.traces.add(trace.id)
        fold = _FOLDS.get(header.type)
        if fold is not None:
            fold(self, trace, node, header)
        trace.note(node)
        if node.type == "TASK" and node.parent_id is not None:
            # A TASK whose parent is a question is its answer, re-dispatched (PROTOCOL 6.14).
            self._answered(node.parent_id, "", node.at)
        if trace.closed:
            self._close_requests(trace)
        trace.settle(node.at)
        return True

    def _place(self, trace: Trace, node: Node) -> None:
        """Hang a signal into its tree, or below another trace's when its parent is there (PROTOCOL 3.4)."""
        parent_id = node.parent_id
        if parent_id is not None and parent_id not in trace.by_id:
            other = self._links.home_of(parent_id)
            if other is not None and other != trace.id:
                node.placement = "linked"
                self._nest(trace, other)
        trace.tree.place(node)
        if parent_id is not None and trace.tree.waits_for(parent_id):
            self._links.await_parent(parent_id, trace.id)
        if not node.id:
            return
        for waiting in self._links.arrived(node.id, trace.id):
            child = self.traces.get(waiting)
            if child is not None and child is not trace and child.tree.waits_for(node.id):
                child.tree.link(node.id)
                self._nest(child, trace.id)
                self._changes.traces.add(child.id)

    def _nest(self, child: Trace, parent_id: str) -> None:
        parent = self.traces.get(parent_id)
        if child.parent_trace is None and parent is not None:
            child.parent_trace = parent_id
            parent.child_traces.append(child.id)
            self._changes.traces.add(parent_id)

    def _open_trace(self, id: str, at: float) -> Trace:
        if len(self.traces) >= self._max_traces or self._nodes >= self._max_nodes:
            self._evict()
        trace = self.traces[id] = Trace(id, at)
        self.trace_order.append(id)
        return trace

    def _evict(self) -> None:
        """Forget the oldest tenth: finished traces first, whatever is oldest when none is."""
        count = max(1, len(self.traces) // 10)
        finished = [key for key in self.trace_order if self.traces[key].status in OVER][:count]
        gone = set(finished or self.trace_order[:count])
        for key in gone:
            trace = self.traces.pop(key)
            self._nodes -= trace.signals
            self._links.forget(trace)
        for trace in self.traces.values():
            if trace.parent_trace in gone:
                trace.parent_trace = None
            if not gone.isdisjoint(trace.child_traces):
                trace.child_traces = [child for child in trace.child_traces if child not in gone]
        self.trace_order = [key for key in self.trace_order if key not in gone]
        self._auctions.forget(gone)
        self._requests.forget(gone)
        self.evicted_traces += len(gone)
        self._changes = Changes(signals=self._changes.signals, reset=True)

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
            trace.settle(at)
            self._changes.traces.add(trace.id)

    def _fold_task(self, trace: Trace, node: Node, header: Header) -> None:
        if not trace.title:
            trace.title, trace.title_type = say(header.read_payload().get("input")), header.type

    def _fold_offer(self, trace: Trace, node: Node, header: Header) -> None:
        payload = header.read_payload()
        title = say(payload.get("input"))
        if not trace.title:
            trace.title, trace.title_type = title, header.type
        if not header.id or header.id in self.auctions:
            return
        window = finite(payload.get("deadline_ms"))
        needed = payload.get("capabilities")
        self._auctions.open(
            Auction(
                offer_id=header.id,
                trace_id=trace.id,
                seq=node.seq,
                opened_at=node.at,
                deadline_ms=int(window) if window is not None and 1 <= window < 1e9 else 0,
                capabilities=[item for item in needed if isinstance(item, str)]
                if isinstance(needed, list)
                else [],
                title=title,
            )
        )
        trace.auctions.append(header.id)
        trace.bids_open(header.id)
        self._changes.auctions.add(header.id)

    def _fold_bid(self, trace: Trace, node: Node, header: Header) -> None:
        bid = read_bid(id=header.id, neuron=node.who, payload=header.read_payload(), meta=header.read_meta())
        auction = self._auctions.bid(
            bid, parent_id=header.parent_id, trace_id=trace.id, seq=node.seq, at=node.at
        )
        self._touch(auction, node.at)

    def _fold_award(self, trace: Trace, node: Node, header: Header) -> None:
        auction = self._auctions.award(
            parent_id=header.parent_id, trace_id=trace.id, who=node.who, at=node.at
        )
        self._touch(auction, node.at)

    def _fold_decline(self, trace: Trace, node: Node, header: Header) -> None:
        reason = say(header.read_payload().get("reason"), 80)
        auction = self._auctions.decline(
            parent_id=header.parent_id, trace_id=trace.id, who=node.who, reason=reason
        )
        self._touch(auction, node.at)

    def _fold_stop(self, trace: Trace, node: Node, header: Header) -> None:
        for auction in self._auctions.stop(trace.id):
            self._touch(auction, node.at)

    # -- questions

    def _fold_question(self, trace: Trace, node: Node, header: Header) -> None:
        if not header.id or header.id in self.requests:
            return
        payload = header.read_payload()
        text = say(payload.get(QUESTION_KEYS[header.type]))
        request = Request(header.id, header.type, trace.id, node.who, node.seq, node.at, text)
        request.detail = payload
        request.context = payload.get("context")
        self._requests.ask(request)
        self._changes.requests.add(header.id)
        if header.type != "ESCALATION":
            trace.waiting_on.add(header.id)
        for child in node.children:
            # The answer overtook the question.
            if child.type in ANSWER_TYPES:
                self._answered(request.id, child.who if child.type != "TASK" else "", child.at)

    def _fold_answer(self, trace: Trace, node: Node, header: Header) -> None:
        if header.parent_id is not None:
            self._answered(header.parent_id, node.who, node.at)

    def _answered(self, id: str, by: str, at: float) -> None:
        request = self._requests.answer(id, by, at)
        if request is None:
            return
        self._changes.requests.add(id)
        trace = self.traces.get(request.trace_id)
        if trace is not None:
            trace.waiting_on.discard(id)
            trace.settle(at)
            self._changes.traces.add(trace.id)

    def _close_requests(self, trace: Trace) -> None:
        self._changes.requests.update(request.id for request in self._requests.close(trace.id))
        trace.waiting_on.clear()

    # -- presence

    def _announce(self, seen: Observed) -> None:
        header = seen.header
        if header.type == "DISCOVER" or not header.who:
            return
        if self._roster.announced(header, seen.seq, seen.at):
            self._changes.roster.add(header.who)
        else:
            self.duplicates += 1


_FOLDS = {
    "TASK": Board._fold_task,
    "TASK_OFFER": Board._fold_offer,
    "BID": Board._fold_bid,
    "TASK_AWARDED": Board._fold_award,
    "TASK_DECLINED": Board._fold_decline,
    "STOP": Board._fold_stop,
    "CLARIFICATION": Board._fold_question,
    "PERMISSION": Board._fold_question,
    "ESCALATION": Board._fold_question,
    "CLARIFICATION_ANSWER": Board._fold_answer,
    "PERMISSION_DECISION": Board._fold_answer,
}
