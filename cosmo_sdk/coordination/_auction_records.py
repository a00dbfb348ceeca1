"""What an auction is: its rules as people write them, as they are computed with, and the record of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct, field

from cosmo_sdk.coordination._codec import Index, record
from cosmo_sdk.coordination._values import (
    Amount,
    check_amount,
    check_choice,
    check_count,
    check_id,
    to_ms,
)


class AuctionType:
    """The kinds of auctions."""

    FIRST_PRICE_SEALED_BID = "first_price_sealed_bid"
    SECOND_PRICE_SEALED_BID = "second_price_sealed_bid"
    ENGLISH = "english"
    DUTCH = "dutch"


AUCTION_TYPES = (
    AuctionType.FIRST_PRICE_SEALED_BID,
    AuctionType.SECOND_PRICE_SEALED_BID,
    AuctionType.ENGLISH,
    AuctionType.DUTCH,
)


class AuctionRules(Struct, frozen=True, kw_only=True):
    """How an auction is held. Amounts are int, float or Decimal, and computed exactly.

    Attributes:
        direction: `forward` sells to the highest bid; `reverse` buys from the lowest.
        reserve: the worst price that is acceptable. Kept back, except in a Dutch auction without `limit`.
        start: English: the first bid must be as good. Dutch: where the clock begins.
        increment: English: how much better each next bid must be; 0 means any better.
        step: Dutch: how far the price moves with each tick.
        step_s: Dutch: seconds between ticks.
        limit: Dutch: where the clock stops; the reserve, or 0 when selling, unless given.
        duration_s: seconds until bids are refused.
        soft_close_s: English: a bid this close to the end, in seconds, moves the end to as much later.
        rebid: sealed: another bid of an agent `replace`s its own, must `improve` it, or comes in vain (`once`).
        tie_break: sealed: of equal bids the `earliest` wins, the smallest `agent_id`, or one by lot (`random`).
        seed: of that lot, together with the auction's id.
        min_bidders: valid bids (English: bidders) it takes to sell.
        eligible: who may bid; everybody unless given.
        ignore_auto_bids: for auctions on the bus: what a worker bids by itself counts only when nobody else bids.
    """

    direction: Literal["forward", "reverse"] = "forward"
    reserve: Amount | None = None
    start: Amount | None = None
    increment: Amount = 0
    step: Amount | None = None
    step_s: float | None = None
    limit: Amount | None = None
    duration_s: float | None = None
    soft_close_s: float = 0
    rebid: Literal["replace", "improve", "once"] = "replace"
    tie_break: Literal["earliest", "agent_id", "random"] = "earliest"
    seed: int = 0
    min_bidders: int = 1
    eligible: tuple[str, ...] | list[str] | None = None
    ignore_auto_bids: bool = True


class Terms(Struct, frozen=True, omit_defaults=True):
    """Rules that were checked, in exact amounts and milliseconds."""

    reverse: bool = False
    reserve: Decimal | None = None
    start: Decimal | None = None
    increment: Decimal = Decimal(0)
    step: Decimal | None = None
    step_ms: int | None = None
    limit: Decimal | None = None
    lasts_ms: int | None = None
    soft_close_ms: int = 0
    rebid: str = "replace"
    tie_break: str = "earliest"
    seed: int = 0
    min_bidders: int = 1
    eligible: list[str] | None = None

    @property
    def direction(self) -> str:
        """`forward` or `reverse`."""
        return "reverse" if self.reverse else "forward"

    def better(self, one: Decimal, other: Decimal) -> bool:
        """Whether one amount beats another."""
        return one < other if self.reverse else one > other

    def reaches(self, amount: Decimal, least: Decimal | None) -> bool:
        """Whether an amount is at least as good as what is asked for."""
        return least is None or not self.better(least, amount)

    def key(self, amount: Decimal) -> Decimal:
        """Sorts the best first."""
        return amount if self.reverse else -amount


class PlacedBid(Struct, omit_defaults=True):
    """The bid of one agent that counts.

    Attributes:
        agent: whose.
        amount: how much.
        place: its place in the order of bids.
        content: what came with it, JSON.
        event_id: the event that told of it.
    """

    agent: str
    amount: Decimal
    place: int
    content: Any = None
    event_id: str | None = None


class AuctionResult(Struct, kw_only=True):
    """What an auction came to.

    Attributes:
        status: `sold`, `unsold` or `cancelled`.
        reason: `sold`, `no_bids`, `below_reserve`, `too_few_bidders`, or `cancelled`.
        winner: who gets it.
        price: what the winner pays; in a reverse auction, is paid.
        runner_up: who comes next.
        bids: `(agent, amount)` of everybody, the best first.
        rounds: bids that were accepted.
        degenerate: no other bid and no reserve could set the price, so the winner is paid what it asked for.
    """

    status: str
    reason: str
    winner: str | None = None
    price: float | None = None
    runner_up: str | None = None
    bids: list[tuple[str, float]] = []
    rounds: int = 0
    degenerate: bool = False


def _index(auction: Auction) -> Index:
    is_open = auction.result is None
    return Index(
        "auction", "open" if is_open else auction.status, lease_ms=auction.closes_ms if is_open else None
    )


@record("auction", _index)
class Auction(Struct, dict=True, omit_defaults=True):
    """An auction as it is kept.

    Attributes:
        id: chosen or generated.
        type: one of `AuctionType`.
        terms: how it is held.
        lot: what it is about, JSON.
        opened_ms: when it began, epoch milliseconds.
        closes_ms: from when on bids are refused, epoch milliseconds.
        bids: the bid of each agent that counts.
        rounds: bids that were accepted.
        price: Dutch: the clock when it was sold.
        result: what it came to; None while it is open.
        trace_id: the trace its events belong to.
        root_event_id: the event that told of its opening.
    """

    id: str
    type: str
    terms: Terms = field(default_factory=Terms)
    lot: Any = None
    opened_ms: int = 0
    closes_ms: int | None = None
    bids: dict[str, PlacedBid] = {}
    rounds: int = 0
    price: Decimal | None = None
    result: AuctionResult | None = None
    trace_id: str | None = None
    root_event_id: str | None = None

    @property
    def status(self) -> str:
        """`open`, `sold`, `unsold` or `cancelled`."""
        return "open" if self.result is None else self.result.status

    @property
    def sealed(self) -> bool:
        """Whether bids are kept back until it has ended."""
        return self.type in (AuctionType.FIRST_PRICE_SEALED_BID, AuctionType.SECOND_PRICE_SEALED_BID)

    def ranked(self) -> list[PlacedBid]:
        """The bids, the best first; of equal ones the earliest."""
        return sorted(self.bids.values(), key=lambda bid: (self.terms.key(bid.amount), bid.place))


def check_rules(auction_type: str, rules: AuctionRules) -> Terms:
    """Rules as they are computed with.

    Raises:
        ValueError: an unknown type or word, or numbers that make no sense together.
        TypeError: no AuctionRules, or a value of the wrong type.
    """
    check_choice("auction_type", auction_type, AUCTION_TYPES)
    if not isinstance(rules, AuctionRules):
        raise TypeError(f"an auction takes AuctionRules, not {type(rules).__name__}")
    amounts = {
        name: None if getattr(rules, name) is None else check_amount(name, getattr(rules, name))
        for name in ("reserve", "start", "step", "limit")
    }
    terms = Terms(
        reverse=check_choice("direction", rules.direction, ("forward", "reverse")) == "reverse",
        **amounts,
        increment=check_amount("increment", rules.increment),
        step_ms=None if rules.step_s is None else to_ms("step_s", rules.step_s),
        lasts_ms=None if rules.duration_s is None else to_ms("duration_s", rules.duration_s),
        soft_close_ms=to_ms("soft_close_s", rules.soft_close_s),
        rebid=check_choice("rebid", rules.rebid, ("replace", "improve", "once")),
        tie_break=check_choice("tie_break", rules.tie_break, ("earliest", "agent_id", "random")),
        seed=_seed(rules.seed),
        min_bidders=check_count("min_bidders", rules.min_bidders),
        eligible=_eligible(rules.eligible),
    )
    return _dutch(terms) if auction_type == AuctionType.DUTCH else terms


def _eligible(agents: Any) -> list[str] | None:
    if isinstance(agents, str):
        raise TypeError("eligible must be a list of agents, not one str")
    return None if agents is None else sorted({check_id("agent", each) for each in agents})


def _seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"seed must be an int, not {type(seed).__name__}")
    if not -(1 << 63) <= seed < 1 << 63:
        raise ValueError(f"seed {seed} does not fit into 64 bits")
    return seed


def _dutch(terms: Terms) -> Terms:
    """The terms of a Dutch auction, with the place where its clock stops."""
    if terms.start is None or not terms.step or not terms.step_ms:
        raise ValueError(
            "a Dutch auction needs start, step above 0, and step_s of at least a millisecond: "
            'BiddingProtocol.with_rules(AuctionRules(start=..., step=..., step_s=...), auction_type="dutch")'
        )
    limit = terms.limit if terms.limit is not None else terms.reserve
    if limit is None:
        if terms.reverse:
            raise ValueError(
                "a reverse Dutch auction needs limit or reserve: otherwise its price rises without end"
            )
        limit = Decimal(0)
    if not terms.reaches(terms.start, limit):
        raise ValueError(f"start={terms.start} is beyond limit={limit}: the clock could not move")
    if not terms.reaches(limit, terms.reserve):
        raise ValueError(f"limit={limit} is worse than reserve={terms.reserve}: the clock would pass it")
    fields = {name: getattr(terms, name) for name in terms.__struct_fields__}
    return Terms(**{**fields, "limit": limit})
