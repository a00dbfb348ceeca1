"""Ways to choose a winner, those producers use and those a person wants to try: what each goes by, and what is paid."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, get_args

from cosmo_doppler.model.market.score import Score, Terms
from cosmo_sdk.bidding import Bid, gives_way

RuleName = Literal["first_bid", "lowest_cost", "highest_confidence", "second_price", "score"]
"""second_price: the cheapest wins and is paid what the next one asks; score: what a person typed, the highest wins."""

RULE_NAMES: tuple[RuleName, ...] = get_args(RuleName)

UNKNOWN_HONESTY = 0.5
"""Honesty of a bidder that has not delivered anything yet."""


class Timed(NamedTuple):
    """A bid and when it came."""

    bid: Bid
    after_s: float
    """From the offer, seconds."""


Key = Callable[[Timed], float]
"""What a rule goes by: the least wins, NaN cannot win. Ties go to the earlier bid."""


class Rule(NamedTuple):
    """One way to choose."""

    name: RuleName
    key: Key
    value: Callable[[Timed], float | None]
    """The figure that decides, as a person reads it; None when the bid does not say it."""


def rule(
    name: RuleName, score: Score | None = None, honesty: Callable[[str], float | None] | None = None
) -> Rule:
    """A rule by its name.

    Args:
        name: which.
        score: the expression, for `score`.
        honesty: how honest a bidder is by its name, 0 to 1; None for one nobody knows.

    Raises:
        ValueError: `score` without an expression.
    """
    if name == "first_bid":
        return Rule(name, lambda _: 0.0, lambda timed: timed.after_s * 1000)
    if name == "highest_confidence":
        return Rule(name, _by_confidence, lambda timed: timed.bid.confidence)
    if name != "score":
        return Rule(name, _by_cost, lambda timed: timed.bid.cost)
    if score is None:
        raise ValueError("the rule `score` needs an expression")
    typed = score

    def scored(timed: Timed) -> float | None:
        return typed(terms_of(timed, honesty))

    def by_score(timed: Timed) -> float:
        value = scored(timed)
        return math.nan if value is None else -value

    return Rule(name, by_score, scored)


def terms_of(timed: Timed, honesty: Callable[[str], float | None] | None = None) -> Terms:
    """What a score sees of a bid."""
    bid = timed.bid
    kept = honesty(bid.neuron) if honesty is not None else None
    return Terms(
        cost=math.nan if bid.cost is None else bid.cost,
        eta=math.nan if bid.eta_ms is None else float(bid.eta_ms),
        conf=math.nan if bid.confidence is None else bid.confidence,
        age=timed.after_s * 1000,
        honesty=UNKNOWN_HONESTY if kept is None else kept,
    )


def _by_cost(timed: Timed) -> float:
    return math.inf if timed.bid.cost is None else timed.bid.cost


def _by_confidence(timed: Timed) -> float:
    return math.inf if timed.bid.confidence is None else -timed.bid.confidence


def standing(field: Iterable[Timed]) -> list[Timed]:
    """Of each neuron the bid that counts, where its first one stood; see `cosmo_sdk.bidding.latest_per_neuron`."""
    latest: dict[str, Timed] = {}
    for timed in field:
        name = timed.bid.neuron or timed.bid.id
        earlier = latest.get(name)
        if earlier is None or not gives_way(timed.bid, earlier.bid):
            latest[name] = timed
    return list(latest.values())


def ranked(field: Iterable[Timed], by: Rule) -> list[tuple[float, Timed]]:
    """The bids that can win under a rule with their keys, best first; ties keep the order of arrival."""
    keyed = [(by.key(timed), timed) for timed in field if not timed.bid.problem]
    return sorted((each for each in keyed if not math.isnan(each[0])), key=lambda each: each[0])
