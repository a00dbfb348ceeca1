"""The figures of the metrics page, in groups: names, numbers, and a small picture of each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.style import Style

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.metrics import Metrics, Worker
from cosmo_doppler.model.rates import ALL
from cosmo_doppler.model.sketch import Sketch
from cosmo_doppler.model.timings import SLOWEST, Kind
from cosmo_doppler.tui import words
from cosmo_doppler.tui.bars import sparkline
from cosmo_doppler.tui.pulse import memory_bytes
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import FAMILY_OF, Family, Ink
from cosmo_doppler.tui.widgets.columns import Cell

TOP = 5
"""Rows of a ranking. Rankings keep their height, so that nothing below them moves."""

_UNIT = 3
"""Cells of a unit."""

_AIR = 8 / 6

_RATE_S = 10
"""Seconds over which a rate is taken."""

_ONE_OF: dict[Family, str] = {family: kind for kind, family in reversed(FAMILY_OF.items())}
"""A type of each family."""


class Figure(NamedTuple):
    """One line: what it is, how much, and a picture as wide as it is asked to be."""

    label: Cell
    value: Cell
    picture: Callable[[int], Cell] = lambda cells: []


class Group(NamedTuple):
    """Figures that belong together."""

    title: str
    figures: Sequence[Figure]


def groups_of(scene: Scene, ink: Ink) -> list[Group]:
    """Every group, in reading order. Those that grow come last."""
    board = scene.board
    return [
        _work(board, ink),
        _market(board, ink),
        _composition(board, ink),
        _people(scene, ink),
        _tools(board, ink),
        _memory(board, ink),
        _bidders(board.metrics, ink),
        _participants(board.metrics, ink),
        _slowest(board.metrics, ink),
        _screen(scene, ink),
        _families(scene, ink),
        _types(scene, ink),
    ]


# Pieces of figures


def plain(label: str, ink: Ink) -> Cell:
    """A label."""
    return [(label, ink.dim)]


def measure(amount: tuple[str, str], ink: Ink, style: Style | None = None) -> Cell:
    """A number and its unit, with the digits of all figures at one edge whatever the units are."""
    return [(amount[0], style or ink.plain), (f" {amount[1]:<{_UNIT}}", ink.dim)]


def unknown(ink: Ink) -> Cell:
    """What cannot be said yet."""
    return measure(("–", ""), ink, ink.dim)


def number(value: int, ink: Ink) -> Cell:
    """A count; none is quieter."""
    return measure((words.count(value), ""), ink, ink.plain if value else ink.dim)


def share(part: float, whole: float, ink: Ink) -> Cell:
    """A part in per cent."""
    return measure((f"{100 * part / whole:.1f}", "%"), ink) if whole else unknown(ink)


def span(seconds: float, ink: Ink, known: bool = True) -> Cell:
    """A duration."""
    return measure(words.duration(seconds), ink) if known else unknown(ink)


def spark(values: Sequence[float], ink: Ink) -> Callable[[int], Cell]:
    """Values as a line of blocks, summed up where there are more of them than cells."""

    def draw(cells: int) -> Cell:
        step = -(-len(values) // max(1, cells))
        sums = [sum(values[start : start + step]) for start in range(0, len(values), step)]
        # Lines of them stand close: the highest leaves some air to the one above.
        return [(sparkline(sums, max(sums, default=0) * _AIR), ink.dim)]

    return draw


def _bar(part: float, whole: float, ink: Ink, kind: str) -> Callable[[int], Cell]:
    def draw(cells: int) -> Cell:
        halves = round(2 * cells * part / whole) if whole else 0
        return [("━" * (halves // 2) + "╸" * (halves % 2), ink.bar(kind))]

    return draw


def _distribution(sketch: Sketch, ink: Ink) -> Callable[[int], Cell]:
    return lambda cells: spark(sketch.histogram(cells), ink)(cells)


def _quantiles(sketch: Sketch, ink: Ink) -> list[Figure]:
    known = sketch.count > 0
    return [
        Figure(plain("p50", ink), span(sketch.quantile(0.5), ink, known), _distribution(sketch, ink)),
        Figure(plain("p95", ink), span(sketch.quantile(0.95), ink, known)),
        Figure(plain("p99", ink), span(sketch.quantile(0.99), ink, known)),
    ]


# Groups


def _work(board: Board, ink: Ink) -> Group:
    metrics = board.metrics
    tally, took = metrics.tally, metrics.timings.took["task"]
    given = tally["tasks"] + tally["awards"]
    return Group(
        "Work",
        [
            Figure(plain("tasks, awards", ink), number(given, ink)),
            Figure(plain("answered", ink), share(tally["answers"], given, ink)),
            Figure(
                plain("errors", ink),
                measure((words.count(tally["errors"]), ""), ink, ink.failure if tally["errors"] else ink.dim),
            ),
            Figure(plain("stopped", ink), number(tally["stops"], ink)),
            *_quantiles(took, ink),
            Figure(plain("longest", ink), span(took.most, ink, took.count > 0)),
        ],
    )


def _market(board: Board, ink: Ink) -> Group:
    tally, took = board.metrics.tally, board.metrics.timings.took["award"]
    per_offer = f"{tally['bids'] / tally['offers']:.1f}" if tally["offers"] else "–"
    return Group(
        "Market",
        [
            Figure(plain("offers", ink), number(tally["offers"], ink)),
            Figure(plain("got a bid", ink), share(tally["answered offers"], tally["offers"], ink)),
            Figure(plain("bids per offer", ink), measure((per_offer, ""), ink)),
            Figure(plain("awards", ink), number(tally["awards"], ink)),
            Figure(plain("bids declined", ink), share(tally["declines"], tally["bids"], ink)),
            Figure(plain("cost of wins", ink), measure((f"{board.metrics.spent:,.4g}", ""), ink)),
            *[
                figure._replace(label=plain(f"award {figure.label[0][0]}", ink))
                for figure in _quantiles(took, ink)
            ],
        ],
    )


_PARTS: tuple[tuple[str, Kind, str], ...] = (
    ("tools", "tool", "TOOL_CALL"),
    ("reading", "recall", "RECALL"),
    ("writing", "imprint", "IMPRINT"),
    ("people", "human", "CLARIFICATION"),
)


def _composition(board: Board, ink: Ink) -> Group:
    took = board.metrics.timings.took
    parts = [(label, took[kind].total, type) for label, kind, type in _PARTS]
    # Waiting for a person is no part of a task: a question ends it, and the answer begins the next.
    own = max(0.0, took["task"].total - sum(seconds for label, seconds, _ in parts if label != "people"))
    parts.insert(0, ("own work", own, "TASK"))
    whole = sum(seconds for _, seconds, _ in parts)
    return Group(
        "Where time goes",
        [
            Figure(plain(label, ink), share(seconds, whole, ink), _bar(seconds, whole, ink, type))
            for label, seconds, type in parts
        ],
    )


def _people(scene: Scene, ink: Ink) -> Group:
    board = scene.board
    waiting = len(board.waiting)
    longest = next((scene.now - request.asked_at for request in board.waiting.values()), None)
    took = board.metrics.timings.took["human"]
    return Group(
        "People",
        [
            Figure(plain("questions", ink), number(len(board.requests), ink)),
            Figure(
                plain("waiting now", ink),
                measure((f"{waiting}", ""), ink, ink.people if waiting else ink.dim),
            ),
            Figure(
                plain("waiting longest", ink),
                measure(words.age(longest), ink) if longest is not None else unknown(ink),
            ),
            *[
                figure._replace(label=plain(f"answer {figure.label[0][0]}", ink))
                for figure in _quantiles(took, ink)[:2]
            ],
        ],
    )


def _tools(board: Board, ink: Ink) -> Group:
    took = board.metrics.timings.took["tool"]
    return Group(
        "Tools",
        [
            Figure(plain("calls answered", ink), number(took.count, ink)),
            Figure(plain("failed", ink), number(board.metrics.tally["failed calls"], ink)),
            *_quantiles(took, ink),
        ],
    )


def _memory(board: Board, ink: Ink) -> Group:
    tally, took = board.metrics.tally, board.metrics.timings.took
    recalls, imprints = took["recall"], took["imprint"]
    return Group(
        "Memory",
        [
            Figure(plain("recalls", ink), number(tally["recalls"], ink)),
            Figure(plain("found something", ink), share(tally["hits"], tally["recalls"], ink)),
            Figure(plain("recall p95", ink), span(recalls.quantile(0.95), ink, recalls.count > 0)),
            Figure(plain("imprints", ink), number(imprints.count, ink)),
            Figure(plain("imprint p95", ink), span(imprints.quantile(0.95), ink, imprints.count > 0)),
        ],
    )


def _says(cell: Cell) -> Callable[[int], Cell]:
    return lambda cells: cell


def _screen(scene: Scene, ink: Ink) -> Group:
    """How this screen does."""
    session, pulse = scene.session, scene.pulse
    behind = session.timeline.length - session.timeline.position if session.timeline.following else 0
    lag = session.store.at(session.timeline.length - 1) - scene.board.now if behind else 0.0
    figures = [
        Figure(plain("signals behind", ink), number(behind, ink)),
        Figure(plain("time behind", ink), span(lag, ink, behind > 0)),
        Figure(plain("frames lost", ink), number(sum(loss.frames for loss in session.losses.all), ink)),
    ]
    if pulse is not None:
        figures += [
            Figure(plain("pictures", ink), measure((words.rate(pulse.frames_per_second()), "/s"), ink)),
            Figure(plain("picture p50", ink), span(pulse.frame_ms(0.5) / 1000, ink)),
            Figure(plain("picture p95", ink), span(pulse.frame_ms(0.95) / 1000, ink)),
            Figure(plain("memory", ink), measure((f"{memory_bytes() / 1e6:,.0f}", "MB"), ink)),
        ]
    return Group("Doppler itself", figures)


def _ranking(title: str, rows: list[Figure], ink: Ink) -> Group:
    nobody = Figure(plain("" if rows else "–", ink), [])
    return Group(title, [*rows[:TOP], *[nobody, *[Figure([], [])] * TOP][: TOP - len(rows)]])


def _bidders(metrics: Metrics, ink: Ink) -> Group:
    bidding = [(who, account) for who, account in metrics.workers.items() if account.bids or account.wins]
    bidding.sort(key=lambda entry: -entry[1].wins)

    def row(who: str, account: Worker) -> Figure:
        return Figure(
            [(safe(who, 80), ink.plain)],
            number(account.wins, ink),
            _bar(account.wins, max(account.bids, account.wins), ink, "BID"),
        )

    return _ranking("Wins by bidder, of its bids", [row(*entry) for entry in bidding[:TOP]], ink)


def _participants(metrics: Metrics, ink: Ink) -> Group:
    busy = [(who, account) for who, account in metrics.workers.items() if account.took.count]
    busy.sort(key=lambda entry: -entry[1].took.total)

    def row(who: str, account: Worker) -> Figure:
        p50, p95 = (span(account.took.quantile(part), ink) for part in (0.5, 0.95))
        return Figure([(safe(who, 80), ink.plain)], p50, _says(p95))

    return _ranking("Time by participant, p50 and p95", [row(*entry) for entry in busy[:TOP]], ink)


def _slowest(metrics: Metrics, ink: Ink) -> Group:
    kinds: tuple[tuple[Kind, str], ...] = (("tool", "tool"), ("recall", "recall"), ("imprint", "imprint"))
    calls = [(slow, word) for kind, word in kinds for slow in metrics.timings.slowest[kind]]
    calls.sort(key=lambda call: -call[0].took_s)
    rows = [
        Figure(
            [(safe(slow.name, 80) or "any memory", ink.plain)],
            span(slow.took_s, ink),
            _says(plain(word, ink)),
        )
        for slow, word in calls[:SLOWEST]
    ]
    return _ranking("Slowest tools and memories", rows, ink)


def _families(scene: Scene, ink: Ink) -> Group:
    rates, now = scene.board.metrics.rates, scene.now
    rows = [_rate("all", rates.series(ALL, now), ink, ink.bold)]
    series = {kind: rates.series(kind, now) for kind in rates.kinds}
    for family, type in _ONE_OF.items():
        of_family = [values for kind, values in series.items() if FAMILY_OF.get(kind) == family]
        total = [sum(second) for second in zip(*of_family, strict=True)] if of_family else [0]
        rows.append(_rate(family, total, ink, ink.family(type) if any(total) else ink.dim))
    return Group("Signals per second, last minute", rows)


def _types(scene: Scene, ink: Ink) -> Group:
    rates, now = scene.board.metrics.rates, scene.now
    kinds = sorted(rates.kinds, key=lambda kind: list(FAMILY_OF).index(kind) if kind in FAMILY_OF else 99)
    rows = [
        Figure(
            [
                (
                    safe(kind, 40) if kind != "?" else "unknown types",
                    ink.family(kind) if any(series) else ink.dim,
                )
            ],
            number(scene.board.types[kind], ink),
            spark(series, ink),
        )
        for kind in kinds
        for series in [rates.series(kind, now)]
    ]
    return Group("Signals by type, last minute", rows)


def _rate(label: str, series: Sequence[int], ink: Ink, style: Style) -> Figure:
    per_s = sum(series[-_RATE_S:]) / _RATE_S
    return Figure([(label, style)], measure((words.rate(per_s), "/s"), ink), spark(series, ink))
