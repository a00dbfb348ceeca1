"""The lines around the panes, as text: status, tabs, replay position, keys. Pure."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.session import Session, SessionStatus
from cosmo_doppler.tui import words
from cosmo_doppler.tui.actions import action
from cosmo_doppler.tui.keymap import Keymap
from cosmo_doppler.tui.layout import VIEWS, View
from cosmo_doppler.tui.safe import fit_middle, safe
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Span

Line = list[Segment]
GAP = "   "

_WHERE, _WHERE_SHORT = 48, 20
"""Cells of what is looked at, and where there is no room for that."""

_SHORT_MATTERS = 8
"""How much it matters what is allowed, and why there is no bus, once it is said in a word or two."""

_NOT_LATE = 1_000
"""Signals that may wait to be folded before anything is said of them."""


class _Part(NamedTuple):
    """A piece of the status line; when there is no room the ones that matter least go first, or say less."""

    matters: int
    cell: Cell
    short: Sequence[Span] = ()
    """What is said instead where there is no room for `cell`; that goes only after all that names a state."""


def state_word(session: Session, status: SessionStatus) -> str:
    """How the session stands, in one word."""
    timeline = session.timeline
    if status.state in {"connecting", "reconnecting", "unreachable", "loading", "closed"}:
        return status.state.upper()
    if timeline.seeking is not None:
        return "SEEKING"
    if session.kind == "replay":
        return "REPLAY" if timeline.playing or timeline.position >= timeline.length else "PAUSED"
    if not timeline.following:
        return "BEHIND" if timeline.playing else "PAUSED"
    return "DEMO" if session.kind == "demo" else "LIVE"


def _losses(status: SessionStatus, ink: Ink) -> list[_Part]:
    """What did not get here as it should have."""
    losses = (
        (status.malformed, "malformed"),
        (status.dropped, "dropped"),
        (status.skipped, "skipped"),
        (status.gaps, "gap" if status.gaps == 1 else "gaps"),
    )
    return [_Part(8, [(f"{words.count(number)} {noun}", ink.failure)]) for number, noun in losses if number]


def _late(session: Session, status: SessionStatus, ink: Ink) -> list[_Part]:
    """How far what is shown stands behind what has come, once that is more than a second's worth."""
    timeline = session.timeline
    late = timeline.length - timeline.position if timeline.following else 0
    if late <= max(_NOT_LATE, status.rate):
        return []
    return [_Part(8, [(f"{words.count(late)} signals behind", ink.bold)])]


def status_line(session: Session, status: SessionStatus, width: int, ink: Ink) -> Line:
    """What one looks at: product, source, state, volume; on the right what is kept and what is allowed."""
    word = state_word(session, status)
    trouble = status.state in {"unreachable", "reconnecting"}
    title = safe(session.title, 300)
    namespace: Cell = [("  ", ink.dim), (safe(session.namespace, 80), ink.plain)] if session.namespace else []
    where: Cell = [(fit_middle(title, _WHERE), ink.plain), *namespace]
    known = status.signals if session.timeline.following else session.timeline.position
    left = [
        _Part(9, [("Doppler", ink.bold)]),
        _Part(7, where, [(fit_middle(title, _WHERE_SHORT), ink.plain)]),
        _Part(10, [(word, ink.failure + Style(bold=True) if trouble else ink.bold)]),
    ]
    if trouble and known and (why := _why(status)):
        left.append(_Part(6, [(why, ink.failure)], [(_again(status), ink.failure)] if _again(status) else []))
    if session.kind != "replay" and status.state == "live":
        left.append(_Part(5, [(words.rate(status.rate), ink.plain), ("/s", ink.dim)]))
    if known:
        number, noun = words.many(known, "signal").split(" ")
        left.append(_Part(4, [(number, ink.plain), (f" {noun}", ink.dim)]))
    left += _late(session, status, ink)
    left += _losses(status, ink)
    right: list[_Part] = []
    person = session.person
    if person is not None and person.open:
        left.append(_Part(9, [(f"{len(person.open)} to do", ink.people + Style(bold=True))]))
    if person is not None and person.present:
        right.append(_Part(5, [("you are ", ink.dim), (safe(person.neuron_id, 40), ink.people)]))
    if status.memory_fault:
        left.append(_Part(8, [("memory over its cap, no disk for it", ink.failure)]))
    elif status.moved:
        right.append(
            _Part(6, [("oldest ", ink.dim), (words.size(status.moved), ink.plain), (" on disk", ink.dim)])
        )
    if status.recording_fault:
        left.append(_Part(8, [(f"recording stopped: {safe(status.recording_fault, 60)}", ink.failure)]))
    elif status.recording:
        size = words.size(status.recorded_bytes)
        right.append(_Part(6, [("REC ", ink.bold), (size, ink.plain)], [("REC", ink.bold)]))
    if session.read_only_reason or status.state == "live":
        allowed, short = ("read only", "ro") if session.read_only_reason else ("read and write", "rw")
        right.append(_Part(3, [(allowed, ink.dim)], [(short, ink.dim)]))
    return _justify(left, right, width)


