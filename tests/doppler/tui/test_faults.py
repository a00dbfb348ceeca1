"""The faults on the screen, and the way to what they are about."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cosmo_doppler.session import Session, load_all, open_replay
from cosmo_doppler.session.session import Gap
from cosmo_doppler.tui.fault_list import FaultList
from cosmo_doppler.tui.scene import Scene
from tests.doppler.tui.market import START, market
from tests.doppler.tui.showing import Shown

Recorded = Callable[..., Session]
SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.fixture
def session(recorded: Recorded, signal_frame: Callable[..., dict[str, Any]]) -> Session:
    """The market, and a heartbeat so late that the last offer has closed."""
    late = signal_frame("HEARTBEAT", "H3", "M5", who="ada", payload={"status": "ok"})
    return recorded([*market(), (START + 4, late)])


@pytest.mark.parametrize("size", SIZES)
async def test_each_fault_says_what_happened(session: Session, shown: Shown, size: tuple[int, int]) -> None:
    async with shown(session, view="faults", size=size) as screen:
        first, second = (line.split(None, 2) for line in screen.lines if line[1:].startswith("14:13:2"))
        assert first[1:] == ["!", first[2]]
        assert second[1:] == ["✗", second[2]]
        assert first[2].replace("1×", "").split()[:2] == ["no", "bid"]
        assert "nobody bid on song for “sing”" in first[2]
        assert "ada failed: X: no" in second[2]
        assert "1 error  1 warning" in screen.text


async def test_without_faults_the_pane_says_that_all_is_well(
    recorded: Recorded, signal_frame: Any, shown: Shown
) -> None:
    quiet = recorded([(START, signal_frame("REGISTER", "R", "M", who="ada"))])
    async with shown(quiet, view="faults") as screen:
        assert "Nothing went wrong so far" in screen.text


async def test_enter_goes_to_what_a_fault_is_about(session: Session, shown: Shown) -> None:
    async with shown(session, view="faults") as screen:
        await screen.press("enter")
        assert (screen.stage.view, screen.stage.focused) == ("auctions", "auctions")
        assert screen.scene.offer_id.endswith("OFFER2")
        assert "no bid: nobody bid on song" in screen.lines[-1]
        await screen.press("6", "j", "enter")
        assert (screen.stage.view, screen.stage.focused) == ("traces", "pathway")
        assert screen.scene.trace_id.endswith("TWO")
        assert session.store.observed(screen.scene.seq).header.type == "ERROR"


async def test_the_tab_counts_what_the_session_missed_as_well(session: Session, shown: Shown) -> None:
    session.gaps.append(Gap(12, START + 2.2, START + 2.3))
    async with shown(session, view="faults") as screen:
        assert "6 Faults 3 " in screen.text
        assert "1 error  2 warnings" in screen.text


async def test_e_goes_through_the_faults_from_anywhere(session: Session, shown: Shown) -> None:
    async with shown(session, view="registry") as screen:
        await screen.press("e")
        assert screen.stage.view == "auctions"
        await screen.press("e")
        assert "No later fault" in screen.lines[-1]
        await screen.press("E")
        assert screen.stage.view == "traces"
        assert "failed: ada failed" in screen.lines[-1]
        await screen.press("E")
        assert "No earlier fault" in screen.lines[-1]
        await screen.press("6", "g", "E")
        assert screen.stage.view == "faults"
        assert screen.stage.panes["faults"].cursor == 1


async def test_going_back_in_time_takes_later_faults_away(session: Session, shown: Shown) -> None:
    async with shown(session, view="faults") as screen:
        await screen.press("left_square_bracket")
        assert "nobody bid" not in screen.text
        assert "ada failed" in screen.text
        await screen.press("right_square_bracket")
        assert "nobody bid" in screen.text


def test_what_the_session_missed_stands_among_them(session: Session) -> None:
    session.gaps.append(Gap(12, START + 2.2, START + 2.3))
    session.losses.note(3, 13, START + 2.35)
    session.losses.note(5, 13, START + 2.36)
    faults = FaultList(Scene(session))
    assert faults.ids == [1, "gap 0", "loss 0", 2]
    gap, loss = faults.get("gap 0"), faults.get("loss 0")
    assert gap is not None
    assert loss is not None
    assert gap.sentence == "nothing was seen for 100 ms: the bus was away"
    assert loss.sentence.startswith("5 frames did not get here")
    assert faults.counts() == {"error": 2, "warning": 2}
    session.timeline.seek(5)
    session.pump()
    assert faults.ids == []


def test_lines_of_a_recording_that_are_no_signals_are_one_of_them(
    tmp_path: Path, signal_frame: Callable[..., dict[str, Any]]
) -> None:
    path = tmp_path / "mixed.ndjson"
    good = json.dumps(signal_frame("REGISTER", "R", "M", who="ada")) + "\n"
    path.write_text(f"log\n{good}[1]\n")
    session = open_replay(path)
    load_all(session)
    faults = FaultList(Scene(session))
    fault = faults.get("skipped")
    assert fault is not None
    assert (faults.ids[0], faults.counts()["warning"]) == ("skipped", 1)
    assert fault.sentence.startswith("2 lines of the recording skipped: mixed.ndjson, line 1: not JSON")
    assert fault.look == "mixed.ndjson, line 3: JSON, but not an object"


def test_a_file_that_was_emptied_meanwhile_is_one_of_them(
    tmp_path: Path, signal_frame: Callable[..., dict[str, Any]]
) -> None:
    path = tmp_path / "session.ndjson"
    path.write_text(json.dumps(signal_frame("REGISTER", "R", "M", who="ada")) + "\n")
    session = open_replay(path)
    load_all(session)
    faults = FaultList(Scene(session))
    assert faults.ids == []
    session.report("replay", detail=f"{path} was emptied: what it held before cannot be shown")
    assert faults.ids == ["file"]
    fault = faults.get("file")
    assert fault is not None
    assert "was emptied" in fault.sentence


def test_only_what_is_more_than_a_note_is_gone_to(recorded: Recorded, signal_frame: Any) -> None:
    odd = [signal_frame("SONG", f"S{number}", "ONE", who="ada") for number in range(2)]
    session = recorded([(START + number, frame) for number, frame in enumerate(odd)])
    faults = FaultList(Scene(session))
    assert [session.timeline.board.faults.by_id[id].severity for id in faults.ids] == ["note"]
    assert faults.after(None, 1) is None


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_selected_fault_is_told_in_full(
    session: Session, shown: Shown, size: tuple[int, int]
) -> None:
    async with shown(session, view="faults", size=size) as screen:
        assert "Fault  warning  no bid" in screen.text
        told = " ".join(screen.text.split())
        assert "look at who could have: are they there" in told or "look at nobody here can do song" in told
        await screen.press("j")
        assert "Fault  error  failed" in screen.text
        assert "look at   the input it was given" in screen.text
        assert "who       ada" in screen.text
