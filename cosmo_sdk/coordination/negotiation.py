"""Negotiation: two or more parties propose, counter, accept and reject until they agree or one has enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cosmo_sdk.coordination import _negotiation_rules as rules
from cosmo_sdk.coordination._managing import Managing, Outcome
from cosmo_sdk.coordination._negotiation_rules import (
    NegotiationRules,
    NegotiationSession,
    NegotiationState,
    Proposal,
)
from cosmo_sdk.coordination._store_base import Store
from cosmo_sdk.coordination._values import check_id, check_json
from cosmo_sdk.coordination.clock import Clock

__all__ = [
    "NegotiationProtocol",
    "NegotiationRules",
    "NegotiationSession",
    "NegotiationState",
    "Proposal",
]


class NegotiationProtocol(Managing):
    """Holds negotiations, in memory unless bound to a store: `NegotiationProtocol().bind(store=...)`.

    Calls of outsiders, about unknown sessions, or after the end return False and change nothing.
    """

    _kind = "negotiation"
    _prefix = "neg:"

    def __init__(self) -> None:
        super().__init__()
        self._rules = NegotiationRules()

    @classmethod
    def with_rules(
        cls, rules: NegotiationRules, *, store: Store | None = None, clock: Clock | None = None
    ) -> NegotiationProtocol:
        """One whose new sessions are held by other rules.

        Raises:
            TypeError: `rules` are none.
        """
        if not isinstance(rules, NegotiationRules):
            raise TypeError(f"with_rules() takes NegotiationRules, not {type(rules).__name__}")
        protocol = cls().bind(store=store, clock=clock)
        protocol._rules = rules
        return protocol

    @property
    def sessions(self) -> dict[str, NegotiationSession]:
        """Every session by id, as they are now. To be read only; the objects go on to say what becomes of them."""
        return self._live.sync()

    def create_session(self, initiator_id: str, participants: list[str], initial_proposal: Any) -> str:
        """Begin a negotiation.

        Args:
            initiator_id: who makes the first proposal.
            participants: everybody else; naming the initiator again does no harm.
            initial_proposal: JSON.

        Returns:
            The id of the session.

        Raises:
            ValueError: fewer than two different participants.
            TypeError: no list of ids, or JSON cannot say the proposal.
        """
        if not isinstance(participants, list | tuple):
            raise TypeError(f"participants must be a list of ids, not {type(participants).__name__}")
        everybody = [check_id("participant", each) for each in dict.fromkeys([initiator_id, *participants])]
        if len(everybody) < 2:
            raise ValueError("a negotiation needs two different participants")
        check_json("initial_proposal", initial_proposal)
        trace_id, cause = self._origin()
        session_id = NegotiationSession().id

        def change(_: Any, now_ms: int) -> Outcome[str]:
            session = NegotiationSession(session_id, list(everybody))
            session.rules = self._rules
            return rules.opened(session, initiator_id, initial_proposal, now_ms, trace_id, cause)

        return self._step(session_id, change)

    def propose(self, session_id: str, agent_id: str, content: Any) -> bool:
        """Make another proposal. Whoever accepted the one before has to accept again.

        Args:
            session_id: the negotiation.
            agent_id: who proposes; one of its participants.
            content: JSON.

        Returns:
            Whether it stands. The one beyond `max_rounds` closes the session instead.
        """
        check_json("content", content)
        return self._act(
            session_id, agent_id, lambda session, now_ms: rules.proposed(session, agent_id, content, now_ms)
        )

    counter = propose

    def accept(self, session_id: str, agent_id: str, *, proposal_id: str | None = None) -> bool:
        """Agree to the current proposal. It is agreed once every other participant has.

        Args:
            session_id: which.
            agent_id: who; not whose proposal it is.
            proposal_id: the proposal that was seen. When another one has come since, nothing is accepted.

        Returns:
            Whether the agreement counts.
        """
        return self._act(
            session_id,
            agent_id,
            lambda session, now_ms: rules.accepted(session, agent_id, proposal_id, now_ms),
        )

    def reject(self, session_id: str, agent_id: str, *, proposal_id: str | None = None) -> bool:
        """Walk away, which ends the negotiation.

        Args:
            session_id: which.
            agent_id: who.
            proposal_id: the proposal that was seen. When another one has come since, nothing happens.
        """
        return self._act(
            session_id,
            agent_id,
            lambda session, now_ms: rules.rejected(session, agent_id, proposal_id, now_ms),
        )

    def close(self, session_id: str, *, reason: str = "closed") -> bool:
        """End a negotiation from outside. Whether it was still open."""
        check_json("reason", reason)
        return self._on(
            session_id,
            lambda session, now_ms: rules.ended(session, NegotiationState.CLOSED, reason, now_ms, None),
        )

    def _act(
        self, session_id: str, agent_id: str, change: Callable[[NegotiationSession, int], Outcome[bool]]
    ) -> bool:
        check_id("agent_id", agent_id)

        def by_participant(session: NegotiationSession, now_ms: int) -> Outcome[bool]:
            return change(session, now_ms) if agent_id in session.participants else Outcome(False)

        return self._on(session_id, by_participant)

    def _on(
        self,
        session_id: str,
        change: Callable[[NegotiationSession, int], Outcome[bool]],
        at_ms: int | None = None,
    ) -> bool:
        """Make a change to a session that is open and whose time is not up."""

        def while_open(session: NegotiationSession | None, now_ms: int) -> Outcome[bool]:
            if session is None:
                return self._unknown(False)
            if not session.state.open:
                return Outcome(False)
            now_ms = now_ms if at_ms is None else at_ms
            if rules.is_over(session, now_ms):
                return rules.ended(session, NegotiationState.CLOSED, "expired", now_ms, None, returns=False)
            return change(session, now_ms)

        return self._step(session_id, while_open)

    def get_session(self, session_id: str) -> NegotiationSession | None:
        """The session as it is now; None when there is none."""
        session: NegotiationSession | None = self._live.get(session_id)
        if session is not None and session.state.open and rules.is_over(session, self._store.now_ms()):
            self._on(session_id, _nothing)
        return session

    def sessions_for(self, agent_id: str) -> list[str]:
        """The ids of the sessions an agent takes part in, ascending."""
        return sorted(
            session.id for session in list(self.sessions.values()) if agent_id in session.participants
        )

    def expire(self, now_ms: int | None = None) -> list[str]:
        """Close the sessions whose time is up.

        Args:
            now_ms: the time, epoch milliseconds; the store's unless given.

        Returns:
            Their ids, ascending.
        """
        at_ms = self._store.now_ms() if now_ms is None else now_ms
        due = sorted(
            session.id
            for _, session, _ in self._store.leased(self._kind)
            if session.state.open and rules.is_over(session, at_ms)
        )
        return [session_id for session_id in due if self._closes(session_id, at_ms)]

    def _closes(self, session_id: str, at_ms: int) -> bool:
        self._on(session_id, _nothing, at_ms)
        session = self._live.known.get(session_id)
        return session is not None and session.reason == "expired"


def _nothing(session: NegotiationSession, now_ms: int) -> Outcome[bool]:
    return Outcome(False)
