"""Questions and work that wait for a person, the longest waiting first; settled ones below."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.requests import Request
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.traces import quantity
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.source import Source, find_near


def _columns(who: str, text: str) -> Columns:
    return Columns(
        Column("waiting", "waits", 6, right=True),
        Column("state", "state", 8, needs=44),
        Column("kind", "kind", 13),
        Column("who", who, 14, middle=True, needs=56),
        Column("trace", "trace", 8, needs=76),
        Column("text", text, 0),
    )


_QUESTIONS = _columns("who asks", "asks")
_MIXED = _columns("who", "what")
"""Where work is among them, `who` is also who is to do it."""


class InboxRows(Source):
    """One row for each CLARIFICATION, PERMISSION and ESCALATION, and for each TASK and award of a person."""

    hints: ClassVar[tuple[str, ...]] = (
        "answer",
        "open",
        "jump_trace",
        "pause",
        "copy",
        "zoom",
        "command_palette",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._ids: list[str] = []
        self._columns = _QUESTIONS
        self._width = 0

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return [("Inbox", ink.bold)]

    def note(self, ink: Ink) -> Cell:
        """How many wait."""
        waiting = self.waiting()
        return [(f"{waiting} waiting", ink.people)] if waiting else []

    def waiting(self) -> int:
        """Questions nobody has answered."""
        return sum(request.state == "open" for request in self._scene.board.requests.values())

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles; and this is where the pane learns its width."""
        self._width = width
        return [self._columns.header(width, ink, self.shift)] if self._scene.board.request_order else []

    def empty(self, ink: Ink) -> list[Cell]:
        """What would be here."""
        return [
            [("Nobody waits for an answer", ink.dim)],
            [("questions and permissions of agents come here", ink.dim)],
        ]

    def count(self) -> int:
        """What is known of either kind."""
        requests, order = self._scene.board.requests, self._scene.board.request_order
        waiting = [key for key in order if requests[key].state == "open"]
        self._ids = waiting + [key for key in reversed(order) if requests[key].state != "open"]
        self._columns = _MIXED if any(requests[key].is_work for key in order) else _QUESTIONS
        return len(self._ids)

    def key(self, index: int) -> str:
        """Its event id."""
        return self._ids[index]

    def index(self, key: Hashable, near: int) -> int | None:
        """Where a question stands."""
        return find_near(self._ids, key, near)

    def touched(self, changes: Changes) -> bool:
        """Only questions show here."""
        return bool(changes.requests) or changes.reset

    def stamp(self) -> Hashable:
        """Waiting counts in seconds."""
        return int(self._scene.now) if self.waiting() else 0

    def marked(self, key: Hashable) -> bool:
        """While other panes show it."""
        return self.sequence(key) == self._scene.seq

    def sequence(self, key: Hashable) -> int | None:
        """The question itself."""
        request = self._scene.board.requests.get(key) if isinstance(key, str) else None
        return request.seq if request is not None else None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One question."""
        request = self._scene.board.requests[self._ids[index]]
        is_open = request.state == "open"
        until = self._scene.now if request.answered_at is None else request.answered_at
        promise, late = self._promise(request)
        state: Cell = [(request.state, ink.bold if is_open else ink.dim)]
        answer: Cell = (
            [(f"  answered by {safe(request.answered_by, 60)}", ink.dim)] if request.answered_by else []
        )
        return self._columns.row(
            width - self.shift,
            {
                "waiting": quantity(
                    words.age(until - request.asked_at), ink, ink.plain if is_open else ink.dim
                ),
                "state": state,
                "kind": [(safe(request.kind, 20), ink.people if is_open else ink.dim)],
                "who": [(safe(request.who, 80), ink.plain if is_open else ink.dim)],
                "trace": [(short_id(request.trace_id), ink.dim)],
                "text": [
                    (promise, ink.failure if late else ink.dim),
                    (f"{self._owner(request)}{safe(request.text, 400)}", ink.plain if is_open else ink.dim),
                    *answer,
                ],
            },
            self.shift,
        )

    def reach(self, index: int) -> int:
        """How long a row is with all that is asked."""
        request = self._scene.board.requests[self._ids[index]]
        by = f"  answered by {safe(request.answered_by, 60)}" if request.answered_by else ""
        said = f"{self._promise(request)[0]}{self._owner(request)}{safe(request.text, 400)}{by}"
        return self._columns.length(self._width, {"text": said})

    def _owner(self, request: Request) -> str:
        """Of work: how it came to whom."""
        if not request.is_work:
            return ""
        person = self._scene.session.person
        won = request.kind == "TASK_AWARDED"
        if person is not None and person.neuron_id == request.who:
            return "you won: " if won else "for you: "
        return f"{safe(request.who, 40)} {'won' if won else 'got'}: "

    def _promise(self, request: Request) -> tuple[str, bool]:
        """Of open work: when it was promised for, with a gap behind it, and whether that is over."""
        eta_ms = request.detail.get("eta_ms") if request.is_work else None
        if eta_ms is None or request.state != "open":
            return "", False
        left = request.asked_at + eta_ms / 1000 - self._scene.now
        if left < 0:
            return f"late by {words.joined(words.age(-left))}  ", True
        return f"due in {words.joined(words.age(left))}  ", False
