"""Bids and the choice among them: pure, shared by the SDK, Doppler and replay (PROTOCOL 6.12)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec

Select = Literal["first_bid", "lowest_cost", "highest_confidence"]
"""How a producer chooses: the first to arrive, the cheapest, or the surest."""

SELECTS: tuple[Select, ...] = get_args(Select)


class Bid(msgspec.Struct, frozen=True, kw_only=True):
    """One bid as the producer weighs it."""

    id: str
    """The BID's event id."""
    neuron: str
    """Who bids; empty for an anonymous bid."""
    cost: float | None = None
    """Price, in the offer's currency (US dollars by convention)."""
    eta_ms: int | None = None
    """Promised time to an answer, milliseconds."""
    confidence: float | None = None
    """Self-assessment, 0 to 1."""
    auto: bool = False
    """Made by the default bidder, which always says cost 0 and confidence 1."""
    instance: str = ""
    """The Dendrite instance that bids, where it said so (`meta["cosmo.instance"]`)."""
    problem: str = ""
    """Why this bid can never win; empty for a valid one."""


def _number(value: Any) -> float | None:
    """A finite number, or None. JSON booleans are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def read_bid(*, id: str, neuron: str | None, payload: Mapping[str, Any], meta: Mapping[str, Any]) -> Bid:
    """Read a BID, never raising: whatever makes it unfit to win is named in `problem`.

    A missing cost or confidence is no fault (it ranks last under that strategy); a present one that is no finite
    number, a negative cost, or a bid without a bidder is.
    """
    problem = "" if neuron else "anonymous: no directed.id"
    cost = _number(payload.get("cost"))
    if "cost" in payload and cost is None:
        problem = problem or "cost is not a finite number"
    elif cost is not None and cost < 0:
        problem = problem or "cost is negative"
    confidence = _number(payload.get("confidence"))
    if payload.get("confidence") is not None and confidence is None:
        problem = problem or "confidence is not a finite number"
    eta = _number(payload.get("eta_ms"))
    instance = meta.get("cosmo.instance")
    return Bid(
        id=id,
        neuron=neuron or "",
        cost=cost,
        eta_ms=None if eta is None else int(eta),
        confidence=confidence,
        auto=meta.get("auto_bid") is True,
        instance=instance if isinstance(instance, str) else "",
        problem=problem,
    )


def latest_per_neuron(bids: Sequence[Bid]) -> list[Bid]:
    """One bid for each neuron, the latest, in the place where its first one arrived."""
    latest: dict[str, Bid] = {}
    for bid in bids:
        latest[bid.neuron or bid.id] = bid
    return list(latest.values())


def _rank_by_cost(bid: Bid) -> float:
    return math.inf if bid.cost is None else bid.cost


def _rank_by_confidence(bid: Bid) -> float:
    return math.inf if bid.confidence is None else -bid.confidence


def _rank_by_arrival(_: Bid) -> float:
    return 0.0


_RANKS: dict[Select, Callable[[Bid], float]] = {
    "first_bid": _rank_by_arrival,
    "lowest_cost": _rank_by_cost,
    "highest_confidence": _rank_by_confidence,
}


def rank(bids: Sequence[Bid], select: Select) -> list[Bid]:
    """The valid bids, best first. Ties keep the order of arrival, so a replayed round has the live one's winner.

    Args:
        bids: in order of arrival.
        select: the strategy.

    Raises:
        ValueError: `select` is not a known strategy.
    """
    if select not in _RANKS:
        raise ValueError(f"select={select!r} is not one of {', '.join(SELECTS)}")
    return sorted((bid for bid in bids if not bid.problem), key=_RANKS[select])


def choose_winner(bids: Sequence[Bid], select: Select) -> Bid | None:
    """The bid that wins, or None when no valid one arrived. See `rank`."""
    ranked = rank(bids, select)
    return ranked[0] if ranked else None
