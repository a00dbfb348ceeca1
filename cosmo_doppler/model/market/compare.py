"""Two rounds side by side: who came, who left, whose price moved, and whether somebody else won."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cosmo_sdk.bidding import Bid

if TYPE_CHECKING:
    from cosmo_doppler.model.auctions import Auction


class Move(NamedTuple):
    """What one bidder bid in both rounds."""

    before: Bid
    after: Bid

    @property
    def cost(self) -> float | None:
        """How its price moved; None when it did not name one both times."""
        return _change(self.before.cost, self.after.cost)

    @property
    def eta_ms(self) -> float | None:
        """How its promised time moved, milliseconds."""
        return _change(self.before.eta_ms, self.after.eta_ms)

    @property
    def confidence(self) -> float | None:
        """How its confidence moved."""
        return _change(self.before.confidence, self.after.confidence)


class Comparison(NamedTuple):
    """What changed from one round to another."""

    same_need: bool
    """Both ask for the same capabilities; else prices say little."""
    appeared: list[Bid]
    """Only in the second round, by arrival."""
    left: list[Bid]
    """Only in the first round, by arrival."""
    stayed: list[Move]
    """In both, by arrival in the second."""
    winners: tuple[str, str]
    """Who won each; empty for nobody."""
    prices: tuple[float | None, float | None]
    """What each winner asked."""

    @property
    def winner_changed(self) -> bool:
        """Somebody else won, or nobody, or somebody at last."""
        return self.winners[0] != self.winners[1]


def compare(before: Auction, after: Auction) -> Comparison:
    """Hold two rounds against each other, by the bids that were weighed in each."""
    first = {bid.neuron: bid for bid in before.contenders()}
    second = {bid.neuron: bid for bid in after.contenders()}
    return Comparison(
        same_need=sorted(before.capabilities) == sorted(after.capabilities),
        appeared=[bid for name, bid in second.items() if name not in first],
        left=[bid for name, bid in first.items() if name not in second],
        stayed=[Move(first[name], bid) for name, bid in second.items() if name in first],
        winners=(before.winner, after.winner),
        prices=(_asked(before), _asked(after)),
    )


def in_words(comparison: Comparison) -> str:
    """Who won which time, and how the price moved, in one sentence; not yet safe for a terminal."""
    before, after = (
        f"{winner} at {price:g}" if winner and price is not None else winner or "nobody"
        for winner, price in zip(comparison.winners, comparison.prices, strict=True)
    )
    if comparison.winner_changed:
        return f"{after} won, before it was {before}"
    if not comparison.winners[0]:
        return "nobody won, as before"
    first, second = comparison.prices
    if first is None or second is None or first == second:
        return f"{after} won, as before"
    return f"{after} won again, {'cheaper' if second < first else 'dearer'} than {first:g}"


def _asked(auction: Auction) -> float | None:
    return next((seen.bid.cost for seen in auction.bids if seen.state == "won"), None)


def _change(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before
