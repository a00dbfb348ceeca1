"""A vote: a bar for each option with the line it must pass, and a gauge of who is there."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rich.cells import cell_len

from cosmo_doppler.model.coordination.votes import SeenVote
from cosmo_doppler.tui import bars, words
from cosmo_doppler.tui.panes.objects.paper import LABEL, Line, Paper, joined
from cosmo_doppler.tui.safe import fit, safe
from cosmo_doppler.tui.widgets.columns import Cell

_OPTION = 18
"""Cells of the name of an option at the most."""

_BAR = 32

RESULTS = {
    "decided": "decided",
    "tie": "tie",
    "no_majority": "no winner",
    "no_quorum": "no quorum",
    "empty": "no votes",
}
"""How a vote ended, in two words at most."""


def lines(vote: SeenVote, paper: Paper) -> Iterator[Line]:
    """Everything about a vote."""
    ink = paper.ink
    if vote.over:
        style = ink.well if vote.result == "decided" else ink.bold
        winner: Cell = [("  ", ink.dim), (safe(vote.winner, 120), ink.bold)] if vote.winner else []
        last = vote.history[-1].seq if vote.history else None
        yield paper.fact("outcome", (RESULTS.get(vote.result, vote.result), style), *winner, seq=last)
    elif vote.closes_ms is not None:
        began = next((each.at for each in vote.history if each.event == "opened"), None)
        whole = None if began is None else vote.closes_ms / 1000 - began
        yield paper.left("closes", vote.closes_ms / 1000, whole, "its time is up, and nobody counted it")
    else:
        yield paper.fact("closes", ("when somebody closes it", ink.plain))
    yield paper.fact("decides", (safe(_rule(vote), 120), ink.plain), seq=vote.seq)
    yield from _quorum(vote, paper)
    yield Line([])
    yield from _bars(vote, paper)
    yield from _people(vote, paper)
    yield from paper.history(vote)


def _rule(vote: SeenVote) -> str:
    rule = {
        "majority": "more than half of the votes cast",
        "plurality": "the most votes",
        "unanimous": "all votes cast agree",
        "supermajority": f"{vote.threshold or 'a share'} of the votes cast",
    }.get(vote.method, vote.method)
    return f"{rule}{', secretly' if vote.secret else ''}"


def _quorum(vote: SeenVote, paper: Paper) -> Iterator[Line]:
    """How many are there, and how many it takes."""
    ink, needed = paper.ink, vote.quorum_needed
    among = f" of {vote.eligible}" if vote.eligible is not None else ""
    if not needed:
        yield paper.fact(
            "voters", (f"{vote.present}{among}", ink.plain), ("  no quorum is asked for", ink.dim)
        )
        return
    whole = max(vote.eligible or 0, needed, vote.present, 1)
    width = min(_BAR, max(8, paper.width - LABEL - 20))
    reached = vote.present >= needed
    gauge = _marked(
        vote.present / whole, Fraction(needed, whole), width, paper, paper.ink.well if reached else None
    )
    yield paper.fact(
        "quorum",
        *gauge,
        (f"  {vote.present}", ink.bold),
        (f"{among}, {needed} needed" if not reached else f"{among}, reached", ink.dim),
    )


def _bars(vote: SeenVote, paper: Paper) -> Iterator[Line]:
    ink = paper.ink
    options = list(dict.fromkeys([*vote.options, *vote.counts]))
    if not options:
        yield Line([("anything may be voted for; nobody has yet", ink.dim)])
        return
    cast = sum(vote.counts.values())
    names = min(_OPTION, max((cell_len(safe(each, 60)) for each in options), default=1))
    width = min(_BAR, max(8, paper.width - names - 16))
    for option in options:
        name = fit(safe(option, 60), names)
        label = (
            f"{name}{' ' * (names - cell_len(name))}  ",
            ink.bold if option == vote.winner else ink.plain,
        )
        if vote.sealed:
            yield Line([label, ("▒" * width, ink.faint), ("  sealed", ink.dim)])
            continue
        count = vote.counts.get(option, 0)
        share = count / cast if cast else 0.0
        style = ink.well if vote.winner == option else None
        bar = _marked(share, vote.share_needed, width, paper, style)
        yield Line([label, *bar, (f"  {count:>4g}", ink.bold), (f" {share:>4.0%}" if cast else "", ink.dim)])
    if vote.sealed:
        yield Line([("nobody is told how it stands until it closes", ink.dim)])
        return
    notes = []
    if vote.share_needed is not None:
        notes.append(f"│ marks what it takes: {_needed(vote)}")
    if vote.abstained:
        notes.append(f"{words.many(vote.abstained, 'abstention')}, which decide nothing")
    if notes:
        yield Line([(safe("; ".join(notes), 200), ink.dim)])


def _needed(vote: SeenVote) -> str:
    share = vote.share_needed
    if vote.method == "majority":
        return "more than half"
    return "all" if share == 1 else f"{share}"


def _marked(share: float, mark: Fraction | None, width: int, paper: Paper, style: object) -> Cell:
    """A bar with a line across at a share of its width."""
    ink = paper.ink
    bar = bars.countdown(min(1.0, max(0.0, share)), width)
    whole = bar + "╌" * (width - len(bar))
    fill = ink.plain if style is None else ink.well
    place = None if mark is None or not 0 <= mark <= 1 else min(width - 1, int(mark * width))
    cell: Cell = []
    for text, first in (
        (whole[:place], 0),
        (whole[place + 1 :] if place is not None else "", (place or 0) + 1),
    ):
        filled = max(0, min(len(text), len(bar) - first))
        cell += [(text[:filled], fill), (text[filled:], ink.faint)]
        if first == 0 and place is not None:
            cell.append(("│", ink.bold))
    return [span for span in cell if span[0]]


def _people(vote: SeenVote, paper: Paper) -> Iterator[Line]:
    ink = paper.ink
    missing = [who for who in vote.may_vote if who not in vote.votes]
    if missing and not (vote.secret and vote.over):
        label = "did not" if vote.over else "still to"
        yield Line([])
        yield paper.fact(f"{label} vote", ("  ", ink.dim), (safe(joined(missing), 300), ink.plain))
