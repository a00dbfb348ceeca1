"""What the bids and the award of an auction say between the lines, each in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.segment import Segment

from cosmo_doppler.model.auctions import Auction, SeenBid
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.market.by_hand import without_hands
from cosmo_doppler.model.market.curve import shortest_window, window_curve
from cosmo_doppler.model.market.explain import Finding, explain
from cosmo_doppler.model.market.ledger import desk_of
from cosmo_doppler.model.market.rules import rule
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.bid_table import MOST_LOOKED_AT, lateness
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, place
from cosmo_sdk.bidding import Bid, Select, choose_winner

LABEL = 14
"""Cells of the label in front of a remark."""

MOST = 40
"""Remarks on single bids at the most; how many more there are is said."""

_ODD = frozenset({"late", "invalid", "duplicate", "revoked"})
_USUAL = frozenset({"", "not selected", "late"})
"""Reasons of declines that need no words."""

_FIELDS: dict[Select, str] = {"lowest_cost": "cost", "highest_confidence": "confidence"}


class Remark(NamedTuple):
    """Something an observer can tell about an auction. Texts are safe."""

    label: str
    who: str
    """Stands in bold before the text."""
    text: str
    warns: bool = False
    """Something is wrong here."""


def remarks(auction: Auction, board: Board) -> list[Remark]:
    """Everything there is to say, most telling first."""
    found = [*_by_hand(auction, board), *_explained(auction, board)]
    if auction.terms is None:
        found += [*_against_best(auction), *_ties(auction)]
    found += _shape(auction, board)
    odd = [seen for seen in auction.bids if seen.state in _ODD or seen.declined_reason not in _USUAL]
    for seen in odd[:MOST]:
        found += _single_bid(seen, auction)
    if len(odd) > MOST:
        found.append(Remark("", "", f"and {len(odd) - MOST} more bids like these"))
    return found


def line(remark: Remark, width: int, ink: Ink) -> list[Segment]:
    """A remark as a line."""
    label = ink.failure if remark.warns else ink.dim
    who: Cell = [(f"{remark.who}  ", ink.bold)] if remark.who else []
    sign = "! " if remark.warns else ""
    text = ink.plain if remark.label else ink.dim
    return place([(f"{sign}{remark.label}".ljust(LABEL), label), *who, (remark.text, text)], width)


def _by_hand(auction: Auction, board: Board) -> Iterator[Remark]:
    """What somebody did to its bids on their way, and who would have won without that."""
    touched = False
    for seen in [*auction.dropped[:MOST], *auction.bids[:MOST_LOOKED_AT]]:
        done = board.by_hand.of(seen.bid.id)
        if done is None:
            continue
        touched |= done.kind in ("edited", "dropped")
        name = safe(seen.bid.neuron, 60) or "somebody"
        yield Remark("by hand", name, safe(done.clause(), 200), warns=done.kind in ("edited", "dropped"))
    if auction.held_s > 0:
        stood = words.joined(words.duration(auction.held_s))
        yield Remark("", "", f"its window stood still for {stood} while something of it was held")
    if touched and auction.state != "open":
        # What still waits at the gate is nobody's bid yet.
        yield from _untouched(auction, board)


def _untouched(auction: Auction, board: Board) -> Iterator[Remark]:
    would: dict[str, list[str]] = {}
    fitting = auction.explained_by()
    for select, winner in without_hands(auction, board.by_hand).items():
        if select in fitting or not fitting:
            would.setdefault(safe(winner, 60) or "nobody", []).append(select)
    for winner, selects in would.items():
        same = "would have won all the same" if winner == safe(auction.winner, 60) else "would have won"
        yield Remark("left alone", winner, f"{same} on {' and '.join(selects)}")


def _explained(auction: Auction, board: Board) -> Iterator[Remark]:
    findings = explain(auction)
    if not findings:
        if auction.mirror is not None:
            kind = safe(auction.mirror.called, 60)
            yield Remark(
                "mirrored", kind, "held elsewhere; its own rules decide, and nobody here works on it"
            )
        elif auction.terms is not None:
            kind = safe(auction.terms.called, 60)
            yield Remark("rules", kind, "held on this bus; its own rules decide, and no strategy")
        return
    fitting = [finding for finding in findings if finding.fits != "no"]
    if not fitting:
        yield Remark("explained by", "no known strategy", "or bids nobody here saw", warns=True)
    else:
        names = " or ".join(finding.select for finding in fitting)
        yield Remark("explained by", names, _because(fitting))
    for finding in findings:
        if finding.fits == "no":
            yield Remark("", "", f"not {finding.select}: {safe(finding.why, 120)}")
        elif finding.fits == "maybe" and len(fitting) > 1:
            yield Remark("", "", f"{finding.select} {safe(finding.why, 120)}")
    verdict = board.market.ledger.verdict(auction)
    if verdict is not None and verdict.rounds > 1 and verdict.best:
        rounds = f"explains {verdict.explained[verdict.best[0]]} of {verdict.rounds} rounds"
        who = safe(str(desk_of(auction)), 60)
        yield Remark("so far", " or ".join(verdict.best), f"{rounds} of {who}")
    for drift in board.market.ledger.drifts:
        if drift.offer_id == auction.offer_id:
            yield Remark("drift", "", safe(drift.sentence(), 240), warns=True)


def _because(fitting: list[Finding]) -> str:
    if len(fitting) > 1:
        return "ambiguous"
    return safe(fitting[0].why, 120)


def _against_best(auction: Auction) -> Iterator[Remark]:
    """How far the winner is from the best bid in every respect."""
    won, field = auction.winning_bid, [bid for bid in auction.contenders() if not bid.problem]
    if won is None or len(field) < 2:
        return
    parts = []
    costs = [bid.cost for bid in field if bid.cost is not None]
    if won.cost is not None and costs:
        parts.append(f"cost {_signed(won.cost - min(costs))}")
    etas = [bid.eta_ms for bid in field if bid.eta_ms is not None]
    if won.eta_ms is not None and etas:
        late = won.eta_ms - min(etas)
        parts.append(f"eta +{late} ms" if late else "eta best")
    sures = [bid.confidence for bid in field if bid.confidence is not None]
    if won.confidence is not None and sures:
        parts.append(f"confidence {_signed(won.confidence - max(sures))}")
    yield Remark("against best", "", "   ".join(parts))
    second = choose_winner([bid for bid in field if bid.neuron != won.neuron], "lowest_cost")
    if won.cost is not None and second is not None and second.cost:
        share = (won.cost - second.cost) / second.cost
        word = "cheaper" if share < 0 else "dearer"
        if share:
            yield Remark(
                "margin",
                f"{abs(share):.0%} {word}",
                f"than {safe(second.neuron, 60)}, the cheapest other bid",
            )


def _signed(difference: float) -> str:
    return "best" if not round(difference, 6) else f"{round(difference, 6):+g}"


def _ties(auction: Auction) -> Iterator[Remark]:
    """Where only the order of arrival decided."""
    won = auction.winning_bid
    fitting = auction.explained_by()
    if won is None:
        return
    for select, field in _FIELDS.items():
        value = getattr(won, field)
        if select not in fitting or value is None:
            continue
        same = [bid for bid in auction.contenders() if bid.id != won.id and getattr(bid, field) == value]
        if same:
            names = ", ".join(safe(bid.neuron, 40) for bid in same[:3])
            more = f" and {len(same) - 3} more" if len(same) > 3 else ""
            yield Remark("tie", names, f"{more} said the same {field}; the earlier bid goes first".strip())


def _shape(auction: Auction, board: Board) -> Iterator[Remark]:
    """What the round as a whole looks like."""
    won = auction.winning_bid
    if won is not None and won.auto:
        yield Remark("auto", "", "the default bidder won: it always says cost 0 and confidence 1", warns=True)
    trace = board.traces.get(auction.trace_id)
    rounds = len(trace.auctions) if trace is not None else 1
    if rounds > 1:
        yield Remark("round", f"{auction.round} of {rounds}", "offers on this trace")
    if auction.deadline_ms and won is not None and "lowest_cost" in auction.explained_by():
        enough = shortest_window(window_curve(auction, rule("lowest_cost")), auction.deadline_ms)
        if enough is not None:
            yield Remark("window", f"{enough:.1f} ms", "would have been enough for the same winner")


def _single_bid(seen: SeenBid, auction: Auction) -> Iterator[Remark]:
    """What is odd about a bid."""
    name = safe(seen.bid.neuron, 60) or "somebody"
    if seen.state == "late":
        yield from _late(seen, auction, name)
    elif seen.state == "invalid":
        yield Remark("invalid", name, safe(seen.bid.problem, 120), warns=True)
    elif seen.state == "duplicate":
        yield Remark("duplicate", name, "another host of that name had bid; its bid stands")
    elif seen.state == "revoked":
        yield Remark("revoked", name, safe(seen.declined_reason, 120), warns=True)
    else:
        yield Remark("declined", name, safe(seen.declined_reason, 120))


def _late(seen: SeenBid, auction: Auction, name: str) -> Iterator[Remark]:
    told = "" if seen.declined_reason else "; it got no TASK_DECLINED: its reservation may still be held"
    field = [*auction.contenders(), seen.bid]
    better = [select for select in auction.explained_by() if _would_win(field, select, seen.bid)]
    if better and auction.deadline_ms:
        text = f"came {lateness(seen, auction)} too late to win on {' and '.join(map(_word, better))}{told}"
    else:
        text = f"bid {lateness(seen, auction)} after the decision{told}"
    yield Remark("late", name, text, warns=bool(told or better))


def _would_win(field: list[Bid], select: Select, bid: Bid) -> bool:
    return select != "first_bid" and choose_winner(field, select) is bid


def _word(select: Select) -> str:
    return _FIELDS.get(select, select)
