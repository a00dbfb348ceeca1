"""Panes that grow, shrink and hide, by keys and by mouse, and stand so again the next time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cosmo_bus.testing import running_bus
from cosmo_doppler.saved import STATE_VARIABLE, state_path
from cosmo_doppler.session import Session
from cosmo_doppler.session.live import open_live
from cosmo_doppler.tui.app import DopplerApp
from cosmo_doppler.tui.arrangement import (
    LEAST_COLUMNS,
    LEAST_ROWS,
    USUAL,
    Arrangement,
    arranged,
    edge_beside,
    move_edge,
)
from cosmo_doppler.tui.layout import VIEWS, Slot, View, grid_of, plan
from cosmo_doppler.tui.remembered import MOST_BUSES, Remembered
from tests.doppler.tui.showing import Screen, Shown


def test_the_usual_arrangement_changes_nothing() -> None:
    for view in VIEWS:
        for width in (80, 120, 200):
            grid = grid_of(view, width)
            assert plan(view, width, 37, grid=arranged(grid, USUAL)) == plan(view, width, 37)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("width", [80, 120, 200, 300])
def test_a_hidden_pane_leaves_its_room_to_the_others(view: View, width: int) -> None:
    grid = grid_of(view, width)
    for cell in grid.cells:
        if cell.pane == view:
            continue
        slots = plan(view, width, 36, grid=arranged(grid, Arrangement(hidden=(cell.pane,))))
        assert cell.pane not in {slot.pane for slot in slots}
        assert len(slots) == len(grid.cells) - 1
        _check_filled(slots, width, 36)


def _check_filled(slots: list[Slot], width: int, height: int) -> None:
    """No pane on another, nothing between them but one empty row below a pane."""
    taken: dict[tuple[int, int], str] = {}
    for slot in slots:
        bottom = slot.region.bottom + (slot.region.bottom < height)
        for x in range(slot.region.x, slot.region.right):
            for y in range(slot.region.y, bottom):
                assert taken.setdefault((x, y), slot.pane) == slot.pane
    assert len(taken) == width * height


def test_hiding_all_panes_of_a_view_hides_none() -> None:
    grid = grid_of("traces", 120)
    every = tuple(cell.pane for cell in grid.cells)
    assert arranged(grid, Arrangement(hidden=every)) == grid


@pytest.mark.parametrize("cell", [-50, 0, 30, 61, 119, 500])
def test_an_edge_stops_where_a_pane_would_get_too_small(cell: int) -> None:
    grid = grid_of("traces", 120)
    moved = move_edge(grid, USUAL, "columns", 1, cell, 120)
    slots = plan("traces", 120, 36, grid=arranged(grid, moved))
    edge = next(slot.region.x for slot in slots if slot.pane == "pathway")
    assert edge == min(max(cell, LEAST_COLUMNS), 120 - LEAST_COLUMNS)
    _check_filled(slots, 120, 36)


def test_an_edge_between_panes_that_are_small_already_stays() -> None:
    grid = grid_of("traces", 80)
    assert move_edge(grid, USUAL, "rows", 1, 3, 2 * LEAST_ROWS - 1) == USUAL


def test_a_pane_at_the_end_grows_towards_the_beginning() -> None:
    grid = grid_of("traces", 120)
    assert edge_beside(grid, "traces", "columns") == (1, 1)
    assert edge_beside(grid, "inspector", "columns") == (1, -1)
    assert edge_beside(grid, "inspector", "rows") == (1, -1)
    assert edge_beside(grid_of("metrics", 120), "metrics", "rows") is None


def test_what_was_meant_for_other_panes_means_nothing() -> None:
    grid = grid_of("traces", 120)
    for odd in (
        Arrangement(columns=(1, 2, 3)),
        Arrangement(rows=(0, 100)),
        Arrangement(columns=(-5, 5), hidden=("nobody",)),
    ):
        assert plan("traces", 120, 36, grid=arranged(grid, odd)) == plan("traces", 120, 36)


def test_an_arrangement_is_there_again_in_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "state" / "doppler.json"
    first = Remembered(path)
    first.put("traces", "middle", Arrangement(columns=(5000, 5000), hidden=("registry",)))
    first.put("signals", "wide", Arrangement(rows=(4000, 6000)))
    first.save()
    second, meanwhile = Remembered(path), Remembered(path)
    assert second.of("traces", "middle") == Arrangement(columns=(5000, 5000), hidden=("registry",))
    assert second.of("traces", "wide") == USUAL
    meanwhile.put("faults", "middle", Arrangement(hidden=("fault",)))
    meanwhile.save()
    second.put("traces", "middle", USUAL)
    second.save()
    third = Remembered(path)
    assert third.of("traces", "middle") == USUAL
    assert third.of("faults", "middle") == Arrangement(hidden=("fault",))
    assert third.of("signals", "wide") == Arrangement(rows=(4000, 6000))
    assert [each.name for each in path.parent.iterdir()] == ["doppler.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"arrangements": {"traces middle": {"columns": "wide"}}}', "\xff"]
)
def test_a_file_that_cannot_be_meant_is_said_and_the_panes_stand_as_usual(text: str, tmp_path: Path) -> None:
    path = tmp_path / "doppler.json"
    path.write_bytes(text.encode("latin-1"))
    remembered = Remembered(path)
    assert remembered.problem.startswith(f"{path}: is no layout")
    assert "\n" not in remembered.problem
    assert remembered.of("traces", "middle") == USUAL
    remembered.put("traces", "middle", Arrangement(hidden=("registry",)))
    remembered.save()
    assert Remembered(path).of("traces", "middle") == Arrangement(hidden=("registry",))


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remembered = Remembered(tmp_path / "file" / "doppler.json")
    remembered.put("traces", "middle", Arrangement(hidden=("registry",)))
    remembered.save()
    assert "the layout cannot be kept" in remembered.problem


def test_nothing_is_kept_where_nobody_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(STATE_VARIABLE, "none")
    assert state_path() is None
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "mine.json"))
    assert state_path() == tmp_path / "mine.json"
    monkeypatch.setenv(STATE_VARIABLE, "")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    found = state_path()
    assert found is not None
    assert found.name == "doppler.json"


def _width(screen: Screen, pane: Any) -> int:
    return int(screen.stage.panes[pane].size.width)


async def test_keys_move_the_edges_of_the_focused_pane(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        wide, high = _width(screen, "traces"), screen.stage.panes["traces"].size.height
        await screen.press("ctrl+right", "ctrl+right", "ctrl+up")
        assert _width(screen, "traces") == wide + 8
        assert screen.stage.panes["traces"].size.height == high - 2
        await screen.press("tab", "ctrl+left")
        assert screen.stage.focused == "pathway"
        assert _width(screen, "traces") == wide + 12
        await screen.press("ctrl+right")
        assert _width(screen, "traces") == wide + 8
        await screen.press("colon", *"reset_layout", "enter")
        assert _width(screen, "traces") == wide


async def test_a_pane_is_hidden_and_shown_again(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.press("Z")
        assert "cannot be hidden" in screen.text
        await screen.press("tab", "tab")
        assert screen.stage.focused == "registry"
        await screen.press("Z")
        assert screen.stage.shown == ["traces", "pathway", "inspector"]
        assert screen.stage.focused == "traces"
        assert ":pane registry shows it again" in screen.text
        await screen.press("colon", *"pane registry", "enter")
        assert screen.stage.shown == ["traces", "pathway", "registry", "inspector"]
        await screen.press("colon", *"pane bids", "enter")
        assert "this view has no pane 'bids'" in screen.text


async def test_each_view_and_size_is_arranged_for_itself(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        wide = _width(screen, "traces")
        await screen.press("ctrl+right", "2", "1")
        assert _width(screen, "traces") == wide + 4
        await screen.pilot.resize_terminal(200, 60)
        await screen.settle()
        assert _width(screen, "traces") == 54
        await screen.pilot.resize_terminal(120, 40)
        await screen.settle()
        assert _width(screen, "traces") == wide + 4


async def test_an_edge_can_be_dragged(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        stage, pilot = screen.stage, screen.pilot
        edge = stage.panes["pathway"].region.x
        row = stage.region.y + 4
        await pilot.mouse_down(offset=(edge, row))
        await pilot.hover(offset=(edge + 10, row))
        await pilot.mouse_up(offset=(edge + 10, row))
        await screen.settle()
        assert stage.panes["pathway"].region.x == edge + 10
        below = stage.panes["inspector"].region.y
        await pilot.mouse_down(offset=(80, below - 1))
        await pilot.hover(offset=(80, below - 6))
        await pilot.mouse_up(offset=(80, below - 6))
        await screen.settle()
        assert stage.panes["inspector"].region.y == below - 6
        await pilot.hover(offset=(20, below - 2))
        assert stage.panes["inspector"].region.y == below - 6


async def test_a_press_inside_a_pane_moves_nothing(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        edge = screen.stage.panes["pathway"].region.x
        await screen.pilot.mouse_down(offset=(edge - 5, 8))
        await screen.pilot.hover(offset=(edge + 20, 8))
        await screen.pilot.mouse_up(offset=(edge + 20, 8))
        await screen.settle()
        assert screen.stage.panes["pathway"].region.x == edge


async def test_what_cannot_be_moved_says_so(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="metrics") as screen:
        await screen.press("ctrl+right")
        assert "Nothing stands beside this pane" in screen.text
        await screen.press("1", "z", "ctrl+right")
        assert "One pane has all the room" in screen.text


async def test_an_app_remembers_what_it_was_given(
    market_session: Session, shown: Shown, tmp_path: Path
) -> None:
    path = tmp_path / "doppler.json"
    path.write_text(json.dumps({"arrangements": {"traces middle": {"hidden": ["registry"]}}}))
    async with shown(market_session) as screen:
        screen.app.remembered = Remembered(path)
        screen.stage.lay_out()
        await screen.settle()
        assert "registry" not in screen.stage.shown
        await screen.press("ctrl+right")
        screen.app.remembered.save()
    assert Remembered(path).of("traces", "middle").columns


def test_the_buses_watched_last_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    first = Remembered(path)
    for number in range(MOST_BUSES + 2):
        first.keep_bus(f"cosmo://127.0.0.1:{number}", "dev", float(number))
    first.keep_bus("cosmo://127.0.0.1:4", "dev", 99.0)
    first.save()
    kept = Remembered(path).buses
    assert len(kept) == MOST_BUSES
    assert kept[:2] == [("cosmo://127.0.0.1:4", "dev"), ("cosmo://127.0.0.1:9", "dev")]
    assert ("cosmo://127.0.0.1:1", "dev") not in kept


async def test_a_bus_that_is_watched_is_proposed_the_next_time(tmp_path: Path) -> None:
    async with running_bus() as bus:
        app = DopplerApp(open_live(f"cosmo://ann:secret@127.0.0.1:{bus.port}", "prod"))
        app.remembered = Remembered(tmp_path / "state.json")
        async with app.run_test():
            assert app.remembered.buses == [(f"cosmo://127.0.0.1:{bus.port}", "prod")]
