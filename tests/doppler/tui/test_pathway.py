"""A trace in four ways, on the screen and row by row."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len

from cosmo_doppler.session import Session
from cosmo_doppler.tui.bars import Axis
from cosmo_doppler.tui.panes.pathway import VIEWS, PathwayRows
from cosmo_doppler.tui.panes.timeaxis import TimeAxis
from cosmo_doppler.tui.panes.traces import TraceRows
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import DARK, Ink
from tests.doppler.tui.hostile import ALLOWED, HOSTILE, hostile_frames

Recorded = Callable[..., Session]
SignalFrame = Callable[..., dict[str, Any]]
INK = Ink(DARK)


def rows(pane: PathwayRows | TraceRows, width: int = 120) -> list[str]:
    """All lines of a pane, as text."""
    pane.head(width, INK)
    return [
        "".join(segment.text for segment in pane.row(index, width, INK)).rstrip()
        for index in range(pane.count())
    ]


def head(pane: PathwayRows, width: int = 120) -> list[str]:
    return ["".join(segment.text for segment in line).rstrip() for line in pane.head(width, INK)]


@pytest.fixture
def workflow(signal_frame: SignalFrame, recorded: Recorded) -> Scene:
    """An auction, work with a tool and a question, a task of its own trace, a STOP that one ignores."""
    frame = signal_frame
    frames = [
        (0.0, frame("TASK_OFFER", "O", "T", payload={"input": {"text": "sum"}, "deadline_ms": 250})),
        (0.01, frame("BID", "B", "T", parent="O", who="ada", payload={"cost": 1})),
        (0.02, frame("BID", "C", "T", parent="O", who="bob", payload={"cost": 2})),
        (0.25, frame("TASK_AWARDED", "W", "T", parent="B", who="ada", payload={})),
        (0.26, frame("TASK_DECLINED", "D", "T", parent="C", who="bob", payload={"reason": "no"})),
        (0.30, frame("TOOL_CALL", "X", "T", parent="W", who="hammer", payload={"tool": "hammer"})),
        (0.40, frame("TASK", "N", "T2", parent="X", who="eve", payload={"input": {"text": "inner"}})),
        (0.45, frame("PLAN", "NP", "T2", parent="N", who="eve", payload={"steps": ["one"]})),
        (0.50, frame("AGENT_OUTPUT", "NO", "T2", parent="N", who="eve", payload={"output": "done"})),
        (0.60, frame("TOOL_RESULT", "Y", "T", parent="X", who="hammer", payload={"result": 1})),
        (0.70, frame("CLARIFICATION", "Q", "T", parent="W", who="ada", payload={"question": "which?"})),
        (0.80, frame("PLAN", "L", "T", parent="NOWHERE", who="zoe", payload={"steps": []})),
        (1.00, frame("STOP", "S", "T", payload={"reason": "enough"})),
        (2.00, frame("AGENT_OUTPUT", "Z", "T", parent="W", who="ada", payload={"output": 3})),
    ]
    session = recorded([(1_790_000_000.0 + at, each) for at, each in frames])
    scene = Scene(session)
    scene.trace_id = "trc_" + "T".rjust(26, "0")
    return scene


def test_a_waterfall_has_bars_beside_the_tree(workflow: Scene) -> None:
    pane = PathwayRows(workflow)
    lines = rows(pane, 200)
    assert pane.view == "waterfall"
    by_type = {line.split()[0].lstrip("│├└╴▸↗⌁ "): line for line in lines}
    assert "┈┈" in by_type["TASK_OFFER"]
    assert any("█" in line for line in lines if "TASK_AWARDED" in line)
    assert any("▒▒" in line for line in lines if "CLARIFICATION" in line)
    assert any("• won" in line for line in lines if "BID" in line)
    assert any("declined" in line for line in lines if "BID" in line and "bob" in line)
    assert any("orphan: its parent was never seen" in line for line in lines if "⌁" in line)


def test_narrow_panes_start_as_a_tree_and_w_goes_through_all_ways(workflow: Scene) -> None:
    pane = PathwayRows(workflow)
    pane.head(60, INK)
    assert pane.view == "tree"
    seen = []
    for _ in range(4):
        assert pane.look("next")
        seen.append(pane.view)
        assert rows(pane, 60)
    assert seen == ["lanes", "flame", "waterfall", "tree"]


def test_the_critical_path_and_the_account_of_a_stop_stand_above(workflow: Scene) -> None:
    path, stop, titles = head(PathwayRows(workflow))
    assert path.startswith("critical path  auction 250 ms")
    assert "tool" in path
    assert stop == "STOP at +1.0 s  ada worked on after it"
    assert titles.split()[:3] == ["signal", "who", "says"]


def test_work_in_another_trace_is_a_door_that_opens_in_place(workflow: Scene) -> None:
    pane = PathwayRows(workflow)
    closed = rows(pane, 200)
    [door] = [index for index, line in enumerate(closed) if "▸ ↗" in line]
    assert "inner" in closed[door]
    assert "✓" in closed[door]
    key = pane.key(door)
    assert pane.sequence(key) == 6
    assert pane.unfold(key)
    opened = rows(pane, 200)
    assert len(opened) == len(closed) + 3
    inside = opened[door + 1 : door + 4]
    assert ["TASK" in inside[0], "PLAN" in inside[1], "AGENT_OUTPUT" in inside[2]] == [True] * 3
    assert pane.index(7, 0) == door + 2
    assert pane.fold(7) == 6
    assert pane.fold(6) == 6
    assert len(rows(pane)) == len(closed) + 1
    assert pane.index(7, 0) is None
    assert pane.fold(6) == key
    assert pane.unfold(6)
    assert not pane.unfold(6)
    assert pane.fold(key) == key
    assert len(rows(pane)) == len(closed)


def test_folding_hides_a_branch_and_going_to_a_signal_shows_it_again(workflow: Scene) -> None:
    pane = PathwayRows(workflow)
    every = len(rows(pane))
    assert pane.fold(3) == 3
    lines = rows(pane)
    assert len(lines) < every
    assert any("▸ " in line and "TASK_AWARDED" in line for line in lines)
    assert pane.index(5, 0) is None
    pane.seek(5)
    assert len(rows(pane)) == every
    assert pane.index(5, 0) is not None


def test_lanes_have_a_row_for_each_participant(workflow: Scene) -> None:
    pane = PathwayRows(workflow)
    pane.head(120, INK)
    pane.look("next")
    pane.look("next")
    assert pane.view == "lanes"
    lines = rows(pane)
    assert [line.split()[0] for line in lines] == ["nobody", "ada", "bob", "hammer", "zoe"]
    assert "━" in lines[1]
    assert "▒" in lines[1]
    assert "A" in lines[1]
    assert "B" in lines[2]
    assert "! error" not in head(pane)[2]
    assert "O offer  B bid  A award  d declined" in head(pane)[2]


def test_a_flame_tells_total_and_own_time(workflow: Scene) -> None:
    pane = PathwayRows(workflow)
    pane.head(120, INK)
    for _ in range(3):
        pane.look("next")
    assert pane.view == "flame"
    lines = rows(pane)
    assert lines[0].split()[:4] == ["TASK_OFFER", "1", "250", "ms"]
    award = next(line for line in lines if "TASK_AWARDED ada" in line)
    assert award.split()[2:5] == ["1", "1.8", "s"]
    assert any(line.startswith("  TOOL_CALL hammer") for line in lines)
    # How much of it was its own is known when it ends.
    assert next(line for line in lines if "CLARIFICATION ada" in line).split()[5] == "–"
    for index in range(pane.count()):
        assert pane.index(pane.key(index), 0) == index
    assert pane.sequence(pane.key(0)) is None
    assert not pane.look("in")


def test_times_are_told_in_three_ways(workflow: Scene) -> None:
    pane = PathwayRows(workflow)
    shown = {}
    for times in ("since start", "absolute", "since previous"):
        workflow.times = times
        shown[times] = next(line for line in rows(pane, 160) if "TASK_AWARDED" in line)
    assert "+250 ms" in shown["since start"]
    assert "14:13:20.250" in shown["absolute"]
    assert "+230 ms" in shown["since previous"]


def test_zooming_keeps_the_signal_under_the_cursor_and_0_fits(workflow: Scene) -> None:
    pane = PathwayRows(workflow)
    assert rows(pane)
    whole = head(pane)[-1]
    assert pane.look("in", 5)
    assert pane.look("in", 5)
    assert head(pane)[-1] != whole
    assert "zoomed" in "".join(text for text, _ in pane.note(INK))
    lines = rows(pane)
    assert any("‹" in line or "›" in line for line in lines)
    assert pane.look("later")
    assert pane.look("fit")
    assert head(pane)[-1] == whole
    assert not pane.look("earlier")


def test_a_drag_along_the_axis_shows_that_stretch(workflow: Scene) -> None:
    pane = PathwayRows(workflow)
    pane.head(120, INK)
    pane.count()
    assert not pane.look_at(3, 10)
    assert not pane.look_at(100, 101)
    assert pane.look_at(118, 100)
    assert "zoomed" in "".join(text for text, _ in pane.note(INK))


def test_an_axis_that_was_glued_to_the_end_follows_in_steps() -> None:
    axis = TimeAxis()
    axis.take(8.0, 40)
    axis.show(6.0, 2.0)
    starts = {axis.take(8.0 + tick / 100, 40).start for tick in range(150)}
    assert len(starts) == 3
    axis.show(1.0, 2.0)
    assert axis.take(99.0, 40) == Axis(2.0, 0.5, 1.0)


def test_traces_stand_below_what_caused_them_and_fold(workflow: Scene) -> None:
    pane = TraceRows(workflow)
    lines = rows(pane)
    assert "sum" in lines[0]
    assert "↳ inner" in lines[1]
    outer, inner = pane.key(0), pane.key(1)
    assert pane.fold(inner) == outer
    assert pane.fold(outer) == outer
    assert len(rows(pane)) == 1
    assert "▸ 1 more" in rows(pane)[0]
    assert "1 folded away" in "".join(text for text, _ in pane.note(INK))
    pane.seek(inner)
    assert len(rows(pane)) == 2
    assert pane.index(inner, 0) == 1
    assert pane.fold(outer) == outer
    assert pane.unfold(outer)
    assert not pane.unfold(outer)


async def test_the_keys_reach_the_pathway_from_the_list(workflow: Scene, shown: Callable[..., Any]) -> None:
    async with shown(workflow.session, select="T") as screen:
        assert "critical path" in screen.text
        for view in ("tree", "lanes", "flame"):
            await screen.press("w")
            assert f" {view}" in screen.text
        await screen.press("w", "enter", "plus")
        assert "waterfall zoomed" in screen.text
        await screen.press("0")
        assert "zoomed" not in screen.text
        await screen.press("g", "h")
        assert "▸ TASK_OFFER" in screen.text
        await screen.press("l")
        assert "▸ TASK_OFFER" not in screen.text
        await screen.press("T")
        assert "Times: absolute" in screen.text
        await screen.press("d")
        assert screen.stage.focused == "inspector"


@pytest.mark.parametrize("view", VIEWS)
def test_no_text_of_the_bus_reaches_a_row_as_it_is(
    signal_frame: SignalFrame, recorded: Recorded, view: str
) -> None:
    frames = [
        frame
        for run, text in enumerate(HOSTILE)
        for _, frame in hostile_frames(signal_frame, text, run)
        if isinstance(frame, dict)
    ]
    scene = Scene(recorded([(1.0 + number / 100, frame) for number, frame in enumerate(frames)]))
    pane = PathwayRows(scene)
    for trace_id in scene.board.trace_order:
        scene.trace_id = trace_id
        pane.head(90, INK)
        while pane.view != view:
            pane.look("next")
        lines = [*head(pane, 90), *rows(pane, 90)]
        assert all(ALLOWED.fullmatch(line) for line in lines)
        assert all(cell_len(line) <= 90 for line in lines)
        for text in (pane.title(INK), pane.note(INK)):
            assert all(ALLOWED.fullmatch(piece) for piece, _ in text)


async def test_steps_go_along_the_trace_while_live_runs(
    silent_session: Session, signal_frame: SignalFrame, shown: Callable[..., Any]
) -> None:
    async with shown(silent_session) as screen:
        for id, trace, parent in (("A", "T", None), ("X", "U", None), ("B", "T", "A"), ("C", "T", "A")):
            frame = signal_frame("PLAN", id, trace, parent=parent, payload={"steps": [id]})
            silent_session.ingest("cosmonapse.dev.PLAN", json.dumps(frame).encode())
        await screen.settle()
        await screen.press("j", "enter", "g")
        assert screen.scene.seq == 0
        await screen.press("]", "]")
        assert screen.scene.seq == 3
        await screen.press("]")
        assert "No later signal in this trace" in screen.text
        await screen.press("[")
        assert screen.scene.seq == 2
        assert silent_session.timeline.following
