"""The board: everything Doppler knows about a namespace at one moment, folded from signals.

Pure: no thread, no clock, no screen. Folding the same signals gives the same board, and no input makes it raise.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from cosmo_doppler.model.auctions import Auction, AuctionBook
from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.requests import QUESTION_KEYS, Request
from cosmo_doppler.model.roster import Participant
from cosmo_doppler.model.traces import Node, Trace
from cosmo_doppler.model.wording import say
from cosmo_sdk.header import Header
from cosmo_sdk.signal_types import ADDRESSED_TYPES, MANAGEMENT_TYPES

MAX_TRACES = 20_000
"""Traces kept; beyond that the oldest finished ones go, counted in `Board.evicted_traces`."""

_MANAGEMENT = frozenset(member.value for member in MANAGEMENT_TYPES)
_ADDRESSED = frozenset(member.value for member in ADDRESSED_TYPES)
_OVER = ("done", "failed", "stopped")


class Board:
    """Folds signals into traces, auctions, a roster and open questions."""

    def __init__(self, *, max_traces: int = MAX_TRACES) -> None:
        self.traces: dict[str, Trace] = {}
        self.roster: dict[str, Participant] = {}
        self.requests: dict[str, Request] = {}
        self.trace_order: list[str] = []
        self.request_order: list[str] = []
        self.now = 0.0
        """Epoch seconds of the moment this board shows."""
        self.signals = 0
        """Frames folded."""
        self.malformed = 0
        """Frames among them that were no valid Signal."""
        self.duplicates = 0
        """Signals whose event id had been seen on their trace before; shown once."""
        self.types: Counter[str] = Counter()
        self.evicted_traces = 0
        self._auctions = AuctionBook()
        self._trace_of: dict[str, str] = {}
        self._changes = Changes()
        self._max_traces = max_traces

    @property
    def auctions(self) -> dict[str, Auction]:
        """Every auction, by offer id."""
        return self._auctions.by_offer

    @property
    def auction_order(self) -> list[str]:
        """Offer ids by arrival."""
        return self._auctions.order

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
        for auction in self._auctions.advance(self.now):
            self._changes.auctions.add(auction.offer_id)
            trace = self.traces.get(auction.trace_id)
            if auction.state != "open" and trace is not None:
                self._settle(trace, self.now)

    def apply(self, seen: Observed) -> None:
        """Fold one frame. Never raises."""
        header = seen.header
        self.now = max(self.now, seen.at)
        self.signals += 1
        self._changes.signals += 1
        if header.problem:
            self.malformed += 1
        self.types[header.type or "?"] += 1
        if header.type in _MANAGEMENT:
            self._presence(seen)
            return
        who = header.who
        if who and header.type not in _ADDRESSED:
            self._heard(who, seen.at)
        if header.trace_id and header.type:
            self._work(seen)

    # -- work -------------------------------------------------------------------------------------------------------

    def _work(self, seen: Observed) -> None:
        header = seen.header
        trace = self.traces.get(header.trace_id) or self._open_trace(header.trace_id, seen.at)
        if header.id and header.id in trace.by_id:
            self.duplicates += 1
            return
        node = Node(seen.seq, seen.at, header.id, header.parent_id, trace.id, header.type, header.who)
        self._link(trace, node)
        trace.place(node)
        self._changes.traces.add(trace.id)
        if header.id:
            self._trace_of[header.id] = trace.id
        fold = _FOLDS.get(header.type)
        if fold is not None:
            fold(self, trace, node, header)
        trace.note(node)
        self._answer_by_task(node)
        if trace.status in _OVER and trace.ended_at is not None and header.type in ("FINAL", "STOP"):
            self._close_requests(trace)
        self._settle(trace, seen.at)

    def _open_trace(self, id: str, at: float) -> Trace:
        if len(self.traces) >= self._max_traces:
            self._evict()
        trace = self.traces[id] = Trace(id, at)
        self.trace_order.append(id)
        return trace

    def _evict(self) -> None:
        """Forget the oldest tenth: finished traces first, whatever is oldest when none is."""
        count = max(1, self._max_traces // 10)
        finished = [key for key in self.trace_order if self.traces[key].status in _OVER][:count]
        gone = set(finished or self.trace_order[:count])
        for key in gone:
            for node in self.traces.pop(key).rows:
                self._trace_of.pop(node.id, None)
        self.trace_order = [key for key in self.trace_order if key not in gone]
        self.evicted_traces += len(gone)
        self._changes.reset = True

    def _link(self, trace: Trace, node: Node) -> None:
        """Nested work: the parent lives in another trace (PROTOCOL 3.4)."""
        if node.parent_id is None or node.parent_id in trace.by_id:
            return
        parent_trace = self._trace_of.get(node.parent_id)
        if parent_trace is None or parent_trace == trace.id:
            return
        node.placement = "linked"
        if trace.parent_trace is None and parent_trace in self.traces:
            trace.parent_trace = parent_trace
            self.traces[parent_trace].child_traces.append(trace.id)
            self._changes.traces.add(parent_trace)

    def _settle(self, trace: Trace, at: float) -> None:
        before = trace.status
        trace.settle(at, [self.auctions[offer].state for offer in trace.auctions[-4:]])
        if trace.status != before:
            self._changes.traces.add(trace.id)

    def _fold_task(self, trace: Trace, node: Node, header: Header) -> None:
        if not trace.title:
            trace.title, trace.title_type = say(header.read_payload().get("input")), header.type

    def _fold_offer(self, trace: Trace, node: Node, header: Header) -> None:
        payload = header.read_payload()
        title = say(payload.get("input"))
        if not trace.title:
            trace.title, trace.title_type = title, header.type
        window = payload.get("deadline_ms")
        needed = payload.get("capabilities")
        auction = Auction(
            offer_id=header.id,
            trace_id=trace.id,
            seq=node.seq,
            opened_at=node.at,
            deadline_ms=int(window) if isinstance(window, int | float) and 0 < window < 1e9 else 0,
            capabilities=[item for item in needed if isinstance(item, str)]
            if isinstance(needed, list)
            else [],
            title=title,
        )
        if header.id and header.id not in self.auctions:
            self._auctions.open(auction)
            trace.auctions.append(header.id)
            self._changes.auctions.add(header.id)

    def _fold_bid(self, trace: Trace, node: Node, header: Header) -> None:
        self._touch(
            self._auctions.bid(
                id=header.id,
                parent_id=header.parent_id,
                trace_id=trace.id,
                who=node.who,
                seq=node.seq,
                at=node.at,
                payload=header.read_payload(),
                meta=header.read_meta(),
            )
        )

    def _fold_award(self, trace: Trace, node: Node, header: Header) -> None:
        self._touch(
            self._auctions.award(parent_id=header.parent_id, trace_id=trace.id, who=node.who, at=node.at)
        )

    def _fold_decline(self, trace: Trace, node: Node, header: Header) -> None:
        reason = say(header.read_payload().get("reason"), 80)
        self._touch(
            self._auctions.decline(parent_id=header.parent_id, trace_id=trace.id, who=node.who, reason=reason)
        )

    def _fold_stop(self, trace: Trace, node: Node, header: Header) -> None:
        for auction in self._auctions.stop(trace.id):
            self._touch(auction)

    def _touch(self, auction: Auction | None) -> None:
        if auction is not None:
            self._changes.auctions.add(auction.offer_id)

    # -- questions --------------------------------------------------------------------------------------------------

    def _fold_question(self, trace: Trace, node: Node, header: Header) -> None:
        if not header.id or header.id in self.requests:
            return
        payload = header.read_payload()
        text = say(payload.get(QUESTION_KEYS[header.type]))
        request = Request(header.id, header.type, trace.id, node.who, node.seq, node.at, text)
        request.detail = payload
        request.context = payload.get("context")
        self.requests[header.id] = request
        self.request_order.append(header.id)
        if header.type != "ESCALATION":
            trace.waiting_on.add(header.id)
        self._changes.requests.add(header.id)

    def _fold_answer(self, trace: Trace, node: Node, header: Header) -> None:
        self._settle_request(header.parent_id, node.who, node.at)

    def _answer_by_task(self, node: Node) -> None:
        """A TASK whose parent is a question is its answer, re-dispatched (PROTOCOL 6.14)."""
        if node.type == "TASK":
            self._settle_request(node.parent_id, "", node.at)

    def _settle_request(self, id: str | None, by: str, at: float) -> None:
        request = self.requests.get(id or "")
        if request is None:
            return
        if request.settle(by, at):
            self._changes.requests.add(request.id)
        trace = self.traces.get(request.trace_id)
        if trace is not None:
            trace.waiting_on.discard(request.id)
            self._changes.traces.add(trace.id)

    def _close_requests(self, trace: Trace) -> None:
        for key in trace.waiting_on:
            if self.requests[key].close():
                self._changes.requests.add(key)
        trace.waiting_on.clear()

    # -- presence ---------------------------------------------------------------------------------------------------

    def _heard(self, who: str, at: float) -> None:
        """A participant produced something; who never registered is no participant."""
        participant = self.roster.get(who)
        if participant is not None and participant.left_at is None:
            participant.last_seen = max(participant.last_seen, at)
            participant.signals += 1
            self._changes.roster.add(who)

    def _presence(self, seen: Observed) -> None:
        header = seen.header
        who = header.who
        if not who or header.type == "DISCOVER":
            return
        participant = self.roster.get(who)
        if participant is None:
            participant = self.roster[who] = Participant(who, seen.at)
        participant.signals += 1
        participant.last_seen = max(participant.last_seen, seen.at)
        payload = header.read_payload()
        if header.type == "REGISTER":
            _register(participant, seen, payload)
        elif header.type == "HEARTBEAT":
            # A stray beat after DEREGISTER does not bring anybody back; only REGISTER does.
            if participant.left_at is None:
                participant.last_heartbeat = seen.at
                participant.beats.append(seen.at)
            participant.health = say(payload.get("status"), 40)
            load = payload.get("load")
            participant.load = float(load) if isinstance(load, int | float) else None
        else:
            participant.left_at = seen.at
        self._changes.roster.add(who)


def _register(participant: Participant, seen: Observed, payload: dict[str, Any]) -> None:
    directed = seen.header.directed
    listed = payload.get("capabilities")
    if not isinstance(listed, list):
        listed = directed.capabilities if directed is not None else []
    role = payload.get("role")
    if not isinstance(role, str) or not role:
        role = "engram" if payload.get("engram") is True else "neuron"
    participant.role = role[:20]
    participant.kind = (directed.type or "") if directed is not None else ""
    participant.capabilities = [item for item in listed if isinstance(item, str)]
    participant.version = say(payload.get("version"), 40)
    participant.seq = seen.seq
    if participant.left_at is not None:
        participant.left_at = None
        participant.registered_at = seen.at
        participant.beats.clear()


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
