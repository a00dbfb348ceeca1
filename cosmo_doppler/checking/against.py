"""A whole run held against a baseline, line by line: for reports, for programs, and for `cosmo compare`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.baseline import QUANTILES, Baseline, Round, Run, round_of, run_of
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.traces import Trace
from cosmo_doppler.model.twins import AuctionChange, Pairing, TraceChange
from cosmo_doppler.tui.words import duration, joined, signed

Sameness = Literal["same", "changed", "new", "missing"]
"""same: it came to the same result, at whatever pace and price; new: only here; missing: only in the baseline."""


class Line(NamedTuple):
    """A trace or an auction, and its twin. Texts are not yet safe for a terminal."""

    noun: Literal["trace", "auction"]
    sameness: Sameness
    id: str
    """Here; in the baseline when it is missing here."""
    twin: str
    """The id in the baseline; empty when it is new."""
    title: str
    before: str
    """How it stood in the baseline; empty when it is new."""
    here: str
    """How it stands; empty when it is missing."""
    change: str
    """What is different, in a few words; empty when nothing is."""
    later_s: float | None = None
    """Traces only: how much longer it took."""


class Quantile(NamedTuple):
    """How long answers took."""

    name: str
    """As in `task p95`."""
    before_s: float
    here_s: float


class Against(NamedTuple):
    """A run and its baseline."""

    name: str
    """Of the baseline."""
    lines: list[Line]
    """Traces by arrival, then auctions, then what is missing."""
    quantiles: list[Quantile]

    @property
    def same(self) -> bool:
        """Whether everything came to the same result."""
        return all(line.sameness == "same" for line in self.lines)

    def number(self, noun: str, sameness: Sameness) -> int:
        """How many there are."""
        return sum(line.noun == noun and line.sameness == sameness for line in self.lines)


def held_against(baseline: Baseline, board: Board) -> Against:
    """Hold everything on a board against a baseline."""
    pairing = Pairing(baseline, board)
    while not pairing.turn(lambda: False):
        pass
    return Against(baseline.name, list(_lines(pairing)), list(_quantiles(baseline, board)))


def _lines(pairing: Pairing) -> Iterator[Line]:
    board = pairing.board
    for id in board.trace_order:
        trace = board.traces[id]
        change = pairing.trace(trace, board.now)
        if change is not None:
            yield _trace_line(trace, change)
    for id in board.auction_order:
        auction = board.auctions.get(id)
        compared = pairing.auction(auction) if auction is not None else None
        if auction is not None and compared is not None:
            yield _auction_line(auction, compared)
    runs, rounds = pairing.missing()
    for run in runs:
        yield Line("trace", "missing", run.id, run.id, run.title, _run_words(run), "", "")
    for each in rounds:
        yield Line("auction", "missing", each.id, each.id, each.title, _round_words(each), "", "")


def _trace_line(trace: Trace, change: TraceChange) -> Line:
    here, twin = run_of(trace), change.twin
    if twin is None:
        return Line("trace", "new", trace.id, "", here.title, "", _run_words(here), "")
    sameness: Sameness = "same" if change.same else "changed"
    told = [] if change.later_s is None else [joined(signed(change.later_s))]
    if here.errors != twin.errors:
        told.append(f"{here.errors - twin.errors:+d} errors")
    if here.signals != twin.signals:
        told.append(f"{here.signals - twin.signals:+d} signals")
    return Line(
        "trace",
        sameness,
        trace.id,
        twin.id,
        here.title,
        _run_words(twin),
        _run_words(here),
        ", ".join(told),
        change.later_s,
    )


def _auction_line(auction: Auction, change: AuctionChange) -> Line:
    here, twin = round_of(auction), change.twin
    if twin is None:
        return Line("auction", "new", here.id, "", here.title, "", _round_words(here), "")
    told = [f"{change.dearer:+.4g}"] if change.dearer else []
    told += [f"new bidder {name}" for name in change.came] + [f"without {name}" for name in change.left]
    sameness: Sameness = "same" if change.same else "changed"
    return Line(
        "auction",
        sameness,
        here.id,
        twin.id,
        here.title,
        _round_words(twin),
        _round_words(here),
        ", ".join(told),
    )


def _run_words(run: Run) -> str:
    return f"{run.status}, {joined(duration(run.took_s))}"


def _round_words(each: Round) -> str:
    price = "" if each.cost is None else f" for {each.cost:.4g}"
    return f"{each.winner}{price}" if each.winner else each.state


def _quantiles(baseline: Baseline, board: Board) -> Iterator[Quantile]:
    for kind, took in board.metrics.timings.took.items():
        for part, before in zip(QUANTILES, baseline.took.get(kind, ()), strict=False):
            if took.count:
                yield Quantile(f"{kind} p{part * 100:.0f}", before, took.quantile(part))


def against_json(against: Against) -> dict[str, Any]:
    """The same as a document."""
    return {
        "baseline": against.name,
        "same": against.same,
        "lines": [
            {
                "noun": line.noun,
                "sameness": line.sameness,
                "id": line.id if line.sameness != "missing" else None,
                "twin": line.twin or None,
                "title": line.title,
                "before": line.before or None,
                "here": line.here or None,
                "change": line.change or None,
                "later_ms": None if line.later_s is None else round(line.later_s * 1000, 3),
            }
            for line in against.lines
        ],
        "quantiles": {
            each.name: {
                "before_ms": round(each.before_s * 1000, 3),
                "here_ms": round(each.here_s * 1000, 3),
            }
            for each in against.quantiles
        },
    }
