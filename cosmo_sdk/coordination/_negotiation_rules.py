"""What may happen in a negotiation: its records, and pure functions of them. They change the session they are given."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from msgspec import Struct

from cosmo_sdk.coordination._codec import Index, record
from cosmo_sdk.coordination._managing import Outcome
from cosmo_sdk.coordination._values import check_choice, check_count, to_ms
from cosmo_sdk.coordination.events import Event, first_event, next_event
from cosmo_sdk.coordination.models import new_id


class NegotiationState(Enum):
    """Where a negotiation stands. The last three are final."""

    PROPOSED = "proposed"
    COUNTERED = "countered"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CLOSED = "closed"

    @property
    def open(self) -> bool:
        """Whether anything may still happen."""
        return self in (NegotiationState.PROPOSED, NegotiationState.COUNTERED)


class NegotiationRules(Struct, frozen=True):
    """How a negotiation is held.

    Attributes:
        turns: `free` lets any participant act at any time; `alternating` makes them act in a ring, in the order of
            participants: after one proposed or accepted, only the next may. Rejecting is always possible.
        acceptance: `all` others must accept a proposal, or `any` one of them.
        max_rounds: proposals at most, the first included; whoever tries another one closes the session.
        ttl_s: seconds after which the session closes by itself.

    Raises:
        ValueError: another word, or a limit that makes no sense.
        TypeError: a limit that is no number.
    """

    turns: Literal["free", "alternating"] = "free"
    acceptance: Literal["all", "any"] = "all"
    max_rounds: int | None = None
    ttl_s: float | None = None

    def __post_init__(self) -> None:
        check_choice("turns", self.turns, ("free", "alternating"))
        check_choice("acceptance", self.acceptance, ("all", "any"))
        if self.max_rounds is not None:
            check_count("max_rounds", self.max_rounds, least=1)
        if self.ttl_s is not None:
            to_ms("ttl_s", self.ttl_s)


@dataclass
class Proposal:
    """A proposal within a negotiation session.

    Attributes:
        id: generated.
        proposer_id: who made it.
        content: what is proposed, JSON.
        timestamp: when, wall seconds since the epoch.
    """

    id: str = field(default_factory=new_id("prp_"))
    proposer_id: str = ""
    content: Any = None
    timestamp: float = 0.0


def _index(session: NegotiationSession) -> Index:
    return Index(
        "negotiation", session.state.value, lease_ms=session.deadline_ms if session.state.open else None
    )


@record("negotiation", _index)
@dataclass
class NegotiationSession:
    """A negotiation between agents.

    Attributes:
        id: generated.
        participants: who takes part, the initiator first.
        history: every proposal, in order.
        state: where it stands.
        current_proposal: the latest proposal, which is what can be accepted.
        rules: how it is held.
        accepted_by: who has accepted the current proposal, ascending.
        reason: why it ended: `accepted`, `rejected`, `withdrawn`, `expired`, `max_rounds`, or what `close` was told.
        deadline_ms: when it closes by itself, epoch milliseconds.
        last_actor: who proposed or accepted last.
        trace_id: the trace its events belong to.
        root_event_id: the event that told of its beginning.
    """

    id: str = field(default_factory=new_id("neg_"))
    participants: list[str] = field(default_factory=list)
    history: list[Proposal] = field(default_factory=list)
    state: NegotiationState = NegotiationState.PROPOSED
    current_proposal: Proposal | None = None
    rules: NegotiationRules = field(default_factory=NegotiationRules, init=False)
    accepted_by: list[str] = field(default_factory=list, init=False)
    reason: str | None = field(default=None, init=False)
    deadline_ms: int | None = field(default=None, init=False)
    last_actor: str | None = field(default=None, init=False)
    trace_id: str | None = field(default=None, init=False)
    root_event_id: str | None = field(default=None, init=False)

    @property
    def owner(self) -> str:
        """Who made the current proposal."""
        return "" if self.current_proposal is None else self.current_proposal.proposer_id


def opened(
    session: NegotiationSession,
    initiator_id: str,
    content: Any,
    now_ms: int,
    trace_id: str,
    cause: str | None,
) -> Outcome[str]:
    """A session begins with a proposal."""
    ttl_s = session.rules.ttl_s
    session.deadline_ms = None if ttl_s is None else now_ms + to_ms("ttl_s", ttl_s)
    session.trace_id = trace_id
    _put(session, initiator_id, content, now_ms)
    body = _body(session, "opened", initiator_id, content=content)
    event = first_event(session, "negotiation.opened", now_ms, initiator_id, body, cause)
    return Outcome(session.id, session, [event], reports=[("negotiation", "proposed")])


def _put(session: NegotiationSession, agent_id: str, content: Any, now_ms: int) -> None:
    proposal = Proposal(proposer_id=agent_id, content=content, timestamp=now_ms / 1000)
    session.history.append(proposal)
    session.current_proposal = proposal
    session.accepted_by = []
    session.last_actor = agent_id


def _may_act(session: NegotiationSession, agent_id: str) -> bool:
    """Whether it is this participant's turn."""
    if session.rules.turns == "free" or session.last_actor is None:
        return True
    ring = session.participants
    return ring[(ring.index(session.last_actor) + 1) % len(ring)] == agent_id


