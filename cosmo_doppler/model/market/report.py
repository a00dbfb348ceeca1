"""Auctions as plain values, for tables and for other programs: the same figures everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.market.compare import Comparison
from cosmo_doppler.model.market.curve import shortest_window, window_curve
from cosmo_doppler.model.market.explain import explain, verdict
from cosmo_doppler.model.market.ledger import Drift, Verdict
from cosmo_doppler.model.market.record import Calibration, Record
from cosmo_doppler.model.market.rules import rule
from cosmo_doppler.model.market.what_if import GHOST, Outcome
from cosmo_sdk.bidding import SELECTS, Bid, rank


def ranks(auction: Auction) -> dict[str, dict[str, int]]:
    """For each strategy the place of each bid, by bid id, counting from 1. Bids that do not count have none."""
    standing = auction.contenders()
    return {
        select: {bid.id: place for place, bid in enumerate(rank(standing, select), 1)} for select in SELECTS
    }


def margin(auction: Auction) -> float | None:
    """What the winner asked against the cheapest other bid, as a part of that: -0.6 is 60 % cheaper, 0.6 dearer.
    None without two prices."""
    won = auction.winning_bid
    if won is None or won.cost is None:
        return None
    others = [bid.cost for bid in auction.contenders() if bid.neuron != won.neuron and bid.cost is not None]
    if not others or not min(others):
        return None
    return (won.cost - min(others)) / min(others)


def auction_facts(auction: Auction, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Everything about an auction, JSON-ready. Times are seconds, milliseconds where the name says so."""
    standing = ranks(auction)
    findings = explain(auction)
    steps = window_curve(auction, rule("lowest_cost"))
    window_ms = auction.deadline_ms or None
    return {
        "offer_id": auction.offer_id,
        "trace_id": auction.trace_id,
        "round": auction.round,
        "producer": auction.producer or None,
        "mirror": auction.mirror.kind if auction.mirror is not None else None,
        "opened_at": auction.opened_at,
        "capabilities": auction.capabilities,
        "title": auction.title,
        "window_ms": window_ms,
        "state": auction.state,
        "winner": auction.winner or None,
        "awarded_after_ms": _ms(auction.awarded_at, auction),
        "awards": auction.awards,
        "margin": margin(auction),
        "explained_by": [finding.select for finding in findings if finding.fits != "no"],
        "verdict": verdict(findings),
        "findings": [finding._asdict() for finding in findings],
        "bids": [
            {
                "bid_id": seen.bid.id,
                "bidder": seen.bid.neuron or None,
                "after_ms": _ms(seen.at, auction),
                "cost": seen.bid.cost,
                "eta_ms": seen.bid.eta_ms,
                "confidence": seen.bid.confidence,
                "auto": seen.bid.auto,
                "state": seen.state,
                "reason": seen.bid.problem or seen.declined_reason,
                "ranks": {
                    select: places[seen.bid.id]
                    for select, places in standing.items()
                    if seen.bid.id in places
                },
            }
            for seen in auction.bids
        ],
        "what_if": {outcome.rule: outcome_facts(outcome) for outcome in outcomes},
        "window_curve": [
            {"from_ms": step.from_ms, "winner": step.winner.neuron if step.winner else None} for step in steps
        ],
        "shortest_window_ms": shortest_window(steps, window_ms) if window_ms is not None else None,
    }


def outcome_facts(outcome: Outcome) -> dict[str, Any]:
    """One rule's winner, JSON-ready."""
    return {
        "winner": outcome.winner.neuron if outcome.winner else None,
        "after_ms": outcome.after_ms,
        "value": outcome.value,
        "price": outcome.price,
        "runner_up": outcome.runner_up.neuron if outcome.runner_up else None,
        "margin": outcome.margin,
        "tie": outcome.tie,
        "same": outcome.same,
    }


def verdict_facts(verdict: Verdict) -> dict[str, Any]:
    """A verdict, JSON-ready."""
    return {
        "rounds": verdict.rounds,
        "explained": {select: verdict.explained[select] for select in SELECTS},
        "best": verdict.best,
        "unexplained": verdict.unexplained,
        "sentence": verdict.sentence(),
    }


def drift_facts(drift: Drift) -> dict[str, Any]:
    """A break with earlier awards, JSON-ready."""
    return {
        "at": drift.at,
        "offer_id": drift.offer_id,
        "before": list(drift.before),
        "rounds": drift.rounds,
        "now": list(drift.now),
        "sentence": drift.sentence(),
    }


