"""Votes as signals tell of them: who may vote for what, how it stands, and what it came to."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, ClassVar

from cosmo_doppler.model.coordination.notice import Kind, Notice
from cosmo_doppler.model.coordination.reading import moment, name, names, one_of, option_of, table, whole
from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.model.wording import finite

MOST_OPTIONS = 64
"""Options of a vote that are told apart; votes for others count together."""

MOST_VOTERS = 5_000
"""Voters that are known by name; beyond that they are only counted."""

OTHER = "(others)"
"""Stands for the options beyond the most."""

VOTE_RESULTS = frozenset({"decided", "tie", "no_majority", "no_quorum", "empty"})


class SeenVote(Thing):
    """A vote."""

    __slots__ = (
        "abstained",
        "closes_ms",
        "counts",
        "eligible",
        "may_vote",
        "method",
        "needed",
        "options",
        "present",
        "quorum",
        "result",
        "secret",
        "threshold",
        "votes",
        "winner",
    )

    kind: ClassVar[Kind] = "vote"
    first: ClassVar[str] = "open"
    ended: ClassVar[frozenset[str]] = frozenset({"closed"})

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice)
        self.options: tuple[str, ...] = ()
        """What may be voted for, as texts; empty for anything."""
        self.eligible: int | None = None
        """How many may vote; None when anybody may."""
        self.may_vote: tuple[str, ...] = ()
        """Who may vote, as far as names are kept."""
        self.quorum = ""
        """How many must be present, as it was said: a number, a share, `majority`; empty when nobody must."""
        self.method = "majority"
        self.threshold = ""
        """The share of a supermajority, as it was said."""
        self.closes_ms: int | None = None
        """When it closes by itself, epoch milliseconds."""
        self.secret = False
        self.votes: dict[str, str | None] = {}
        """What each voter voted for, by casting; None for an abstention, and for every vote of a secret vote."""
        self.counts: dict[str, float] = {}
        """Votes by option; from the end on as they were counted, weights included."""
        self.abstained = 0
        self.present = 0
        """Voters, also those that abstained."""
        self.result = ""
        """How it ended: one of `VOTE_RESULTS`; empty while it is open."""
        self.winner = ""
        self.needed: int | None = None
        """Voters that were needed, once it was counted."""

    @property
    def sealed(self) -> bool:
        """Whether nobody is to see how it stands."""
        return self.secret and not self.over

    @property
    def quorum_needed(self) -> int:
        """How many must be present; 0 when nobody must."""
        if self.needed is not None:
            return self.needed
        among = self.present if self.eligible is None else self.eligible
        if self.quorum == "majority":
            return among // 2 + 1
        share = fraction(self.quorum)
        if share is None or share < 0:
            return 0
        if "/" not in self.quorum and "." not in self.quorum:
            return int(share)
        return math.ceil(share * among)

    @property
    def share_needed(self) -> Fraction | None:
        """The share of the votes cast that an option must have, or have more than; None where the most votes win."""
        if self.method == "majority":
            return Fraction(1, 2)
        if self.method == "unanimous":
            return Fraction(1)
        return fraction(self.threshold) if self.method == "supermajority" else None

    def take(self, notice: Notice) -> str:
        """It is opened, somebody votes, or it is counted."""
        facts = notice.facts
        event = notice.about.event
        if event == "opened":
            self._describe(facts)
        elif event == "cast":
            self._cast(notice.who, facts)
        elif event == "closed":
            self._close(facts)
        return self.note(notice)

    def restore(self, notice: Notice) -> None:
        """What may be voted for, and how it stands."""
        facts = notice.facts
        self._describe(facts)
        self._recount(table(facts.get("votes")), names(facts.get("voters"), MOST_VOTERS))
        present = whole(facts.get("present"))
        self.present = present if present is not None and present >= 0 else self.present
        if facts.get("state") == "closed":
            self._count(table(facts.get("result")))
            self.state = "closed"

    def note(self, notice: Notice) -> str:
        """The option, unless that is secret; the outcome."""
        facts = notice.facts
        if notice.about.event == "closed":
            outcome = table(facts.get("vote"))
            status = one_of(outcome.get("status"), VOTE_RESULTS).replace("_", " ")
            return (
                f"{status}: {option_of(outcome['winner'])}" if outcome.get("winner") is not None else status
            )
        if notice.about.event != "cast":
            return ""
        if "option" not in facts:
            return "sealed"
        return "abstains" if facts["option"] is None else option_of(facts["option"])

    def _describe(self, facts: dict[str, Any]) -> None:
        options = facts.get("options")
        self.options = (
            tuple(option_of(each) for each in options[:MOST_OPTIONS]) if isinstance(options, list) else ()
        )
        eligible = facts.get("eligible")
        self.eligible = len(eligible) if isinstance(eligible, list) else None
        self.may_vote = names(eligible, MOST_VOTERS)
        quorum = facts.get("quorum")
        number = whole(quorum)
        self.quorum = name(quorum)[:40] if number is None else f"{number}"
        self.method = name(facts.get("method"))[:40] or "majority"
        self.threshold = name(facts.get("threshold"))[:40]
        self.closes_ms = moment(facts.get("closes_ms"))
        self.secret = facts.get("secret") is True

    def _cast(self, who: str, facts: dict[str, Any]) -> None:
        if "option" not in facts:
            # An older mirror does not say that it is secret when it begins.
            self.secret = True
        self._forget(who)
        option = None if facts.get("option") is None else option_of(facts["option"])
        if who and len(self.votes) < MOST_VOTERS:
            self.votes[who] = option
        if not self.secret:
            self._add(option, 1)
        present = whole(facts.get("present"))
        self.present = present if present is not None and present >= 0 else len(self.votes)

    def _forget(self, who: str) -> None:
        """An agent votes again: its last vote counts."""
        if who in self.votes:
            before = self.votes.pop(who)
            if not self.secret:
                self._add(before, -1)

    def _add(self, option: str | None, weight: float) -> None:
        if option is None:
            self.abstained += int(weight)
            return
        if option not in self.counts and len(self.counts) >= MOST_OPTIONS:
            option = OTHER
        self.counts[option] = self.counts.get(option, 0) + weight
        if not self.counts[option]:
            del self.counts[option]

    def _recount(self, votes: dict[str, Any], voters: tuple[str, ...]) -> None:
        self.votes.clear()
        self.counts.clear()
        self.abstained = 0
        for who in voters or tuple(votes)[:MOST_VOTERS]:
            option = None if votes.get(who) is None else option_of(votes[who])
            self.votes[who] = option
            if not self.secret:
                self._add(option, 1)
        self.present = len(self.votes)

    def _close(self, facts: dict[str, Any]) -> None:
        self.state = "closed"
        votes = facts.get("votes")
        if isinstance(votes, dict):
            self._recount(votes, ())
        self._count(table(facts.get("vote")))

    def _count(self, outcome: dict[str, Any]) -> None:
        self.result = one_of(outcome.get("status"), VOTE_RESULTS) or "decided"
        self.winner = "" if outcome.get("winner") is None else option_of(outcome["winner"])
        self.needed = whole(outcome.get("quorum_needed"))
        self.present = whole(outcome.get("present")) or self.present
        self.abstained = whole(outcome.get("abstained")) or 0
        counted = outcome.get("counts")
        if not isinstance(counted, list):
            return
        self.counts.clear()
        for each in counted[:MOST_OPTIONS]:
            weight = finite(each[1]) if isinstance(each, list) and len(each) == 2 else None
            if weight is not None:
                self.counts[option_of(each[0])] = weight


def fraction(text: str) -> Fraction | None:
    """A share as it is written: `2/3`, `0.5`; None for what is none."""
    if not text or len(text) > 20 or "e" in text.lower():
        return None
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
