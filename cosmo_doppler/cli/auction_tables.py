"""What `cosmo auctions` prints: tables for people, one JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cosmo_doppler.cli.output import show, show_all, show_json
from cosmo_doppler.model.market import report
from cosmo_doppler.model.market.curve import shortest_window, window_curve, winner_at
from cosmo_doppler.model.market.explain import explain
from cosmo_doppler.model.market.rules import rule
from cosmo_doppler.model.market.what_if import Outcome
from cosmo_doppler.model.wording import finite
from cosmo_doppler.tui.safe import pad, safe, short_id
from cosmo_doppler.tui.words import many

if TYPE_CHECKING:
    from cosmo_doppler.cli.auctions import Questions, Reading
    from cosmo_doppler.model.auctions import Auction
    from cosmo_doppler.model.market.compare import Comparison
    from cosmo_doppler.model.market.honesty import Honesty

TITLES = {
    "first_bid": "FIRST",
    "lowest_cost": "CHEAPEST",
    "highest_confidence": "SUREST",
    "second_price": "2ND PRICE",
    "score": "SCORE",
}
"""Short names of rules, as column titles."""

MOST_BIDDERS = 20
"""Bidders listed under the promises."""

NONE = "-"


class Col(NamedTuple):
    """A column of a table of text."""

    title: str
    width: int
    """0 for the last one, which is as wide as it needs."""
    right: bool = False


def line(columns: Sequence[Col], cells: Iterable[str]) -> str:
    """One row."""
    placed = [
        pad(cell, column.width, right=column.right) if column.width else cell
        for column, cell in zip(columns, cells, strict=True)
    ]
    return "  ".join(placed).rstrip()


def heading(columns: Sequence[Col]) -> str:
    """The row of titles."""
    return line(columns, [column.title for column in columns])


# -- figures


def price(value: float | None) -> str:
    """A price with four decimals, more where they are needed."""
    if value is None:
        return NONE
    return f"{value:.4f}" if value == 0 or abs(value) >= 0.001 else f"{value:.3g}"


def milliseconds(value: float | None) -> str:
    """A span in milliseconds."""
    return NONE if value is None else f"{value:.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def share(value: float | None, *, signed: bool = False) -> str:
    """A part of one, in per cent."""
    return NONE if value is None else f"{value:+.0%}" if signed else f"{value:.0%}"


def plain(value: float | None) -> str:
    """Any figure, four significant digits."""
    return NONE if value is None else f"{value:.4g}"


def name_of(outcome: Outcome) -> str:
    """Who wins under a rule, with a mark where that is not who really won."""
    if outcome.winner is None:
        return NONE
    return safe(outcome.winner.neuron, 60) + ("" if outcome.same else "*")


# -- all auctions


def show_all_auctions(reading: Reading, questions: Questions) -> None:
    """One line for each auction, then what they come to."""
    columns = [
        Col("OFFER", 8),
        Col("NEED", 14),
        Col("BIDS", 4, right=True),
        Col("WINDOW", 6, right=True),
        Col("WINNER", 14),
        Col("MARGIN", 6, right=True),
        *(Col(TITLES[name], 10) for name in questions.rules),
        Col("EXPLAINED BY", 0),
    ]
    tally = report.Tally()

    def rows() -> Iterator[str]:
        for auction in reading.auctions():
            outcomes = questions.outcomes(auction, reading)
            tally.count(auction, outcomes)
            if tally.auctions == 1:
                yield heading(columns)
            yield line(columns, _row(auction, outcomes))

    show_all(rows())
    if not tally.auctions:
        show("no auction: nobody published a TASK_OFFER")
        return
    show_all(_totals(tally, questions))
    show_all(_verdicts(reading))
    show_all(_promises(reading.market.honesty))


def _row(auction: Auction, outcomes: list[Outcome]) -> list[str]:
    need = auction.mirror.kind if auction.mirror is not None else ", ".join(auction.capabilities)
    winner = safe(auction.winner, 60) or f"({auction.state})"
    fitting = auction.explained_by()
    why = " or ".join(fitting) if fitting else "no known strategy" if auction.first_award else NONE
    if auction.mirror is not None:
        why = "a mirror: its own rules"
    return [
        short_id(auction.offer_id),
        safe(need, 60) or "anything",
        f"{len(auction.bids)}",
        f"{auction.deadline_ms}" if auction.deadline_ms else NONE,
        winner,
        share(report.margin(auction), signed=True),
        *map(name_of, outcomes),
        "any strategy" if len(fitting) == 3 else why,
    ]


def _totals(tally: report.Tally, questions: Questions) -> Iterator[str]:
    columns = [Col("RULE", 18), Col("SAME WINNER", 18, right=True), Col("PAID", 10, right=True)]
    columns += [Col("GHOST WINS", 10, right=True)] if questions.ghosts else []
    columns.append(Col("INSTEAD", 0))
    yield ""
    yield f"{many(tally.auctions, 'auction')}, {tally.awarded:,} awarded, {many(tally.bids, 'bid')}, paid {price(tally.paid)}"
    yield ""
    yield heading(columns)
    for name in questions.rules:
        totals = tally.of(name)
        cells = [name, f"{totals.same:,} of {totals.decided:,}", price(totals.paid)]
        cells += [f"{totals.ghost}"] if questions.ghosts else []
        instead = ", ".join(f"{safe(who, 40)} {count}" for who, count in totals.changed_to)
        yield line(columns, [*cells, instead])


def _verdicts(reading: Reading) -> Iterator[str]:
    ledger = reading.market.ledger
    if ledger.desks:
        yield ""
        yield "WHY"
    for desk, verdict in ledger.desks.items():
        lost = f", {verdict.unexplained} unexplained" if verdict.unexplained else ""
        yield f"{safe(str(desk), 80)}: {verdict.sentence()}{lost}"
    for drift in ledger.drifts:
        yield f"! {short_id(drift.offer_id)}: {safe(drift.sentence(), 240)}"
    if ledger.unjudged:
        yield f"{ledger.unjudged} awards of further producers were not judged"


def _promises(honesty: Honesty) -> Iterator[str]:
    ranked = honesty.ranked()
    if not ranked:
        return
    columns = [
        Col("BIDDER", 18),
        Col("KEPT", 5, right=True),
        Col("WINS", 5, right=True),
        Col("FAILED", 6, right=True),
        Col("LATE", 13, right=True),
        Col("TIME", 6, right=True),
        Col("COST", 6, right=True),
        Col("SURE", 5, right=True),
        Col("RIGHT", 5, right=True),
    ]
    yield ""
    yield "PROMISES, least kept first (TIME and COST: taken as a multiple of promised)"
    yield heading(columns)
    for name, record in ranked[:MOST_BIDDERS]:
        yield line(
            columns,
            [
                safe(name, 60),
                share(record.honesty),
                f"{record.wins}",
                f"{record.failed}",
                f"{record.late:,}/{record.timed:,}" if record.timed else NONE,
                _times(record.slack.quantile(0.5) if record.slack.count else None),
                _times(record.over_cost.quantile(0.5) if record.over_cost.count else None),
                share(record.confidence),
                share(record.success),
            ],
        )
    if len(ranked) > MOST_BIDDERS:
        yield f"and {len(ranked) - MOST_BIDDERS} more"


def _times(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}x"


# -- one auction


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
    for number, seen in enumerate(auction.bids, 1):
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
    show_all(_what_if(questions.outcomes(auction, reading)))
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


def _what_if(outcomes: list[Outcome]) -> Iterator[str]:
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
                name_of(outcome),
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


# -- two auctions


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


# -- JSON


def show_auction_json(auction: Auction, reading: Reading, questions: Questions) -> None:
    """One auction as a JSON object."""
    verdict = reading.market.ledger.verdict(auction)
    facts = report.auction_facts(auction, questions.outcomes(auction, reading))
    facts["producer_verdict"] = report.verdict_facts(verdict) if verdict is not None else None
    show_json(facts)


def show_all_json(reading: Reading, questions: Questions) -> None:
    """Everything as one JSON object; the auctions first, each on a line, as they are read."""
    tally = report.Tally()

    def rows() -> Iterator[str]:
        yield '{"auctions": ['
        held = ""
        for auction in reading.auctions():
            outcomes = questions.outcomes(auction, reading)
            tally.count(auction, outcomes)
            if held:
                yield f"{held},"
            held = json.dumps(report.auction_facts(auction, outcomes))
        if held:
            yield held
        yield f"], {json.dumps(_summary(reading, questions, tally))[1:]}"

    show_all(rows())


def _summary(reading: Reading, questions: Questions, tally: report.Tally) -> dict[str, Any]:
    ledger, honesty = reading.market.ledger, reading.market.honesty
    return {
        "count": tally.auctions,
        "awarded": tally.awarded,
        "bids": tally.bids,
        "paid": tally.paid,
        "rules": {name: tally.of(name)._asdict() for name in questions.rules},
        "verdicts": [
            {"producer": str(desk), **report.verdict_facts(verdict)} for desk, verdict in ledger.desks.items()
        ],
        "drifts": [report.drift_facts(drift) for drift in ledger.drifts],
        "promises": [{"bidder": name, **report.record_facts(record)} for name, record in honesty.ranked()],
        "calibration": [report.calibration_facts(tenth) for tenth in honesty.calibration()],
    }