def record_facts(record: Record) -> dict[str, Any]:
    """A bidder's promises and deliveries, JSON-ready."""
    return {
        "honesty": record.honesty,
        "wins": record.wins,
        "delivered": record.delivered,
        "failed": record.failed,
        "late": record.late,
        "timed": record.timed,
        "took_s": record.took.quantile(0.5) if record.took.count else None,
        "of_promised_time": record.slack.quantile(0.5) if record.slack.count else None,
        "of_promised_cost": record.over_cost.quantile(0.5) if record.over_cost.count else None,
        "confidence": record.confidence,
        "overconfidence": record.overconfidence,
    }


def calibration_facts(tenth: Calibration) -> dict[str, Any]:
    """A tenth of the scale of confidence, JSON-ready."""
    return {**tenth._asdict(), "share": tenth.kept / tenth.promises}


def comparison_facts(found: Comparison) -> dict[str, Any]:
    """Two rounds side by side, JSON-ready."""
    return {
        "same_need": found.same_need,
        "appeared": [bid_facts(bid) for bid in found.appeared],
        "left": [bid_facts(bid) for bid in found.left],
        "stayed": [
            {
                "before": bid_facts(move.before),
                "after": bid_facts(move.after),
                "cost": move.cost,
                "eta_ms": move.eta_ms,
                "confidence": move.confidence,
            }
            for move in found.stayed
        ],
        "winners": [winner or None for winner in found.winners],
        "prices": list(found.prices),
        "winner_changed": found.winner_changed,
    }


def bid_facts(bid: Bid) -> dict[str, Any]:
    """A bid's terms, JSON-ready."""
    return {"bidder": bid.neuron, "cost": bid.cost, "eta_ms": bid.eta_ms, "confidence": bid.confidence}


class RuleTotals(NamedTuple):
    """One rule over many auctions."""

    awarded: int
    """Auctions in which somebody really won."""
    same: int
    """Those in which that is who really won."""
    paid: float
    """What its winners are paid, together."""
    ghost: int
    """Auctions that a bid that never was would have won."""
    changed_to: list[tuple[str, int]]
    """Who would have won instead, most often first."""
    nobody: int
    """Awarded auctions in which it finds no winner: nobody bid in its window, or nobody says what it asks for."""


class Tally:
    """What rules come to over many auctions."""

    def __init__(self) -> None:
        self.auctions = 0
        self.awarded = 0
        self.bids = 0
        self.paid = 0.0
        """What the real winners asked, together."""
        self._nobody: Counter[str] = Counter()
        self._same: Counter[str] = Counter()
        self._paid: dict[str, float] = {}
        self._ghost: Counter[str] = Counter()
        self._instead: dict[str, Counter[str]] = {}

    def count(self, auction: Auction, outcomes: Sequence[Outcome]) -> None:
        """Take in an auction and who wins it under each rule."""
        self.auctions += 1
        self.bids += len(auction.bids)
        if auction.mirror is not None:
            return
        won = auction.winning_bid
        if auction.first_award is not None:
            self.awarded += 1
            self.paid += won.cost if won is not None and won.cost is not None else 0.0
        for outcome in outcomes:
            if outcome.winner is None:
                self._nobody[outcome.rule] += auction.first_award is not None
                continue
            if outcome.winner.id == GHOST:
                self._ghost[outcome.rule] += 1
            if auction.first_award is None:
                continue
            self._paid[outcome.rule] = self._paid.get(outcome.rule, 0.0) + (outcome.price or 0.0)
            if outcome.same:
                self._same[outcome.rule] += 1
            else:
                instead = self._instead.setdefault(outcome.rule, Counter())
                if len(instead) < 1_000 or outcome.winner.neuron in instead:
                    instead[outcome.winner.neuron] += 1

    def of(self, name: str) -> RuleTotals:
        """The totals of one rule."""
        return RuleTotals(
            self.awarded,
            self._same[name],
            self._paid.get(name, 0.0),
            self._ghost[name],
            self._instead.get(name, Counter()).most_common(5),
            self._nobody[name],
        )


def _ms(at: float | None, auction: Auction) -> float | None:
    return None if at is None else round((at - auction.opened_at) * 1000, 3)
