"""Negotiations as signals tell of them: proposal upon proposal, and who agreed to which."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from cosmo_doppler.model.coordination.notice import Kind, Notice
from cosmo_doppler.model.coordination.reading import Leaf, leaves, moment, name, names, one_of, whole
from cosmo_doppler.model.coordination.thing import Thing

MOST_PROPOSALS = 100
"""Proposals of a negotiation that are kept, the latest."""

MOST_PARTIES = 200

NEGOTIATION_STATES = frozenset({"proposed", "countered", "accepted", "rejected", "closed"})


class SeenProposal:
    """One rung of the ladder."""

    __slots__ = ("accepted_by", "at", "content", "id", "round", "seq", "who")

    def __init__(
        self, id: str, round: int, who: str, content: tuple[Leaf, ...], at: float, seq: int | None
    ) -> None:
        self.id = id
        self.round = round
        """Counted from 1."""
        self.who = who
        self.content = content
        """What is proposed, in parts that can be told apart."""
        self.at = at
        """When it was made, or heard of, epoch seconds."""
        self.seq = seq
        """Position of its signal; None when only a snapshot told of it."""
        self.accepted_by: tuple[str, ...] = ()


class SeenNegotiation(Thing):
    """Agents that make each other proposals."""

    __slots__ = ("acceptance", "deadline_ms", "participants", "proposals", "reason", "rejected_by", "round")

    kind: ClassVar[Kind] = "negotiation"
    first: ClassVar[str] = "proposed"
    ended: ClassVar[frozenset[str]] = frozenset({"accepted", "rejected", "closed"})

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice)
        self.participants: tuple[str, ...] = ()
        self.proposals: deque[SeenProposal] = deque(maxlen=MOST_PROPOSALS)
        self.round = 0
        """Proposals made."""
        self.reason = ""
        """Why it ended."""
        self.rejected_by = ""
        self.deadline_ms: int | None = None
        """When it closes by itself, epoch milliseconds, where that is known."""
        self.acceptance = ""
        """`all` or `any`: who must agree, where that is known."""

    @property
    def current(self) -> SeenProposal | None:
        """The proposal that can be agreed to."""
        return self.proposals[-1] if self.proposals else None

    def take(self, notice: Notice) -> str:
        """A proposal is made, agreed to or turned down."""
        event, facts = notice.about.event, notice.facts
        if event in ("agreed", "ended"):
            return self._concluded(facts)
        self.state = one_of(facts.get("state"), NEGOTIATION_STATES) or self.state
        self.participants = names(facts.get("participants"), MOST_PARTIES) or self.participants
        if event in ("opened", "proposed"):
            self._put(facts, notice.who, notice.at, notice.seq)
        elif event == "accepted_by" and self.current is not None:
            self.current.accepted_by = names(facts.get("accepted_by"), MOST_PARTIES)
        elif event == "rejected":
            self.rejected_by = notice.who
        if event in ("rejected", "closed"):
            self.reason = name(facts.get("reason")) or self.reason
        return self.note(notice)

    def _concluded(self, facts: dict[str, Any]) -> str:
        self.state = one_of(facts.get("verdict"), self.ended) or self.state
        inner = facts.get("negotiation")
        if isinstance(inner, dict):
            self.reason = name(inner.get("reason")) or self.reason
        return self.reason

    def restore(self, notice: Notice) -> None:
        """The whole ladder, with what is known of it already."""
        facts = notice.facts
        self.state = one_of(facts.get("state"), NEGOTIATION_STATES) or self.state
        self.participants = names(facts.get("participants"), MOST_PARTIES) or self.participants
        self.reason = name(facts.get("reason"))
        self.deadline_ms = moment(facts.get("deadline_ms"))
        self.acceptance = one_of(facts.get("acceptance"), ("all", "any"))
        known = {each.id for each in self.proposals if each.id}
        made = facts.get("history")
        for each in made if isinstance(made, list) else []:
            if isinstance(each, dict) and name(each.get("proposal_id")) not in known:
                at = moment(each.get("ts_ms"))
                self._put(each, name(each.get("agent")), notice.at if at is None else at / 1000, None)
        self.round = whole(facts.get("round")) or self.round
        if self.current is not None:
            self.current.accepted_by = names(facts.get("accepted_by"), MOST_PARTIES)

    def _put(self, facts: dict[str, Any], who: str, at: float, seq: int | None) -> None:
        number = whole(facts.get("round"))
        self.round = number if number is not None and 0 < number < 1_000_000 else self.round + 1
        proposal = SeenProposal(
            name(facts.get("proposal_id")), self.round, who, leaves(facts.get("content")), at, seq
        )
        self.proposals.append(proposal)

    def note(self, notice: Notice) -> str:
        """The round, or why it ended."""
        if notice.about.event in ("rejected", "closed"):
            return name(notice.facts.get("reason"))
        number = whole(notice.facts.get("round"))
        return "" if number is None else f"round {number}"
