"""The registry on the screen: who is heard, how it is loaded, what it promised, and names to doubt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cosmo_doppler.model.roster import Roster
from cosmo_doppler.session import Session
from cosmo_doppler.tui.panes.registry import heard_of
from cosmo_doppler.tui.scene import Scene
from tests.doppler.tui.market import START
from tests.doppler.tui.showing import Shown

Recorded = Callable[..., Session]


@pytest.fixture
def office(recorded: Recorded, signal_frame: Any) -> Session:
    """Ada works and keeps her word, Bob fell silent, a memory never beats, somebody left, and one looks like Ada."""
    frames: list[tuple[float, Any]] = []

    def say(at: float, type: str, who: str = "", **more: Any) -> None:
        number = f"{len(frames)}"
        frames.append(
            (START + at, signal_frame(type, number, more.pop("trace", f"M{number}"), who=who, **more))
        )

    for who, role in (("ada", "neuron"), ("bob", "neuron"), ("books", "engram"), ("gone", "neuron")):
        payload = {"role": role, "capabilities": ["sum"], "version": "2.1"}
        say(0, "REGISTER", who, payload=payload)
    for at in range(1, 30, 2):
        say(at, "HEARTBEAT", "ada", payload={"status": "ok", "load": 0.25, "in_flight": 2})
    for at in (1, 3, 5):
        say(at, "HEARTBEAT", "bob", payload={"status": "ok"})
    say(6, "DEREGISTER", "gone")
    say(
        7,
        "TASK_AWARDED",
        "ada",
        trace="T",
        payload={"input": {}, "winning_bid": {"eta_ms": 1000, "confidence": 0.7}},
    )
    say(9, "AGENT_OUTPUT", "ada", trace="T", payload={"output": {}})
    say(10, "TASK", "books", trace="U", payload={"input": {}})
    say(29, "REGISTER", "Ada", payload={"role": "neuron", "capabilities": []})
    frames.sort(key=lambda entry: entry[0])
    return recorded(frames)


def cells(screen: Any, who: str) -> list[str]:
    """A participant's row, cut at gaps."""
    (line,) = (line for line in screen.lines if line[11:].lstrip().startswith(f"{who} "))
    return [cell for cell in line[1:].replace("●", " ").split("  ") if cell.strip()]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_state_is_a_word_and_a_sign_at_every_size(
    office: Session, shown: Shown, size: tuple[int, int]
) -> None:
    async with shown(office, view="registry", size=size) as screen:
        for sign, word, who in (("●", "live", "ada"), ("✗", "stale", "bob"), ("○", "static", "books")):
            assert any(line[1:].split()[:3] == [sign, word, who] for line in screen.lines)
        assert any(line[1:].split()[:3] == ["–", "left", "gone"] for line in screen.lines)
        assert "3 of 4 heard" in screen.text


async def test_load_rhythm_and_promises(office: Session, shown: Shown) -> None:
    async with shown(office, view="registry", size=(150, 40)) as screen:
        ada = " ".join(cells(screen, "ada"))
        assert "2/8" in ada
        assert "2.0 s 0.0 ms" in " ".join(ada.split())
        # One win, answered well, of which it had been 70 % sure, in twice the time that was promised.
        assert "1 100% 70% 2.0×" in " ".join(ada.split())
        # No word of its own about its load: one task was seen to come, and no answer.
        assert cells(screen, "books")[4:7] == [" –", " –", " 1"]


async def test_a_name_to_doubt_says_so(office: Session, shown: Shown) -> None:
    async with shown(office, view="registry", size=(120, 40)) as screen:
        assert "! looks like Ada" in screen.text
        assert "! looks like ada" in screen.text
        # Where there is no room for words there is a sign.
        await screen.press("1")
        assert "! Ada" in screen.text
        assert "! ada" in screen.text


async def test_the_last_minute_has_room_when_zoomed(office: Session, shown: Shown) -> None:
    async with shown(office, view="registry", size=(200, 60)) as screen:
        assert "last minute" not in screen.text
        await screen.press("z")
        assert "last minute" in screen.text
        # A heartbeat every two seconds: each place of the minute's second half has one.
        assert any(" ada " in line and "▄▄▄▄▄" in line for line in screen.lines)


def test_counts_come_from_the_board_and_not_from_a_look_at_everybody(office: Session) -> None:
    board = office.timeline.board
    states = [who.liveness(board.now) for who in board.roster.values()]
    heard = sum(state in {"live", "static"} for state in states)
    assert heard_of(Scene(office)) == (heard, sum(state != "left" for state in states)) == (3, 4)


async def test_somebody_new_shows_and_the_cursor_stays(
    recorded: Recorded, signal_frame: Any, shown: Shown
) -> None:
    session = recorded(
        (START + number, signal_frame("REGISTER", f"R{number}", f"M{number}", who=f"w{number}"))
        for number in range(30)
    )
    async with shown(session, view="registry", size=(80, 24)) as screen:
        session.timeline.seek(5)
        await screen.settle()
        await screen.press("j", "j")
        cursor = screen.stage.panes["registry"].cursor
        session.timeline.seek(30)
        await screen.settle()
        assert (screen.stage.panes["registry"].cursor, cursor) == ("w2", "w2")
        assert screen.stage.panes["registry"].source.count() == 30


async def test_who_was_forgotten_to_make_room_is_counted(
    recorded: Recorded, signal_frame: Any, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Roster.__init__, "__kwdefaults__", {"most": 3})
    frames = [
        (START + n, signal_frame("REGISTER", str(n), f"M{n}", who=f"w{n}", payload={"capabilities": ["sum"]}))
        for n in range(5)
    ]
    async with shown(recorded(frames), view="registry") as screen:
        assert "3 of 3 heard  2 older dropped" in screen.text