def _why(status: SessionStatus) -> str:
    """Why there is no connection, and when it is tried again."""
    return ", ".join(filter(None, (safe(status.detail, 80), _again(status))))


def _again(status: SessionStatus) -> str:
    """When it is tried again."""
    return "" if status.retry_in_s is None else f"again in {math.ceil(status.retry_in_s)} s"


def _justify(left: list[_Part], right: list[_Part], width: int) -> Line:
    while (left or right) and _cells(left) + _cells(right) + len(GAP) + 2 > width:
        least = min([*left, *right], key=lambda part: part.matters)
        instead = [_Part(_SHORT_MATTERS, list(least.short))] if least.short else []
        left = [each for part in left for each in (instead if part is least else [part])]
        right = [each for part in right for each in (instead if part is least else [part])]
    room = max(0, width - 2 - _cells(left) - _cells(right))
    return [Segment(" "), *_joined(left), Segment(" " * room), *_joined(right), Segment(" ")]


def _cells(parts: Sequence[_Part]) -> int:
    return sum(cell_len(text) for part in parts for text, _ in part.cell) + len(GAP) * max(0, len(parts) - 1)


def _joined(parts: Sequence[_Part]) -> Line:
    line: Line = []
    for number, part in enumerate(parts):
        if number:
            line.append(Segment(GAP))
        line.extend(Segment(text, style) for text, style in part.cell)
    return line


_WAITS: tuple[View, ...] = ("inbox", "faults")
"""Views whose counts ask for a person, and are shown as long as possible."""

_CALM: tuple[View, ...] = ("metrics", "topology", "coordination")
"""Views where nothing ever waits for a person."""


class Tab(NamedTuple):
    """One view's name in the tabs line, with the cells it takes."""

    view: View
    start: int
    end: int


def tabs_line(
    view: View, notes: dict[View, tuple[str, Style]], width: int, ink: Ink
) -> tuple[Line, list[Tab]]:
    """The views that have a note, if only an empty one, each with that note in the style given; the current one on a
    ground of its own.

    Where there is no room the counts of what only grows go first, then the space around the names, then the names of
    what nobody has to look at while something waits, then all counts, then all names but the current one.
    """
    views = [name for name in VIEWS if name in notes]
    most = [name for name in views if name != "coordination"]
    less = [name for name in views if name not in ("topology", "coordination") or name == view]
    few = [name for name in views if name not in _CALM or name == view]
    waits = any(notes[name][0] for name in _WAITS if name in notes)
    steps: list[tuple[int, Sequence[View], Sequence[View]]] = [
        (1, views, views),
        (1, views, _WAITS),
        (0, views, _WAITS),
        *([(0, less, _WAITS), (0, few, _WAITS)] if waits else []),
        (0, views, ()),
        *([(0, most, ())] if view in most else []),
        (0, few, ()),
        (0, [view], _WAITS),
        (0, [view], ()),
    ]
    for pad, names, counts in steps:
        # Without space around the names a bare count would look like the next name's number.
        form = " {}" if pad else "({})"
        labels = [
            (
                f" {name.capitalize()}" if name in names else "",
                form.format(notes[name][0]) if name in counts and notes[name][0] else "",
            )
            for name in views
        ]
        if sum(2 + 2 * pad + sum(map(len, label)) for label in labels) <= width + 1:
            break
    line: Line = []
    tabs: list[Tab] = []
    used = 0
    for number, (name, (label, note)) in enumerate(zip(views, labels, strict=True), 1):
        current = name == view
        ground = ink.selection if current else Style()
        pieces: Cell = [(f"{' ' * pad}{number}", ink.dim)]
        if label:
            pieces.append((label, ink.bold if current else ink.plain))
        if note:
            pieces.append((note, notes[name][1]))
        pieces.append((" " * pad, ink.dim))
        cells = sum(cell_len(text) for text, _ in pieces)
        if used + cells > width:
            break
        tabs.append(Tab(name, used, used + cells))
        line += [Segment(text, ground + style) for text, style in pieces]
        used += cells
        if used < width:
            line.append(Segment(" "))
            used += 1
    return line, tabs


class Track(NamedTuple):
    """Where the progress track of the replay line is, cells."""

    start: int
    width: int


