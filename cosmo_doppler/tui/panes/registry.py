"""Who is there, and who is still heard."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.metrics import Worker
from cosmo_doppler.model.participant import SLOTS, Liveness, Participant
from cosmo_doppler.tui import words
from cosmo_doppler.tui.bars import sparkline
from cosmo_doppler.tui.panes.traces import quantity
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.source import Source, find_near

_SIGNS: dict[Liveness, str] = {"live": "●", "late": "◐", "stale": "✗", "left": "–", "static": "○"}
_BEATS = 10
_UNKNOWN_PERIOD_S = 5.0
_TOLD_FROM = 76
"""Cells from which on there is room to say what makes a name doubtful."""

_COLUMNS = Columns(
    Column("state", "state", 8),
    Column("who", "who", 0, middle=True, most=28),
    Column("role", "role", 8, needs=52),
    Column("seen", "seen", 6, right=True),
    Column("period", "every", 6, right=True, needs=66),
    Column("jitter", "±", 6, right=True, needs=132),
    Column("beats", "beats", _BEATS, right=True, needs=40),
    Column("activity", "last minute", SLOTS, needs=170),
    Column("load", "load", 6, right=True, needs=100),
    Column("signals", "sig", 5, right=True, needs=128),
    Column("kept", "wins    ok  said   eta", 22, right=True, needs=112),
    Column("capabilities", "can", 0, needs=_TOLD_FROM),
    Column("version", "version", 8, needs=128),
)


def _state_style(state: Liveness, ink: Ink) -> Style:
    return {"live": ink.plain, "late": ink.bold, "stale": ink.failure, "left": ink.dim, "static": ink.dim}[
        state
    ]


def beats(participant: Participant, now: float) -> str:
    """The last heartbeats as marks, one place a period, newest right: `▪` heard, `·` missed."""
    period = participant.period_s() or _UNKNOWN_PERIOD_S
    since = participant.beats[0] if participant.beats else now
    places = [" "] * _BEATS
    for place in range(_BEATS):
        ends = now - (_BEATS - 1 - place) * period
        if ends > since:
            places[place] = "·"
    for beat in participant.beats:
        back = int((now - beat) / period)
        if 0 <= back < _BEATS:
            places[_BEATS - 1 - back] = "▪"
    return "".join(places)


def heard_of(scene: Scene) -> tuple[int, int]:
    """Participants that are live or need no heartbeat, and all that did not leave."""
    presence = scene.board.presence
    return presence.heard_of, presence.known


def load_of(participant: Participant, seen_running: int, ink: Ink) -> Cell:
    """Tasks in flight of those it takes at once; the share in use where it says only that; else what was seen.

    Args:
        participant: what its heartbeats say.
        seen_running: tasks and awards it was seen to get and not to answer.
    """
    running, capacity = participant.in_flight, participant.capacity()
    if running is not None and capacity is not None:
        return [(f"{running}", ink.plain), (f"/{capacity}", ink.dim)]
    if running is not None:
        return [(f"{running}", ink.plain if running else ink.dim)]
    if participant.load is not None:
        return quantity((f"{participant.load:.0%}"[:-1], "%"), ink)
    return [(f"{seen_running}", ink.plain)] if seen_running else [("–", ink.dim)]


def kept_of(account: Worker | None, ink: Ink) -> Cell:
    """What somebody promised against what came: wins, answers that were no error and how sure it had been of that, and
    time as a multiple of the promise."""
    if account is None or not account.wins:
        return [("–", ink.dim)]
    ended = account.answers + account.errors
    well = f"{account.answers / ended:.0%}" if ended else "–"
    time = f"{account.late_by.quantile(0.5):.1f}×" if account.late_by.count else "–"
    said = f"{min(account.surety.mean, 9):.0%}" if account.surety.count else "–"
    return [
        (f"{account.wins:,}", ink.plain),
        (f"{well:>6}", ink.plain),
        (f"{said:>6}", ink.dim),
        (f"{time:>6}", ink.plain),
    ]


def warning_of(participant: Participant) -> str:
    """What makes its name doubtful; empty when nothing does."""
    if participant.shared:
        return "two hosts claim it"
    if participant.looks_like:
        return f"looks like {participant.looks_like}"
    return ""


class RosterRows(Source):
    """One row for each participant, in the order they announced themselves."""

    hints: ClassVar[tuple[str, ...]] = (
        "open",
        "pause",
        "view('traces')",
        "view('auctions')",
        "copy",
        "zoom",
        "command_palette",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._ids: list[str] = []
        self._changes = 0

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return [("Registry", ink.bold)]

    def note(self, ink: Ink) -> Cell:
        """How many of them are heard, and how many were forgotten to make room."""
        live, known = heard_of(self._scene)
        note: Cell = [(f"{live} of {known} heard", ink.dim)] if known else []
        if forgotten := self._scene.board.forgotten_participants:
            note.append((f"  {words.count(forgotten)} older dropped", ink.dim))
        return note

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles."""
        return [_COLUMNS.header(width, ink)] if self._scene.board.roster else []

    def empty(self, ink: Ink) -> list[Cell]:
        """What makes a participant appear."""
        return [
            [("Nobody has announced themselves yet", ink.dim)],
            [("workers register when they start", ink.dim)],
        ]

    def count(self) -> int:
        """Participants known."""
        board = self._scene.board
        if board.presence.changes != self._changes:
            self._changes = board.presence.changes
            self._ids = list(board.roster)
        return len(self._ids)

    def key(self, index: int) -> str:
        """The participant's id."""
        return self._ids[index]

    def index(self, key: Hashable, near: int) -> int | None:
        """Where a participant stands."""
        return find_near(self._ids, key, near)

    def touched(self, changes: Changes) -> bool:
        """Only participants show here."""
        if changes.reset:
            self._changes = -1
        return bool(changes.roster) or changes.reset

    def stamp(self) -> Hashable:
        """Silence counts in seconds."""
        return int(self._scene.now)

    def marked(self, key: Hashable) -> bool:
        """While other panes show it."""
        return self.sequence(key) == self._scene.seq

    def sequence(self, key: Hashable) -> int | None:
        """Its REGISTER."""
        participant = self._scene.board.roster.get(key) if isinstance(key, str) else None
        return participant.seq if participant is not None else None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One participant."""
        participant = self._scene.board.roster.get(self._ids[index])
        if participant is None:
            return []
        now = self._scene.now
        state = participant.liveness(now)
        style = _state_style(state, ink)
        quiet = ink.dim if state == "left" else ink.plain
        marks = beats(participant, now) if participant.beats and state != "left" else ""
        activity = participant.activity(now)
        doubt = warning_of(participant)
        return _COLUMNS.row(
            width,
            {
                "state": [(f"{_SIGNS[state]} {state}", style)],
                "who": [
                    *([("! ", ink.bold)] if doubt and width < _TOLD_FROM else []),
                    (safe(participant.id, 80), quiet if state != "stale" else ink.bold),
                ],
                "role": [(safe(participant.role, 20), ink.dim)],
                "capabilities": [
                    *([(f"! {safe(doubt, 120)}  ", ink.bold)] if doubt else []),
                    (safe(", ".join(participant.capabilities), 200), quiet),
                ],
                "period": _seconds(participant.period_s(), ink),
                "jitter": _seconds(participant.jitter_s(), ink),
                "seen": quantity(
                    words.age(now - participant.last_seen),
                    ink,
                    style if state in {"late", "stale"} else quiet,
                ),
                "beats": [(mark, ink.faint if mark == "·" else ink.dim) for mark in marks],
                "activity": [(sparkline(activity, max(activity)), ink.dim)],
                "load": load_of(participant, self._scene.board.running(participant.id), ink),
                "signals": [(words.count(participant.signals), ink.dim)],
                "kept": kept_of(self._scene.board.metrics.workers.get(participant.id), ink),
                "version": [(safe(participant.version, 40), ink.dim)],
            },
        )


def _seconds(seconds: float | None, ink: Ink) -> Cell:
    return [("–", ink.dim)] if seconds is None else quantity(words.duration(seconds), ink)
