"""The Inbox as rows: questions, and work that waited for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cosmo_doppler.session import Session
from cosmo_doppler.tui.panes.inbox import InboxRows
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import DARK, Ink

Recorded = Callable[..., Session]
SignalFrame = Callable[..., dict[str, Any]]
INK = Ink(DARK)
BEGIN = 1_790_000_000.0


def rows(scene: Scene, width: int = 120) -> list[str]:
    pane = InboxRows(scene)
    count = pane.count()
    head = ["".join(segment.text for segment in line).rstrip() for line in pane.head(width, INK)]
    return [*head, *("".join(part.text for part in pane.row(at, width, INK)).rstrip() for at in range(count))]


@pytest.fixture
def at(signal_frame: SignalFrame, recorded: Recorded) -> Callable[..., Scene]:
    """A recording in which a person wins work promised within ten seconds, up to so many seconds after that."""

    def build(seconds: float, *more: tuple[float, dict[str, Any]]) -> Scene:
        register = signal_frame("REGISTER", "R", "M", who="person:ann", payload={"role": "neuron"})
        register["directed"]["type"] = "person"
        won = {"input": {"text": "the harvest"}, "winning_bid": {"eta_ms": 10_000}}
        frames = [
            (BEGIN, register),
            (BEGIN, signal_frame("TASK_AWARDED", "W", "T", who="person:ann", payload=won)),
            *((BEGIN + after, frame) for after, frame in more),
            (BEGIN + seconds, signal_frame("HEARTBEAT", "H", "M", who="person:ann", payload={})),
        ]
        return Scene(recorded(frames))

    return build


def test_work_tells_whose_it_is_and_when_it_is_due(at: Callable[..., Scene]) -> None:
    head, row = rows(at(4))
    assert head.split() == ["waits", "state", "kind", "who", "trace", "what"]
    assert row.split()[:5] == ["4", "s", "open", "TASK_AWARDED", "person:ann"]
    assert row.endswith("due in 6 s  person:ann won: the harvest")
    assert rows(at(13))[1].endswith("late by 3 s  person:ann won: the harvest")


def test_work_that_was_answered_says_by_whom(at: Callable[..., Scene], signal_frame: SignalFrame) -> None:
    answer = signal_frame("AGENT_OUTPUT", "A", "T", parent="W", who="person:ann", payload={"output": {}})
    [_, row] = rows(at(60, (5, answer)))
    assert row.split()[2] == "answered"
    assert row.endswith("person:ann won: the harvest  answered by person:ann")


def test_questions_alone_are_asked_by_somebody(signal_frame: SignalFrame, recorded: Recorded) -> None:
    asked = signal_frame("CLARIFICATION", "Q", "T", who="ann", payload={"question": "which year?"})
    [head, row] = rows(Scene(recorded([(BEGIN, asked)])))
    assert "who asks" in head
    assert head.endswith("asks")
    assert row.endswith("which year?")
