"""A vote as it is kept, and what is told of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Struct

from cosmo_sdk.coordination._codec import Index, record
from cosmo_sdk.coordination._managing import Outcome
from cosmo_sdk.coordination._tally import Consensus, VoteResult
from cosmo_sdk.coordination._values import canonical
from cosmo_sdk.coordination.events import Event, first_event, next_event
from cosmo_sdk.coordination.models import plain


def _index(ballot: Ballot) -> Index:
    is_open = ballot.result is None
    return Index(
        "vote",
        "open" if is_open else "closed",
        ballot.pool_id,
        lease_ms=ballot.closes_ms if is_open else None,
    )


@record("vote", _index)
class Ballot(Struct, dict=True, omit_defaults=True):
    """One vote.

    Attributes:
        id: chosen by whoever opened it.
        options: what may be voted for; anything unless given.
        eligible: who may vote, ascending; everybody unless given.
        quorum: how many must be present: a number, a share as text, or `majority`.
        method: how it is decided.
        threshold: the share of a supermajority, as text.
        weights: of agents, decimal numbers as text.
        tie_break: how a tie is broken.
        closes_ms: when it closes by itself, epoch milliseconds.
        allow_change: whether an agent may vote again.
        secret: whether events keep back who voted for what.
        pool_id: the pool whose members were eligible.
        records: pairs of agent and option, as cast.
        result: what it came to; None while it is open.
        trace_id: the trace its events belong to.
        root_event_id: the event that told of its opening.
    """

    id: str
    options: list[Any] | None = None
    eligible: list[str] | None = None
    quorum: int | str | None = None
    method: str = "majority"
    threshold: str = "2/3"
    weights: dict[str, str] | None = None
    tie_break: str | None = None
    closes_ms: int | None = None
    allow_change: bool = True
    secret: bool = False
    pool_id: str | None = None
    records: list[tuple[str, Any]] = []
    result: VoteResult | None = None
    trace_id: str | None = None
    root_event_id: str | None = None

    def tally(self) -> VoteResult:
        """What it would come to now."""
        return Consensus.tally(
            self.records,
            eligible=self.eligible,
            quorum=self.quorum,
            method=self.method,
            threshold=self.threshold,
            weights=None if self.weights is None else {a: Decimal(w) for a, w in self.weights.items()},
            tie_break=self.tie_break,
        )

    def voters(self) -> dict[str, Any]:
        """The vote of each agent that counts, in the order of casting."""
        votes: dict[str, Any] = {}
        for agent, option in self.records:
            votes.pop(agent, None)
            votes[agent] = option
        return votes


def opened(ballot: Ballot, now_ms: int, cause: str | None) -> Event:
    """The event that a vote was opened."""
    snapshot = {
        "coord": "vote",
        "id": ballot.id,
        "options": ballot.options,
        "eligible": ballot.eligible,
        "quorum": ballot.quorum,
        "method": ballot.method,
        "threshold": ballot.threshold,
        "closes_ms": ballot.closes_ms,
        "secret": ballot.secret,
    }
    return first_event(ballot, "vote.opened", now_ms, None, snapshot, cause)


def is_over(ballot: Ballot, now_ms: int) -> bool:
    """Whether its time is up. At the deadline it is."""
    return ballot.closes_ms is not None and now_ms >= ballot.closes_ms


def refusal(ballot: Ballot, agent_id: str, option: Any) -> str:
    """Why a vote does not count; empty when it does."""
    if ballot.eligible is not None and agent_id not in ballot.eligible:
        return "not_eligible"
    if option is not None and ballot.options is not None:
        known = {canonical(each) for each in ballot.options}
        if canonical(option) not in known:
            return "unknown_option"
    votes = ballot.voters()
    if not ballot.allow_change and agent_id in votes and canonical(votes[agent_id]) != canonical(option):
        return "already_cast"
    return ""


def cast(ballot: Ballot, agent_id: str, option: Any, now_ms: int) -> Outcome[bool]:
    """An agent votes. The same vote again counts once, in its first place."""
    if ballot.result is not None:
        return Outcome(False, reports=[("vote_cast", False)])
    if is_over(ballot, now_ms):
        return closed(ballot, now_ms, returns=False)
    if refusal(ballot, agent_id, option):
        return Outcome(False, reports=[("vote_cast", False)])
    votes = ballot.voters()
    if agent_id in votes and canonical(votes[agent_id]) == canonical(option):
        return Outcome(True)
    ballot.records = [each for each in ballot.records if each[0] != agent_id]
    ballot.records.append((agent_id, option))
    body = {"event": "cast", "agent": agent_id, "option": option, "present": len(ballot.records)}
    if ballot.secret:
        del body["option"]
    event = next_event(ballot, "vote.cast", now_ms, agent_id, body)
    return Outcome(True, ballot, [event], reports=[("vote_cast", True)])


def closed(ballot: Ballot, now_ms: int, *, returns: Any = None) -> Outcome[Any]:
    """It ends, and is counted."""
    result = ballot.result = ballot.tally()
    winner = result.winner
    votes = ballot.voters()
    body: dict[str, Any] = {
        "members": ballot.eligible if ballot.eligible is not None else sorted(votes),
        "verdict": "" if winner is None else winner if isinstance(winner, str) else canonical(winner),
        "vote": {**plain(result), "vote_id": ballot.id, "method": ballot.method},
    }
    if not ballot.secret:
        body["votes"] = {
            agent: option
            for agent, option in votes.items()
            if ballot.eligible is None or agent in ballot.eligible
        }
    event = next_event(ballot, "vote.closed", now_ms, None, body)
    return Outcome(
        result if returns is None else returns, ballot, [event], reports=[("vote_closed", result.status)]
    )
