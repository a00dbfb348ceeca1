"""What an auction would have been, had nobody held, changed or dropped its bids on their way. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from cosmo_doppler.model.auctions import Auction, SeenBid
from cosmo_doppler.model.interventions import Intervention, Interventions
from cosmo_doppler.model.wording import finite
from cosmo_sdk.bidding import SELECTS, Bid, Select, choose_winner, latest_per_neuron


def without_hands(auction: Auction, by_hand: Interventions) -> dict[Select, str]:
    """Who would have won by each strategy, had every bid come as it was sent: dropped ones too.

    Bids keep the order in which they came, so for `first_bid` this is no more than a guess where bids were held.
    """
    bids = as_sent(auction, by_hand)
    won = {select: choose_winner(bids, select) for select in SELECTS}
    return {select: bid.neuron if bid is not None else "" for select, bid in won.items()}


def as_sent(auction: Auction, by_hand: Interventions) -> list[Bid]:
    """The bids that would have been weighed, as their bidders sent them."""
    weighed = {bid.id for bid in auction.contenders()}
    sent = []
    for seen in auction.all_bids:
        done = by_hand.of(seen.bid.id)
        if seen.bid.id in weighed or (done is not None and _kept_from_it(seen, done, auction)):
            sent.append(_undone(seen.bid, done))
    return latest_per_neuron(sent)


def _kept_from_it(seen: SeenBid, done: Intervention, auction: Auction) -> bool:
    """Whether a bid that was in time when it was held did not count for that alone."""
    in_time = done.at <= auction.closes_at - auction.held_s
    return in_time and not seen.bid.problem and seen.state in ("dropped", "late")


def _undone(bid: Bid, done: Intervention | None) -> Bid:
    """A bid as it was before somebody changed it."""
    if done is None or done.kind != "edited":
        return bid
    before: dict[str, object] = {}
    for each in done.changes:
        field = each.path.removeprefix("payload.")
        if field in ("cost", "confidence"):
            before[field] = finite(_number(each.before))
        elif field == "eta_ms":
            number = finite(_number(each.before))
            before[field] = None if number is None else int(number)
    return replace(bid, **before) if before else bid


def _number(text: str) -> float | None:
    """A number as a difference tells it; `nothing` is none."""
    try:
        return float(text)
    except ValueError:
        return None
