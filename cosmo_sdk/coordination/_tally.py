"""Counting votes: pure functions with exact numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from msgspec import Struct

from cosmo_sdk.coordination._values import (
    Amount,
    FractionLike,
    canonical,
    check_amount,
    check_choice,
    check_count,
    check_fraction,
    check_id,
    check_json,
)

METHODS = ("majority", "supermajority", "plurality", "unanimous")
"""How a tally decides."""

Quorum: TypeAlias = int | FractionLike | None
"""How many must take part: a number, a share of the eligible, or `"majority"` of them."""


class VoteResult(Struct, kw_only=True):
    """What a vote came to.

    Attributes:
        winner: the option that won; None when none did.
        status: `decided`, `tie` (plurality), `no_majority`, `no_quorum`, or `empty`.
        counts: each option with its weight, the heaviest first.
        cast: votes that named an option.
        abstained: voters who named none.
        present: voters, abstaining or not; what the quorum counts.
        eligible: how many may vote; None when everybody may.
        quorum_needed: how many must be present.
        tied: the options that shared the first place in a plurality vote, also when the tie was broken.
    """

    winner: Any = None
    status: str = "empty"
    counts: list[tuple[Any, float]] = []
    cast: int = 0
    abstained: int = 0
    present: int = 0
    eligible: int | None = None
    quorum_needed: int = 0
    tied: list[Any] = []


class _Options:
    """Options with their weights. Equal JSON is one option, and the first one seen stands for it."""

    def __init__(self, votes: Iterable[tuple[Any, Decimal]]) -> None:
        self.seen: dict[str, Any] = {}
        self.weights: dict[str, Decimal] = {}
        self.total = Decimal(0)
        for option, weight in votes:
            if option is None:
                continue
            name = canonical(check_json("option", option))
            self.seen.setdefault(name, option)
            self.weights[name] = self.weights.get(name, Decimal(0)) + weight
            self.total += weight

    def over(self, share: Fraction, *, inclusive: bool) -> Any:
        """The only option whose weight is more than (or also exactly) a share of all; None when there is not one."""
        needed = share * Fraction(self.total)
        reached = [
            name
            for name, weight in self.weights.items()
            if Fraction(weight) > needed or (inclusive and Fraction(weight) == needed)
        ]
        return self.seen[reached[0]] if len(reached) == 1 and self.total else None

    def leaders(self) -> list[str]:
        """The names of the options with the highest weight, ascending."""
        most = max(self.weights.values(), default=Decimal(0))
        return sorted(name for name, weight in self.weights.items() if weight == most) if most else []

    def counts(self) -> list[tuple[Any, float]]:
        """Each option with its weight, the heaviest first, then by its JSON."""
        order = sorted(self.weights, key=lambda name: (-self.weights[name], name))
        return [(self.seen[name], float(self.weights[name])) for name in order]


def _each_one(votes: Iterable[Any]) -> _Options:
    return _Options((option, Decimal(1)) for option in votes)


class Consensus:
    """Basic consensus mechanisms for decision making.

    None is an abstention: present, but no vote cast. Options are compared as JSON, numbers by value: dicts work, 1 is 1.0,
    and True, 1 and "1" are three options.
    """

    @staticmethod
    def majority_vote(votes: Iterable[Any]) -> Any:
        """The option with more than half of the votes cast, or None."""
        return _each_one(votes).over(Fraction(1, 2), inclusive=False)

    @staticmethod
    def plurality_vote(votes: Iterable[Any]) -> Any:
        """The option with the most votes; None when several have as many, or nobody voted."""
        options = _each_one(votes)
        leaders = options.leaders()
        return options.seen[leaders[0]] if len(leaders) == 1 else None

    @staticmethod
    def supermajority_vote(
        votes: Iterable[Any], threshold: FractionLike = "2/3", inclusive: bool = True
    ) -> Any:
        """The only option with at least a share of the votes cast, or None.

        Args:
            votes: options.
            threshold: the share, above 0 and at most 1.
            inclusive: whether exactly that share is enough.

        Raises:
            ValueError: no such share.
        """
        return _each_one(votes).over(check_fraction("threshold", threshold), inclusive=inclusive)

    @staticmethod
    def weighted_vote(votes: Iterable[tuple[Any, Amount]], threshold: FractionLike | None = None) -> Any:
        """The option with the most weight; None when several have as much, or all is zero.

        Args:
            votes: options with weights, which add up exactly: 0.1 and 0.2 tie with 0.3.
            threshold: the share of all weight that it must exceed; no such condition unless given.

        Raises:
            ValueError: a negative weight, or no such share.
            TypeError: a weight that is no number.
        """
        options = _Options((option, check_amount("weight", weight)) for option, weight in votes)
        leaders = options.leaders()
        if len(leaders) != 1:
            return None
        if threshold is not None:
            needed = check_fraction("threshold", threshold) * Fraction(options.total)
            if Fraction(options.weights[leaders[0]]) <= needed:
                return None
        return options.seen[leaders[0]]

    @staticmethod
    def unanimous_vote(votes: Iterable[Any]) -> Any:
        """The option that every vote cast names; None when they differ, or nobody voted."""
        options = _each_one(votes)
        return next(iter(options.seen.values())) if len(options.seen) == 1 else None

    @staticmethod
    def tally(
        records: Iterable[Sequence[Any]],
        *,
        eligible: Iterable[str] | None = None,
        quorum: Quorum = None,
        method: str = "majority",
        threshold: FractionLike = "2/3",
        weights: dict[str, Amount] | None = None,
        tie_break: str | None = None,
    ) -> VoteResult:
        """Count the votes of agents.

        Args:
            records: pairs of agent and option. The last one of an agent counts, and in its place.
            eligible: who may vote; everybody unless given.
            quorum: how many must be present, abstaining or not: a number, a share of the eligible (of the voters without
                `eligible`), or `majority`.
            method: `majority`, `supermajority`, `plurality` or `unanimous`.
            threshold: the share of a supermajority; exactly that is enough.
            weights: of agents; 1 for those it leaves out.
            tie_break: for `plurality`: `first_cast`, `lexical` (the smallest JSON), or `chair:<agent>`, whose own vote
                decides among the tied.

        Raises:
            ValueError: an unknown method or tie break, or a quorum or threshold that makes no sense.
            TypeError: an option JSON cannot say, or numbers that are none.
        """
        check_method(method, threshold, tie_break)
        may_vote = None if eligible is None else frozenset(eligible)
        votes = _last_of_each(records, may_vote)
        count = len(votes) if may_vote is None else len(may_vote)
        options = _Options((option, _weight(agent, weights)) for agent, option in votes.items())
        cast = sum(option is not None for option in votes.values())
        result = VoteResult(
            counts=options.counts(),
            cast=cast,
            abstained=len(votes) - cast,
            present=len(votes),
            eligible=None if may_vote is None else count,
            quorum_needed=quorum_needed(quorum, count),
        )
        if result.present < result.quorum_needed:
            result.status = "no_quorum"
        elif options.total:
            _decide(result, options, votes, method, threshold, tie_break)
        return result


def _last_of_each(records: Iterable[Sequence[Any]], eligible: frozenset[str] | None) -> dict[str, Any]:
    votes: dict[str, Any] = {}
    for agent, option in records:
        check_id("agent", agent)
        votes.pop(agent, None)
        votes[agent] = option
    return {agent: option for agent, option in votes.items() if eligible is None or agent in eligible}


def _weight(agent: str, weights: dict[str, Amount] | None) -> Decimal:
    return check_amount(f"weight of {agent!r}", weights.get(agent, 1)) if weights else Decimal(1)


def _decide(
    result: VoteResult,
    options: _Options,
    votes: dict[str, Any],
    method: str,
    threshold: FractionLike,
    tie_break: str | None,
) -> None:
    if method == "plurality":
        leaders = options.leaders()
        if len(leaders) > 1:
            result.tied = [options.seen[name] for name in leaders]
        name = leaders[0] if len(leaders) == 1 else _break_tie(leaders, votes, tie_break)
        result.winner = None if name is None else options.seen[name]
    elif method == "unanimous":
        result.winner = next(iter(options.seen.values())) if len(options.seen) == 1 else None
    elif method == "majority":
        result.winner = options.over(Fraction(1, 2), inclusive=False)
    else:
        result.winner = options.over(check_fraction("threshold", threshold), inclusive=True)
    undecided = "tie" if method == "plurality" else "no_majority"
    result.status = "decided" if result.winner is not None else undecided


def _break_tie(leaders: list[str], votes: dict[str, Any], tie_break: str | None) -> str | None:
    if tie_break is None:
        return None
    if tie_break == "lexical":
        return leaders[0]
    if tie_break == "first_cast":
        cast = [canonical(option) for option in votes.values() if option is not None]
        return next(name for name in cast if name in leaders)
    chosen = votes.get(tie_break.removeprefix("chair:"))
    return canonical(chosen) if chosen is not None and canonical(chosen) in leaders else None


def check_method(method: str, threshold: FractionLike, tie_break: str | None) -> None:
    """Refuse rules that make no sense.

    Raises:
        ValueError: an unknown word, or no such share.
        TypeError: a value of the wrong type.
    """
    check_choice("method", method, METHODS)
    check_fraction("threshold", threshold)
    if tie_break is None or tie_break in ("first_cast", "lexical"):
        return
    check_id("tie_break", tie_break)
    if not tie_break.startswith("chair:"):
        raise ValueError(f"tie_break={tie_break!r} is unknown; one of first_cast, lexical, chair:<agent>")
    check_id("chair", tie_break.removeprefix("chair:"))


def quorum_needed(quorum: Quorum, count: int) -> int:
    """How many of `count` must be present.

    Raises:
        ValueError: no such number or share.
        TypeError: neither.
    """
    if quorum is None:
        return 0
    if quorum == "majority":
        return count // 2 + 1
    if isinstance(quorum, int):
        return check_count("quorum", quorum)
    share = check_fraction("quorum", quorum) * count
    return -(-share.numerator // share.denominator)
