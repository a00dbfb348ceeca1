"""What `cosmo auctions` prints: tables for people, one JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cosmo_doppler.cli.auction_page import TITLES, name_of
from cosmo_doppler.cli.figures import NONE, Col, heading, line, price, share
from cosmo_doppler.cli.output import show, show_all, show_json
from cosmo_doppler.model.market import report
from cosmo_doppler.model.market.what_if import Outcome
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.words import many

if TYPE_CHECKING:
    from cosmo_doppler.cli.auction_reading import Reading
    from cosmo_doppler.cli.auctions import Questions
    from cosmo_doppler.model.auctions import Auction
    from cosmo_doppler.model.market.honesty import Honesty

MOST_BIDDERS = 20
"""Bidders listed under the promises."""


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
        *(name_of(auction, outcome) for outcome in outcomes),
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
        same = f"{totals.same:,} of {totals.awarded:,}" if totals.awarded else NONE
        cells = [name, same, price(totals.paid)]
        cells += [f"{totals.ghost}"] if questions.ghosts else []
        instead = [f"{safe(who, 40)} {count}" for who, count in totals.changed_to]
        instead += [f"nobody {totals.nobody:,}"] if totals.nobody else []
        yield line(columns, [*cells, ", ".join(instead)])


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
