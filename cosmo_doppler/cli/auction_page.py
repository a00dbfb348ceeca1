"""One auction with all that can be told about it, or two side by side, as tables of text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from cosmo_doppler.cli.figures import NONE, Col, heading, line, milliseconds, plain, price
from cosmo_doppler.cli.output import show, show_all, show_json
from cosmo_doppler.model.market import report
from cosmo_doppler.model.market.curve import shortest_window, window_curve, winner_at
from cosmo_doppler.model.market.explain import explain
from cosmo_doppler.model.market.rules import rule
from cosmo_doppler.model.market.what_if import Outcome, instead
from cosmo_doppler.model.wording import finite
from cosmo_doppler.tui.safe import safe, short_id

if TYPE_CHECKING:
    from cosmo_doppler.cli.auction_reading import Reading
    from cosmo_doppler.cli.auctions import Questions
    from cosmo_doppler.model.auctions import Auction
    from cosmo_doppler.model.market.compare import Comparison

TITLES = {
    "first_bid": "FIRST",
    "lowest_cost": "CHEAPEST",
    "highest_confidence": "SUREST",
    "second_price": "2ND PRICE",
    "score": "SCORE",
}
"""Short names of rules, as column titles."""


def name_of(auction: Auction, outcome: Outcome) -> str:
    """Who wins under a rule, with a mark where somebody else really won."""
    if outcome.winner is None:
        return NONE
    return safe(outcome.winner.neuron, 60) + ("*" if instead(auction, outcome) else "")


def show_one_auction(auction: Auction, reading: Reading, questions: Questions) -> None:
    """Its bids, why its winner won, and who would have otherwise."""
    columns = [
        Col("#", 3, right=True),
        Col("BIDDER", 18),
        Col("AFTER MS", 9, right=True),
        Col("COST", 10, right=True),
        Col("ETA MS", 7, right=True),
        Col("CONF", 5, right=True),
        Col("STATE", 9),
        *(Col(TITLES[name], 8, right=True) for name in ("first_bid", "lowest_cost", "highest_confidence")),
        Col("", 0),
    ]
    need = safe(", ".join(auction.capabilities), 200) or "anything"
    window = f"{auction.deadline_ms} ms" if auction.deadline_ms else "none"
    show(f"offer {short_id(auction.offer_id)}  needs {need}  window {window}  {auction.state}")
    if auction.title:
        show(safe(auction.title, 200))
    show("")
    show(heading(columns))
    places = report.ranks(auction)
    for number, seen in enumerate(auction.all_bids, 1):
        bid = seen.bid
        standing = [places[select].get(bid.id) for select in places]
        show(
            line(
                columns,
                [
                    f"{number}",
                    safe(bid.neuron, 60) or "(nobody)",
                    milliseconds((seen.at - auction.opened_at) * 1000),
                    price(bid.cost),
                    NONE if bid.eta_ms is None else f"{bid.eta_ms}",
                    NONE if bid.confidence is None else f"{bid.confidence:.2f}",
                    seen.state,
                    *(NONE if place is None else f"{place}" for place in standing),
                    ("auto " if bid.auto else "") + safe(bid.problem or seen.declined_reason, 80),
                ],
            )
        )
    show_all(_why(auction, reading))
    show_all(_what_if(auction, questions.outcomes(auction, reading)))
    show_all(_curve(auction))


def _why(auction: Auction, reading: Reading) -> Iterator[str]:
    findings = explain(auction)
    if not findings:
        return
    yield ""
    yield "WHY"
    for finding in findings:
        yield f"{finding.select:<18}  {finding.fits:<5}  {safe(finding.why, 120)}"
    verdict = reading.market.ledger.verdict(auction)
    if verdict is not None:
        yield f"{verdict.sentence()} rounds like this"


def _what_if(auction: Auction, outcomes: list[Outcome]) -> Iterator[str]:
    columns = [
        Col("WHAT IF", 18),
        Col("WINNER", 18),
        Col("BY", 9, right=True),
        Col("PAID", 10, right=True),
        Col("MARGIN", 9, right=True),
        Col("RUNNER-UP", 0),
    ]
    yield ""
    yield heading(columns)
    for outcome in outcomes:
        second = safe(outcome.runner_up.neuron, 60) if outcome.runner_up else NONE
        yield line(
            columns,
            [
                outcome.rule,
                name_of(auction, outcome),
                plain(outcome.value),
                price(outcome.price),
                plain(outcome.margin),
                f"{second}, a tie" if outcome.tie else second,
            ],
        )


def _curve(auction: Auction) -> Iterator[str]:
    for name in ("lowest_cost", "highest_confidence"):
        steps = window_curve(auction, rule(name))
        if not steps:
            continue
        shown = "  ".join(
            f"{milliseconds(step.from_ms)} ms {safe(step.winner.neuron, 40) if step.winner else 'nobody'}"
            for step in steps[:12]
        )
        yield ""
        yield f"window, {name}: {shown}" + (f"  and {len(steps) - 12} more" if len(steps) > 12 else "")
        shortest = shortest_window(steps, auction.deadline_ms) if auction.deadline_ms else None
        step = winner_at(steps, auction.deadline_ms)
        if shortest is not None and step is not None and step.winner is not None:
            winner = safe(step.winner.neuron, 40)
            yield f"  {milliseconds(shortest)} ms are enough for {winner} to win"


def show_comparison(before: Auction, after: Auction, as_json: bool) -> None:
    """Two auctions side by side."""
    from cosmo_doppler.model.market.compare import compare

    found = compare(before, after)
    if as_json:
        ids = {"before": before.offer_id, "after": after.offer_id}
        show_json({**ids, **report.comparison_facts(found)})
        return
    show(f"{short_id(before.offer_id)} -> {short_id(after.offer_id)}")
    if not found.same_need:
        show("they ask for different capabilities, so prices say little")
    first, second = (safe(winner, 60) or "nobody" for winner in found.winners)
    paid = f"{price(found.prices[0])} -> {price(found.prices[1])}"
    show(f"winner  {first} -> {second}  {paid}" if found.winner_changed else f"winner  {first} again  {paid}")
    columns = [Col("", 8), Col("BIDDER", 18), Col("COST", 24), Col("ETA MS", 18), Col("CONF", 0)]
    show("")
    show(heading(columns))
    show_all(_changes(found, columns))


def _changes(found: Comparison, columns: Sequence[Col]) -> Iterator[str]:
    for move in found.stayed:
        one, other = move.before, move.after
        yield line(
            columns,
            [
                "stayed",
                safe(other.neuron, 60),
                _moved(one.cost, other.cost, price),
                _moved(finite(one.eta_ms), finite(other.eta_ms), plain),
                _moved(one.confidence, other.confidence, plain),
            ],
        )
    for word, bids in (("appeared", found.appeared), ("left", found.left)):
        for bid in bids:
            yield line(
                columns,
                [
                    word,
                    safe(bid.neuron, 60),
                    price(bid.cost),
                    plain(finite(bid.eta_ms)),
                    plain(bid.confidence),
                ],
            )


def _moved(before: float | None, after: float | None, say: Callable[[float | None], str]) -> str:
    return say(after) if before == after else f"{say(before)} -> {say(after)}"
