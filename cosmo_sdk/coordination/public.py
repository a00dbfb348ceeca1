"""What anybody may see of a record: everything but what its rules keep back, in the words of the events.

Reserves are never shown, nor sealed bids before the end, nor who voted for what in a secret vote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cosmo_sdk.coordination._auction_records import Auction
from cosmo_sdk.coordination._auction_told import terms_of
from cosmo_sdk.coordination._delegation_rules import Delegation, facts
from cosmo_sdk.coordination._negotiation_rules import NegotiationSession, Proposal
from cosmo_sdk.coordination._store_base import Row
from cosmo_sdk.coordination._vote_rules import Ballot
from cosmo_sdk.coordination.models import ENDED_STATES, Pool, Task, plain

PREFIXES = {
    "pool": "pool:",
    "task": "task:",
    "negotiation": "neg:",
    "vote": "vot:",
    "auction": "auc:",
    "delegation": "dlg:",
}
"""The kinds of objects, and how the keys of each begin."""

OVER = ENDED_STATES | {"accepted", "rejected", "closed", "sold", "unsold", "revoked", "expired"}
"""States, of whatever kind, after which nothing more happens."""


def public(record: Any) -> dict[str, Any]:
    """A record as JSON values: `coord` says of which kind, `id` which one.

    Where the events about an object name a fact, it has the same name and shape here.

    Args:
        record: of a pool, task, negotiation, vote, auction or delegation.

    Raises:
        TypeError: it is none of these.
    """
    shown = _SHOWN.get(type(record))
    if shown is None:
        raise TypeError(f"{type(record).__name__} is no object of coordination")
    kind, facts_of = shown
    return {"coord": kind, "id": record.id, **facts_of(record)}


def live(rows: Iterable[Row]) -> Iterator[Any]:
    """The objects among rows of records that have not ended. A delegation whose parent has ended has, too."""
    grants: dict[str, Delegation] = {}
    for _, record, _ in rows:
        if isinstance(record, Delegation):
            grants[record.id] = record
        elif type(record) in _SHOWN:
            yield record
    for grant in grants.values():
        seen: set[str] = set()
        link: Delegation | None = grant
        while link is not None and link.parent is not None and link.id not in seen:
            seen.add(link.id)
            link = grants.get(link.parent)
        if link is not None and link.parent is None:
            yield grant


def _pool(pool: Pool) -> dict[str, Any]:
    return {
        "topics": plain(pool.topics),
        "admission": plain(pool.admission_policy),
        "governance": plain(pool.governance),
        "agents": sorted(pool.agents),
        "size": len(pool.agents),
        "created_ms": pool.created_ms,
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        "state": task.state.value,
        "agent": task.assigned_to,
        "attempt": task.attempt,
        "lease_ms": task.lease_ms,
        "priority": task.priority,
        "pool_id": task.pool_id,
        "topic": plain(task.topic),
        "required_capabilities": plain(task.required_capabilities),
        "objective": plain(task.objective),
        "inputs": plain(task.inputs),
        "outputs": plain(task.outputs),
        "constraints": plain(task.constraints),
        "evaluator": task.evaluator,
        "result": plain(task.result),
        "seq": task.seq,
        "created_ms": task.created_ms,
        "updated_ms": task.updated_ms,
    }


def _proposal(number: int, proposal: Proposal) -> dict[str, Any]:
    return {
        "round": number,
        "proposal_id": proposal.id,
        "agent": proposal.proposer_id,
        "content": plain(proposal.content),
        "ts_ms": round(proposal.timestamp * 1000),
    }


def _negotiation(session: NegotiationSession) -> dict[str, Any]:
    current = session.current_proposal
    return {
        "state": session.state.value,
        "agent": session.last_actor,
        "proposal_id": None if current is None else current.id,
        "round": len(session.history),
        "participants": list(session.participants),
        "accepted_by": list(session.accepted_by),
        "content": None if current is None else plain(current.content),
        "reason": session.reason,
        "turns": session.rules.turns,
        "acceptance": session.rules.acceptance,
        "max_rounds": session.rules.max_rounds,
        "deadline_ms": session.deadline_ms,
        "history": [_proposal(number, each) for number, each in enumerate(session.history, 1)],
    }


def _vote(ballot: Ballot) -> dict[str, Any]:
    votes = ballot.voters()
    state: dict[str, Any] = {
        "state": "open" if ballot.result is None else "closed",
        "options": plain(ballot.options),
        "eligible": plain(ballot.eligible),
        "quorum": ballot.quorum,
        "method": ballot.method,
        "threshold": ballot.threshold,
        "weights": plain(ballot.weights),
        "tie_break": ballot.tie_break,
        "allow_change": ballot.allow_change,
        "closes_ms": ballot.closes_ms,
        "secret": ballot.secret,
        "pool_id": ballot.pool_id,
        "present": len(votes),
        "voters": sorted(votes) if ballot.secret else list(votes),
        "result": plain(ballot.result),
    }
    if not ballot.secret:
        state["votes"] = plain(votes)
    return state


def _auction(auction: Auction) -> dict[str, Any]:
    hidden = auction.sealed and auction.result is None
    bids = sorted(auction.bids.values(), key=lambda bid: bid.agent if hidden else bid.place)
    return {
        "state": auction.status,
        **terms_of(auction),
        "eligible": plain(auction.terms.eligible),
        "min_bidders": auction.terms.min_bidders,
        "soft_close_ms": auction.terms.soft_close_ms,
        "round": auction.rounds,
        "bids": [
            {"agent": bid.agent, "sealed": True}
            if hidden
            else {"agent": bid.agent, "amount": float(bid.amount)}
            for bid in bids
        ],
        "result": plain(auction.result),
    }


def _delegation(grant: Delegation) -> dict[str, Any]:
    return {"state": grant.status, **facts(grant), "root": grant.root}


_SHOWN: dict[type, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    Pool: ("pool", _pool),
    Task: ("task", _task),
    NegotiationSession: ("negotiation", _negotiation),
    Ballot: ("vote", _vote),
    Auction: ("auction", _auction),
    Delegation: ("delegation", _delegation),
}
