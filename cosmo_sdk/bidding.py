"""Bids and the choice among them: pure, shared by the SDK, Doppler and replay (PROTOCOL 6.12)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import msgspec

Select = Literal["first_bid", "lowest_cost", "highest_confidence"]
"""How a producer chooses: the first to arrive, the cheapest, or the surest."""

SELECTS: tuple[Select, ...] = get_args(Select)


@dataclass(frozen=True)
class AutoBid:
    """What hosted Axons bid when nobody decides for them.

    The defaults are those of every released peer. They beat each honestly priced bid, so a host that competes for
    money says what its work costs.

    Raises:
        ValueError: terms that could never win (see `Bid.problem`).
    """

    cost: float = 0.0
    """Price, in US dollars by convention."""
    eta_ms: int | None = None
    """Promised time to an answer, milliseconds; not said when None."""
    confidence: float | None = 1.0
    """Self-assessment, 0 to 1; not said when None."""

    def __post_init__(self) -> None:
        terms = {"cost": self.cost, "eta_ms": self.eta_ms, "confidence": self.confidence}
        problem = read_bid(id="", neuron="self", payload=terms, meta={}).problem
        if problem:
            raise ValueError(f"{self}: such a bid can never win: {problem}")


@dataclass(frozen=True)
class Reaward:
    """When the work of an auction passes to the next best bid, because its winner is lost (PROTOCOL 6.12).

    A winner is lost when it leaves the bus, when a registry calls it stale, when it is silent for too long, or when it
    answers with a recoverable ERROR. Once it has answered with anything else, the work is never passed on; nor is it
    after a STOP, or once the Pathway is closed.

    Raises:
        ValueError: limits that are not positive.
    """

    deadline_s: float | None = 30.0
    """How long a winner may say nothing on the trace, seconds; None: for ever."""
    max_awards: int = 3
    """Awards in all, the first included. As many bidders less one stand by until the work is answered."""

    def __post_init__(self) -> None:
        if self.deadline_s is not None and not self.deadline_s > 0:
            raise ValueError(f"deadline_s={self.deadline_s} is not positive; None sets no deadline")
        if self.max_awards < 1:
            raise ValueError(f"max_awards={self.max_awards}: the first award counts, so at least 1")


class Bid(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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
    if type(value) is not float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        try:
            value = float(value)
        except OverflowError:
            return None
    return value if math.isfinite(value) else None


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


def gives_way(later: Bid, earlier: Bid) -> bool:
    """Whether a second bid in one name does not replace the first: only the first says nothing of its host.

    Two hosts of one name. The one that does not say which host it is serves whatever its neuron is awarded; only if
    it wins, exactly one of them works.
    """
    return bool(later.instance) and not earlier.instance


def latest_per_neuron(bids: Sequence[Bid]) -> list[Bid]:
    """One bid for each neuron, the latest that does not give way, in the place where its first one arrived."""
    latest: dict[str, Bid] = {}
    for bid in bids:
        name = bid.neuron or bid.id
        earlier = latest.get(name)
        if earlier is None or not gives_way(bid, earlier):
            latest[name] = bid
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