def replay_line(session: Session, status: SessionStatus, width: int, ink: Ink) -> tuple[Line, Track]:
    """Play state, position on a track, total, and how many signals are behind the playhead."""
    timeline = session.timeline
    length = max(0.0, timeline.end_at - timeline.start_at)
    here = min(max(0.0, timeline.now - timeline.start_at), length)
    sign, state = _play_state(session, status)
    before: Cell = [
        (f" {sign} ", ink.bold),
        (f"{state}  ", ink.plain),
        (f"{words.position(here)} ", ink.plain),
    ]
    after: Cell = [(f" {words.position(length)}", ink.dim)]
    if width >= 76:
        after += [
            (f"   {words.count(timeline.position)}", ink.plain),
            (f" of {words.count(timeline.length)}", ink.dim),
        ]
    start = sum(cell_len(text) for text, _ in before)
    room = max(1, width - start - sum(cell_len(text) for text, _ in after) - 1)
    done = 0 if length == 0 else min(room - 1, int(here / length * room))
    track = [
        Segment("━" * done, ink.dim),
        Segment("●", ink.bold),
        Segment("─" * (room - done - 1), ink.faint),
    ]
    ends = [Segment(text, style) for text, style in before], [Segment(text, style) for text, style in after]
    return [*ends[0], *track, *ends[1], Segment(" ")], Track(start, room)


def _play_state(session: Session, status: SessionStatus) -> tuple[str, str]:
    """A sign and words for what the playhead does."""
    timeline = session.timeline
    if timeline.seeking is not None:
        return "…", f"{'looking' if timeline.hunting else 'seeking'} {timeline.seeking:.0%}"
    if status.state == "loading":
        return "…", f"reading {status.loaded:.0%}"
    if timeline.not_found:
        return "❙❙", f"nothing found: {safe(timeline.not_found, 40)}"
    if session.kind == "replay" and timeline.position >= timeline.length and not timeline.loop:
        return "■", "end of recording"
    if not timeline.playing:
        return "❙❙", "paused"
    ways = [words.speed(timeline.speed), "in a loop" * timeline.loop, "no pauses" * timeline.cut_pauses]
    return "▶", ", ".join(filter(None, ways))


MOST_KEYS = 8
"""What the footer offers at once, however wide it is: who wants more presses `?`."""

_PAIRS = {
    ("step(-1)", "step(1)"): "step",
    ("round(-1)", "round(1)"): "round",
    ("slower", "faster"): "speed",
}
"""Actions that stand together where they follow each other, and what both do."""


class KeyPlace(NamedTuple):
    """A key in the footer, with the cells it takes."""

    action: str
    start: int
    end: int


class _Offer(NamedTuple):
    """What the footer offers under one label: an action, or two that belong together."""

    names: tuple[str, ...]
    label: str


def _offers(hints: Sequence[str]) -> Iterator[_Offer]:
    names = list(hints)
    while names:
        both = _PAIRS.get((names[0], names[1])) if len(names) > 1 else None
        if both is None:
            yield _Offer((names[0],), action(names[0]).label)
        else:
            yield _Offer((names[0], names[1]), both)
        del names[: 1 if both is None else 2]


def keys_line(
    hints: Sequence[str], width: int, ink: Ink, keymap: Keymap, off: Container[str] = ()
) -> tuple[Line, list[KeyPlace]]:
    """Keys that make sense for what has the focus, and where they stand; as many as fit, `?` always. Those that are `off`
    here are faint."""
    offers = list(_offers(hints))
    keys = [[keymap.shown(action(name)) for name in offer.names] for offer in offers]
    cells = [
        sum(map(cell_len, each)) + len(each) + cell_len(offer.label)
        for each, offer in zip(keys, offers, strict=True)
    ]
    while len(offers) > 1 and (len(offers) > MOST_KEYS or sum(cells) + 2 * (len(cells) - 1) + 2 > width):
        drop = len(offers) - 2
        del offers[drop], cells[drop], keys[drop]
    line: Line = [Segment(" ")]
    places: list[KeyPlace] = []
    used = 1
    for number, (offer, shown) in enumerate(zip(offers, keys, strict=True)):
        if number:
            line.append(Segment("  "))
            used += 2
        faint = all(name in off for name in offer.names)
        for name, key in zip(offer.names, shown, strict=True):
            line += [Segment(key, ink.faint if faint else ink.bold), Segment(" ")]
            places.append(KeyPlace(name, used, used + cell_len(key) + 1))
            used = places[-1].end
        line.append(Segment(offer.label, ink.faint if faint else ink.dim))
        used += cell_len(offer.label)
        places[-1] = places[-1]._replace(end=used)
    return line, places


REPLAY_HINTS = (
    "pause",
    "step(-1)",
    "step(1)",
    "round(-1)",
    "round(1)",
    "slower",
    "faster",
    "seek",
)
"""Actions the footer offers on a recording, after the first one of the focused pane."""


def replay_hints(hints: Sequence[str]) -> tuple[str, ...]:
    """What the footer offers on a recording: time first, and where there is room what the focused pane is good for.

    Nothing is sent from a recording, so nothing of that kind is offered.
    """
    known = {*REPLAY_HINTS, "help"}
    able = [name for name in hints if name not in known and action(name).group != "Act"]
    first, *others = able or [""]
    return (*filter(None, [first]), *REPLAY_HINTS, *others, "help")


def notice_line(sentence: str, ink: Ink) -> Line:
    """A sentence in place of the keys."""
    return [Segment(" "), Segment(sentence, ink.bold)]