def proposed(session: NegotiationSession, agent_id: str, content: Any, now_ms: int) -> Outcome[bool]:
    """A participant makes another proposal, which clears what was accepted."""
    if not _may_act(session, agent_id):
        return Outcome(False)
    most = session.rules.max_rounds
    if most is not None and len(session.history) >= most:
        return ended(session, NegotiationState.CLOSED, "max_rounds", now_ms, agent_id, returns=False)
    _put(session, agent_id, content, now_ms)
    session.state = NegotiationState.COUNTERED
    event = _told(session, "proposed", now_ms, agent_id, content=content)
    return Outcome(True, session, [event], reports=[("negotiation", "countered")])


def accepted(
    session: NegotiationSession, agent_id: str, proposal_id: str | None, now_ms: int
) -> Outcome[bool]:
    """A participant agrees to the current proposal, which must be another's."""
    if _stale(session, proposal_id) or agent_id == session.owner:
        return Outcome(False)
    if agent_id in session.accepted_by:
        return Outcome(True)
    if not _may_act(session, agent_id):
        return Outcome(False)
    session.accepted_by = sorted([*session.accepted_by, agent_id])
    session.last_actor = agent_id
    agreed = session.rules.acceptance == "any" or len(session.accepted_by) == len(session.participants) - 1
    if agreed:
        session.state, session.reason = NegotiationState.ACCEPTED, "accepted"
    events = [_told(session, "accepted_by", now_ms, agent_id)]
    if not agreed:
        return Outcome(True, session, events)
    events.append(_verdict(session, "negotiation.agreed", now_ms, agent_id))
    return Outcome(True, session, events, reports=[("negotiation", "accepted")])


def rejected(
    session: NegotiationSession, agent_id: str, proposal_id: str | None, now_ms: int
) -> Outcome[bool]:
    """A participant walks away, which ends it."""
    if _stale(session, proposal_id):
        return Outcome(False)
    reason = "withdrawn" if agent_id == session.owner else "rejected"
    return ended(session, NegotiationState.REJECTED, reason, now_ms, agent_id)


def _stale(session: NegotiationSession, proposal_id: str | None) -> bool:
    current = session.current_proposal
    return proposal_id is not None and (current is None or current.id != proposal_id)


def ended(
    session: NegotiationSession,
    state: NegotiationState,
    reason: str,
    now_ms: int,
    agent_id: str | None,
    *,
    returns: bool = True,
) -> Outcome[bool]:
    """It ends without agreement."""
    session.state, session.reason = state, reason
    events = [
        _told(session, state.value, now_ms, agent_id, reason=reason),
        _verdict(session, "negotiation.ended", now_ms, agent_id),
    ]
    return Outcome(returns, session, events, reports=[("negotiation", state.value)])


def is_over(session: NegotiationSession, now_ms: int) -> bool:
    """Whether an open session's time is up. At the deadline it is."""
    return session.deadline_ms is not None and now_ms >= session.deadline_ms


def _body(session: NegotiationSession, what: str, agent_id: str | None, **facts: Any) -> dict[str, Any]:
    current = session.current_proposal
    return {
        "event": what,
        "state": session.state.value,
        "agent": agent_id,
        "proposal_id": None if current is None else current.id,
        "round": len(session.history),
        "participants": list(session.participants),
        "accepted_by": list(session.accepted_by),
        **facts,
    }


def _told(session: NegotiationSession, what: str, now_ms: int, agent_id: str | None, **facts: Any) -> Event:
    return next_event(
        session, f"negotiation.{what}", now_ms, agent_id, _body(session, what, agent_id, **facts)
    )


def _verdict(session: NegotiationSession, kind: str, now_ms: int, agent_id: str | None) -> Event:
    """The CONSENSUS that tells of the end."""
    votes = dict.fromkeys(session.participants, "silent")
    votes.update(dict.fromkeys(session.accepted_by, "accepted"))
    votes[session.owner] = "proposed"
    if session.state is NegotiationState.REJECTED and agent_id is not None:
        votes[agent_id] = "rejected"
    current = session.current_proposal
    body = {
        "members": list(session.participants),
        "verdict": session.state.value,
        "votes": votes,
        "negotiation": {
            "id": session.id,
            "proposal_id": None if current is None else current.id,
            "content": None if current is None else current.content,
            "rounds": len(session.history),
            "reason": session.reason,
        },
    }
    return next_event(session, kind, now_ms, agent_id, body)
