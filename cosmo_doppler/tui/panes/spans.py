"""Spans as bars on a line of time: waiting is dotted, work is solid, people's time is hatched."""

from __future__ import annotations

from bisect import bisect_left
from typing import Literal, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.node import Node, Portal
from cosmo_doppler.model.spans import Span
from cosmo_doppler.tui import bars
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.theme import Ink

Shape = Literal["instant", "waiting", "working", "human"]

_HATCH = "▒"
_DOTS = "┈"
_INSTANT = "•"


class Lasting(NamedTuple):
    """What is drawn for a signal; times are epoch seconds."""

    shape: Shape
    start: float
    end: float


def lasting(node: Node, latest: float) -> Lasting:
    """How long what a signal began lasted; what nobody ended goes on until `latest`."""
    span = node.span
    if span is None or node.placement == "duplicate":
        return Lasting("instant", node.at, node.at)
    shape: Shape = "waiting" if span.part == "auction" else "human" if span.part == "human" else "working"
    end = latest if span.end is None else span.end
    return Lasting(shape, span.start, max(end, span.start))


def remark(node: Node, board: Board, *, over: bool, ink: Ink) -> tuple[str, Style] | None:
    """What came of a signal, in a word or two; safe for a terminal.

    Args:
        node: the signal.
        board: what is known.
        over: whether its trace is over, so that what goes on will never be answered.
        ink: styles.
    """
    attempt = board.retries.of(node.seq) if node.type == "TASK" else None
    if attempt is not None:
        return f"attempt {attempt[0]} of {attempt[1]}{_failed(node.span)}", ink.dim
    if node.type == "BID":
        return _bid(node, board, ink)
    if node.type in {"TASK_OFFER", "TASK_AWARDED", "TASK"} and isinstance(node, Portal):
        return None
    if node.type == "TASK_OFFER":
        auction = board.auctions.get(node.id)
        unsold = auction is not None and auction.state == "no bid"
        return ("no bid", ink.failure) if unsold else None
    request = board.requests.get(node.id)
    if request is not None and (not request.is_work or request.state == "open"):
        if request.state == "answered":
            return ("answered", ink.dim)
        return ("never answered", ink.dim) if over else ("waits for a person", ink.people)
    span = node.span
    if span is None or node.type == "TASK_OFFER":
        return None
    if span.outcome == "ERROR":
        return "failed", ink.failure
    if span.outcome == "STOPPED":
        return "stopped", ink.stop
    if span.end is None:
        return ("never answered", ink.dim) if over else ("goes on", ink.dim)
    return None


def _failed(span: Span | None) -> str:
    return ", failed" if span is not None and span.outcome == "ERROR" else ""


def _bid(node: Node, board: Board, ink: Ink) -> tuple[str, Style] | None:
    offer = board.auctions.get(node.parent_id or "")
    if offer is None:
        return None
    place = bisect_left(offer.bids, node.seq, key=lambda seen: seen.seq)
    seen = offer.bids[place] if place < len(offer.bids) else None
    if seen is None or seen.seq != node.seq or seen.state == "bid":
        return None
    return safe(seen.state, 20), ink.bold if seen.state == "won" else ink.dim


def bar(
    lasts: Lasting,
    started_at: float,
    axis: bars.Axis,
    width: int,
    style: Style,
    said: tuple[str, Style] | None = None,
) -> list[Segment]:
    """A signal's place in time on `width` cells, with a remark beside it where there is room.

    Args:
        lasts: what to draw.
        started_at: when the trace began, epoch seconds.
        axis: the stretch of time.
        width: cells.
        style: of the bar.
        said: the remark.
    """
    first = axis.place(lasts.start - started_at)
    last = axis.place(lasts.end - started_at)
    if last < 0 or first > 1:
        lead, drawn = (0, [Segment("‹", style)]) if last < 0 else (width - 1, [Segment("›", style)])
        said = None
    elif lasts.shape == "instant":
        lead, drawn = min(max(0, int(first * width)), width - 1), [Segment(_INSTANT, style)]
    else:
        lead, drawn = _drawn(lasts.shape, max(0.0, first), min(1.0, last), width, style)
    return _with_remark(lead, drawn, width, said)


def _drawn(shape: Shape, first: float, last: float, width: int, style: Style) -> tuple[int, list[Segment]]:
    bar = bars.span(first, last, width)
    if shape == "working":
        return bar.lead, [Segment(bar.start, style + Style(reverse=True)), Segment(bar.body + bar.end, style)]
    cells = max(1, bar.cells - bar.lead)
    return bar.lead, [Segment((_DOTS if shape == "waiting" else _HATCH) * cells, style)]


def _with_remark(
    lead: int, drawn: list[Segment], width: int, said: tuple[str, Style] | None
) -> list[Segment]:
    taken = sum(segment.cell_length for segment in drawn)
    after = width - lead - taken
    if said is not None:
        text, style = said
        cells = cell_len(text) + 1
        if cells <= after:
            return [
                Segment(" " * lead),
                *drawn,
                Segment(f" {text}", style),
                Segment(" " * (after - cells)),
            ]
        if cells <= lead:
            return [Segment(" " * (lead - cells)), Segment(f"{text} ", style), *drawn, Segment(" " * after)]
    return [Segment(" " * lead), *drawn, Segment(" " * after)]
