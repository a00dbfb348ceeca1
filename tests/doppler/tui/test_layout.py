from __future__ import annotations

import pytest

from cosmo_doppler.tui.layout import DEEPER, VIEWS, View, plan


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("width", "panes"), [(59, 1), (80, 2), (120, 2), (200, 3)])
def test_wider_terminals_show_more_panes(view: View, width: int, panes: int) -> None:
    shown = [slot.pane for slot in plan(view, width, 36)]
    # Figures are a page that lays itself out for the width.
    assert len(shown) >= panes or shown == ["metrics"]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("width", [60, 80, 99, 100, 120, 159, 160, 200, 317])
@pytest.mark.parametrize("height", [12, 18, 36, 56])
def test_panes_stay_inside_and_never_overlap(view: View, width: int, height: int) -> None:
    slots = plan(view, width, height)
    taken: set[tuple[int, int]] = set()
    for slot in slots:
        cells = {
            (x, y)
            for x in range(slot.region.x, slot.region.right)
            for y in range(slot.region.y, slot.region.bottom)
        }
        assert not taken & cells
        taken |= cells
        assert slot.region.right <= width
        assert slot.region.bottom <= height
        assert slot.region.height >= 3
    assert slots[0].pane == view


@pytest.mark.parametrize("view", VIEWS)
def test_a_small_terminal_shows_one_pane_and_enter_leads_on(view: View) -> None:
    assert [slot.pane for slot in plan(view, 59, 40)] == [view]
    assert [slot.pane for slot in plan(view, 80, 11)] == [view]
    assert [slot.pane for slot in plan(view, 120, 40, "inspector")] == ["inspector"]
    assert view in DEEPER
