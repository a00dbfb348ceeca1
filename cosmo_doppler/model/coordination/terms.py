"""The terms of an auction that are told on a bus, and what follows from them at a moment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from cosmo_doppler.model.coordination.notice import About
from cosmo_doppler.model.coordination.reading import moment, name, whole
from cosmo_doppler.model.wording import finite

ENGLISH = "english"
DUTCH = "dutch"
SECOND_PRICE = "second_price_sealed_bid"
FIRST_PRICE = "first_price_sealed_bid"

_NAMES = {
    ENGLISH: "English",
    DUTCH: "Dutch",
    SECOND_PRICE: "sealed, second price",
    FIRST_PRICE: "sealed, first price",
}


class Terms(NamedTuple):
    """How an auction is held, as far as bidders may know. Amounts are as its store tells them."""

    auction_id: str
    kind: str
    """english, dutch, first_price_sealed_bid, second_price_sealed_bid; as said, not yet safe for a terminal."""
    reverse: bool
    """The lowest amount is the best one."""
    live: bool = False
    """Workers of the bus bid in it themselves; otherwise its signals are copies, for observers only."""
    start: float | None = None
    increment: float = 0.0
    step: float | None = None
    step_ms: int | None = None
    limit: float | None = None
    opened_ms: int | None = None
    closes_ms: int | None = None
    leading: float | None = None
    """English on a bus: what leads when a round is opened."""
    min_next: float | None = None
    """English on a bus: what it takes to lead, in this round."""

    @property
    def sealed(self) -> bool:
        """Whether nobody sees what others bid."""
        return self.kind in (FIRST_PRICE, SECOND_PRICE)

    @property
    def called(self) -> str:
        """Its kind in a few words; not yet safe for a terminal."""
        return _NAMES.get(self.kind, self.kind or "auction")


def terms_of(about: About, said: dict[str, Any]) -> Terms:
    """The terms in an offer, or in a snapshot.

    Args:
        about: what the signal is about.
        said: `payload.input` of an offer that a mirror made, or a snapshot; empty for a live one.
    """
    of_bus = about.facts
    return Terms(
        about.subject,
        name(said.get("auction_type") or of_bus.get("auction_type"))[:40],
        # Work on a bus is always bought.
        about.live or said.get("direction") == "reverse",
        about.live,
        finite(said.get("start")),
        finite(said.get("increment")) or 0.0,
        finite(said.get("step")),
        whole(said.get("step_ms")),
        finite(said.get("limit")),
        moment(said.get("opened_ms")),
        moment(said.get("closes_ms")),
        finite(of_bus.get("leading")),
        finite(of_bus.get("min_next")),
    )


def clock_price(terms: Terms, now: float) -> float | None:
    """What a Dutch auction asks at a moment (COORDINATION 11.4); None when it has no clock, or has not begun.

    Args:
        terms: of the auction.
        now: epoch seconds, on its store's clock.
    """
    ticks = _ticks(terms, now)
    if ticks is None or terms.start is None or terms.step is None:
        return None
    start, step = Decimal(str(terms.start)), Decimal(str(terms.step))
    if terms.reverse:
        price = start + step * ticks
        return float(price if terms.limit is None else min(Decimal(str(terms.limit)), price))
    return float(max(Decimal(str(terms.limit or 0)), start - step * ticks))


def to_next_tick(terms: Terms, now: float) -> float | None:
    """Seconds until the clock of a Dutch auction moves; None when it moves no more."""
    ticks, price = _ticks(terms, now), clock_price(terms, now)
    if (
        ticks is None
        or terms.opened_ms is None
        or not terms.step_ms
        or price is None
        or price == last_price(terms)
    ):
        return None
    return (terms.opened_ms + (ticks + 1) * terms.step_ms) / 1000 - now


def last_price(terms: Terms) -> float | None:
    """Where the clock of a Dutch auction stops."""
    return terms.limit if terms.reverse else terms.limit or 0.0


def least_next(terms: Terms, leading: float | None) -> float | None:
    """What the next bid of an English auction must reach (with increment 0: be better than); None for any.

    Args:
        terms: of the auction.
        leading: the best bid so far; None when there is none.
    """
    if leading is None:
        return terms.min_next if terms.min_next is not None else terms.start
    step = Decimal(str(terms.increment))
    return float(Decimal(str(leading)) - step if terms.reverse else Decimal(str(leading)) + step)


def _ticks(terms: Terms, now: float) -> int | None:
    if terms.kind != DUTCH or terms.opened_ms is None or terms.step_ms is None or terms.step_ms < 1:
        return None
    return max(0, (int(now * 1000) - terms.opened_ms) // terms.step_ms)
