"""What a signal means where it stands: one English sentence, from the signal and what is known around it.

Plain strings, bounded in length, not yet safe for a terminal.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from cosmo_doppler.model.auctions import Auction, SeenBid
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.coordination.telling import sentence
from cosmo_doppler.model.interventions import Intervention
from cosmo_doppler.model.node import Node
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.sayings import clause
from cosmo_doppler.model.traces import Trace
from cosmo_doppler.model.wording import duration, joined, say, short_id
from cosmo_sdk.header import Header
from cosmo_sdk.signal_types import MANAGEMENT_TYPES

LONGEST = 400
"""Characters of a sentence at the most."""

_LATEST = 16
"""Replies looked through for a question that is open."""

_MANAGEMENT = frozenset(str(member) for member in MANAGEMENT_TYPES)


class _Case:
    """One signal and its surroundings."""

    def __init__(self, seen: Observed, node: Node, trace: Trace, board: Board) -> None:
        self.seen = seen
        self.node = node
        self.trace = trace
        self.board = board
        trace.timed(board.now)

    @property
    def who(self) -> str:
        return say(self.node.who, 60) or "somebody"

    @property
    def says(self) -> str:
        """Who, and what it says: "ada bids $0.0020"."""
        return f"{self.who} {clause(self.seen.header)}"

    def since(self, node: Node | None) -> str:
        """How long after another signal it came: "9.8 ms after"; empty when that one is not known."""
        return lasted(self.node.at - node.at) if node is not None else ""

    def above(self, *types: str) -> Node | None:
        """The nearest signal above it of one of these types."""
        node = self.node.parent
        for _ in range(8):
            if node is None or node.type in types:
                return node
            node = node.parent
        return None


def explain(seen: Observed, board: Board) -> str:
    """What a signal means, in one sentence. Never raises.

    Args:
        seen: the signal.
        board: what is known when it is asked.
    """
    header = seen.header
    if header.problem:
        return _bounded(f"This frame {clause(header)}; agents drop it, and nothing follows from it")
    told = board.by_hand.at(seen.seq)
    if told is not None and told.kind != "sent":
        return _bounded(_told(told))
    coordinated = sentence(header)
    if coordinated is not None:
        return _bounded(coordinated)
    trace = board.traces.get(header.trace_id)
    node = trace.tree.find(seen.seq, header.id) if trace is not None else None
    if trace is None or node is None or header.type in _MANAGEMENT:
        return _bounded(f"{say(header.who, 60) or 'Somebody'} {clause(header)}{_since(seen, board)}")
    case = _Case(seen, node, trace, board)
    meaning = _MEANINGS.get(header.type, _plain)(case)
    return _bounded(meaning + _placed(case) + _by_hand(header, board))


def _since(seen: Observed, board: Board) -> str:
    """What became of whoever announces itself, where it is not there any more."""
    participant = board.roster.get(seen.header.who) if seen.header.type == "REGISTER" else None
    if participant is None or participant.seq != seen.seq:
        return ""
    if participant.state == "left" and participant.left_at is not None:
        return f"; it left {lasted(participant.left_at - seen.at)} later"
    if participant.state == "stale":
        return f"; its last sign came {lasted(participant.last_seen - seen.at)} later"
    return ""


def _told(done: Intervention) -> str:
    """What a bus told of a gate or a fault."""
    words = done.clause()
    if not done.type:
        return f"{words[:1].upper()}{words[1:]}"
    of = f" of {say(done.who, 60)}" if done.who else ""
    return f"{say(done.type, 40)}{of} in trace {short_id(done.trace_id)} was {words}"


def _by_hand(header: Header, board: Board) -> str:
    """What somebody did to it on its way, or that a person sent it."""
    done = board.by_hand.of(header.id)
    return f"; {done.clause()}" if done is not None and done.kind != "dropped" else ""


def lasted(seconds: float) -> str:
    """A stretch of time in a sentence: "9.8 ms", "1.9 s", "3 min"."""
    return joined(duration(seconds))


def _bounded(sentence: str) -> str:
    sentence = (
        sentence[:1].upper() + sentence[1:] if sentence[:10].startswith(("somebody", "this")) else sentence
    )
    return sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 1] + "…"


def _placed(case: _Case) -> str:
    """What is odd about its place."""
    placement = case.node.placement
    if placement == "orphan":
        return "; its parent was never seen"
    if placement == "loop":
        return "; it is among its own ancestors"
    if placement == "duplicate":
        return "; another signal has the same id, so this one changes nothing"
    if placement == "linked":
        return f"; caused in trace {short_id(case.trace.parent_trace)}" if case.trace.parent_trace else ""
    return ""


def _plain(case: _Case) -> str:
    return case.says


# -- the market


def _offer(case: _Case) -> str:
    auction = case.board.auctions.get(case.node.id)
    if auction is None:
        return case.says
    bidders = len({seen.bid.neuron for seen in auction.bids})
    asked = f"Somebody {clause(case.seen.header)}"
    bids = f"{bidders} bid" if bidders else "nobody bid"
    if auction.state == "awarded" and auction.awarded_at is not None:
        after = lasted(auction.awarded_at - auction.opened_at)
        return f"{asked}: {bids}, and {say(auction.winner, 60) or 'somebody'} got it after {after}"
    if auction.state == "open":
        return f"{asked}: {bids} so far, {auction.left_ms(case.board.now):.0f} ms are left"
    if auction.state == "unresolved":
        return f"{asked}: {bids}, and no award was seen"
    return f"{asked}: {'the trace was stopped' if auction.state == 'stopped' else 'nobody bid in time'}"


def _bid(case: _Case) -> str:
    auction = case.board.auctions.get(case.node.parent_id or "")
    seen = _seen_bid(auction, case.node.seq) if auction is not None else None
    if auction is None or seen is None:
        return f"{case.says}, for no offer that was seen"
    after = lasted(seen.at - auction.opened_at)
    if seen.state == "late":
        return _late_bid(case, auction, seen)
    said = f"{case.says}, {after} after the offer"
    told = f', and was told "{say(seen.declined_reason, 60)}"' if seen.declined_reason else ""
    if seen.state == "won":
        fits = " or ".join(auction.explained_by())
        return f"{said}, and won{f': that fits {fits}' if fits else ''}"
    if seen.state == "invalid":
        return f"{said}, which does not count: {say(seen.bid.problem, 90)}"
    if seen.state == "replaced":
        return f"{said}, and bid again later: the later one counts"
    if seen.state == "revoked":
        return f"{said}, won, and lost the work again{told}"
    if seen.state == "declined":
        return f"{said}{told or ', and was declined'}"
    if auction.state == "open":
        return f"{said}; the window is open for {auction.left_ms(case.board.now):.0f} ms more"
    if auction.state == "awarded":
        return f"{said}; nobody told it that it lost"
    return f"{said}; nothing was decided"


def _late_bid(case: _Case, auction: Auction, seen: SeenBid) -> str:
    told = "it was told so" if seen.declined_reason else "nobody told it"
    awarded = auction.awarded_at
    if awarded is not None and awarded < min(seen.at, auction.closes_at):
        return f"{case.who} bid {lasted(seen.at - awarded)} after the work was awarded; {told}"
    return f"{case.who} bid {lasted(seen.at - auction.closes_at)} after the window closed; {told}"


def _seen_bid(auction: Auction, seq: int) -> SeenBid | None:
    place = bisect_left(auction.bids, seq, key=lambda seen: seen.seq)
    found = auction.bids[place] if place < len(auction.bids) else None
    return found if found is not None and found.seq == seq else None


def _award(case: _Case) -> str:
    offer = case.above("TASK_OFFER")
    after = f", {case.since(offer)} after the offer" if offer is not None else ""
    return f"{case.who} is given the work{after}{_outcome(case)}"


def _decline(case: _Case) -> str:
    offer = case.above("TASK_OFFER")
    after = f", {case.since(offer)} after the offer" if offer is not None else ""
    return f"{case.says}{after}"


# -- work


def _task(case: _Case) -> str:
    attempt = case.board.retries.of(case.node.seq)
    again = f" (attempt {attempt[0]} of {attempt[1]})" if attempt is not None else ""
    return f"{case.says}{again}{_outcome(case)}"


def _outcome(case: _Case) -> str:
    """What came of something that lasts."""
    span = case.node.span
    if span is None or case.node.placement == "duplicate":
        return ""
    if span.end is None:
        return _unanswered(case, span.start)
    after = lasted(span.end - span.start)
    if span.outcome == "ERROR":
        return f", and it failed after {after}"
    if span.outcome == "STOPPED":
        return f", and it was stopped after {after}"
    return f", and was answered after {after}"


def _unanswered(case: _Case, start: float) -> str:
    if case.node.id in case.trace.waiting_on:
        return f", and it has waited for a person for {lasted(case.board.now - start)}"
    if any(child.id in case.trace.waiting_on for child in case.node.children[-_LATEST:]):
        return ", and it waits for a person since it asked back"
    if case.trace.ended_at is not None:
        return ", and no answer was seen before the trace ended"
    return f", and no answer has come for {lasted(case.board.now - start)}"


def _reply(case: _Case) -> str:
    work = case.above("TASK", "TASK_AWARDED")
    return f"{case.says}{f', {case.since(work)} after it was asked' if work is not None else ''}"


def _final(case: _Case) -> str:
    return f"{case.says}, {lasted(case.node.at - case.trace.started_at)} after the trace began"


def _result(case: _Case) -> str:
    return f"{case.says}{f', after {case.since(case.node.parent)}' if case.node.parent is not None else ''}"


# -- people, and STOP


def _question(case: _Case) -> str:
    request = case.board.requests.get(case.node.id)
    if request is None:
        return case.says
    if request.state == "answered" and request.answered_at is not None:
        by = f" by {say(request.answered_by, 60)}" if request.answered_by else ""
        return f"{case.says}, and was answered{by} after {lasted(request.answered_at - request.asked_at)}"
    if request.state == "closed":
        return f"{case.says}, and nobody answered before the trace ended"
    return f"{case.says}, and has waited for a person for {lasted(case.board.now - request.asked_at)}"


def _answer(case: _Case) -> str:
    asked = case.node.parent
    return f"{case.says}{f', {case.since(asked)} after it was asked' if asked is not None else ''}"


def _stop(case: _Case) -> str:
    ledger = case.trace.stop
    told = ledger.sentence() if ledger is not None else "nobody was known to be at work"
    payload = case.seen.header.read_payload()
    reason = say(payload.get("reason"), 90)
    why = f' because "{reason}"' if reason else ""
    undo = " and what it wrote is to be undone" if payload.get("rollback") is True else ""
    return f"This trace is to stop{undo}{why}: {told}"


_MEANINGS: dict[str, Callable[[_Case], str]] = {
    "TASK": _task,
    "TASK_OFFER": _offer,
    "BID": _bid,
    "TASK_AWARDED": _award,
    "TASK_DECLINED": _decline,
    "AGENT_OUTPUT": _reply,
    "ERROR": _reply,
    "FINAL": _final,
    "TOOL_CALL": _task,
    "RECALL": _task,
    "IMPRINT": _task,
    "TOOL_RESULT": _result,
    "RECALLED": _result,
    "IMPRINTED": _result,
    "CLARIFICATION": _question,
    "PERMISSION": _question,
    "ESCALATION": _question,
    "CLARIFICATION_ANSWER": _answer,
    "PERMISSION_DECISION": _answer,
    "STOP": _stop,
}
