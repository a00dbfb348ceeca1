"""The groups of the metrics page, and which figures of the board are in each. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from cosmo_doppler.model.baseline import QUANTILES
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.metrics import Metrics, Worker
from cosmo_doppler.model.rates import ALL
from cosmo_doppler.model.timings import SLOWEST, Kind
from cosmo_doppler.tui import words
from cosmo_doppler.tui.figures import (
    TOP,
    Figure,
    Group,
    bar,
    measure,
    number,
    plain,
    quantiles,
    ranking,
    says,
    share,
    span,
    spark,
    unknown,
)
from cosmo_doppler.tui.pulse import memory_bytes
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import FAMILY_OF, Family, Ink

_RATE_S = 10
"""Seconds over which a rate is taken."""

_ONE_OF: dict[Family, str] = {family: kind for kind, family in reversed(FAMILY_OF.items())}
"""A type of each family."""


def groups_of(scene: Scene, ink: Ink) -> list[Group]:
    """Every group, in reading order. Those that grow come last."""
    board = scene.board
    return [
        *_against(scene, ink),
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


_ANSWERS: tuple[tuple[Kind, str], ...] = (
    ("task", "work"),
    ("award", "award"),
    ("tool", "tools"),
    ("recall", "recall"),
    ("imprint", "imprint"),
    ("human", "people"),
)


def _against(scene: Scene, ink: Ink) -> list[Group]:
    """How much longer answers take than in the baseline, while there is one with any."""
    baseline, figures = scene.against.baseline, []
    if baseline is None or not baseline.took:
        return []
    for kind, label in _ANSWERS:
        took = scene.board.metrics.timings.took[kind]
        if kind not in baseline.took or not took.count:
            continue
        for part, before in zip(QUANTILES, baseline.took[kind], strict=True):
            now = took.quantile(part)
            figures.append(
                Figure(
                    plain(f"{label} p{part * 100:.0f}", ink),
                    measure(words.signed(now - before), ink),
                    says([(words.joined(words.duration(before)), ink.dim)]),
                )
            )
    return [Group(f"Against {safe(baseline.name, 40)}", figures)] if figures else []


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
            *quantiles(took, ink),
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
            Figure(plain("cost of wins", ink), measure((words.money(board.metrics.spent), ""), ink)),
            *([Figure(plain("in stores", ink), number(tally["mirrored"], ink))] if tally["mirrored"] else []),
            *[
                figure._replace(label=plain(f"award {figure.label[0][0]}", ink))
                for figure in quantiles(took, ink)
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
            Figure(plain(label, ink), share(seconds, whole, ink), bar(seconds, whole, ink, type))
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
                for figure in quantiles(took, ink)[:2]
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
            *quantiles(took, ink),
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


def _bidders(metrics: Metrics, ink: Ink) -> Group:
    bidding = [(who, account) for who, account in metrics.workers.items() if account.bids or account.wins]
    bidding.sort(key=lambda entry: -entry[1].wins)

    def row(who: str, account: Worker) -> Figure:
        return Figure(
            [(safe(who, 80), ink.plain)],
            number(account.wins, ink),
            bar(account.wins, max(account.bids, account.wins), ink, "BID"),
        )

    return ranking("Wins by bidder, of its bids", [row(*entry) for entry in bidding[:TOP]], ink)


def _participants(metrics: Metrics, ink: Ink) -> Group:
    busy = [(who, account) for who, account in metrics.workers.items() if account.took.count]
    busy.sort(key=lambda entry: -entry[1].took.total)

    def row(who: str, account: Worker) -> Figure:
        p50, p95 = (span(account.took.quantile(part), ink) for part in (0.5, 0.95))
        return Figure([(safe(who, 80), ink.plain)], p50, says(p95))

    return ranking("Time by participant, p50 and p95", [row(*entry) for entry in busy[:TOP]], ink)


def _slowest(metrics: Metrics, ink: Ink) -> Group:
    kinds: tuple[tuple[Kind, str], ...] = (("tool", "tool"), ("recall", "recall"), ("imprint", "imprint"))
    calls = [(slow, word) for kind, word in kinds for slow in metrics.timings.slowest[kind]]
    calls.sort(key=lambda call: -call[0].took_s)
    rows = [
        Figure(
            [(safe(slow.name, 80) or "any memory", ink.plain)],
            span(slow.took_s, ink),
            says(plain(word, ink)),
        )
        for slow, word in calls[:SLOWEST]
    ]
    return ranking("Slowest tools and memories", rows, ink)


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
