"""The line of views: it says as much as there is room for, and always where one is."""

from __future__ import annotations

import pytest
from rich.style import Style

from cosmo_doppler.tui.chrome import tabs_line
from cosmo_doppler.tui.layout import VIEWS, View
from cosmo_doppler.tui.theme import DARK, Ink

INK = Ink(DARK)
NOTES: dict[View, tuple[str, Style]] = dict.fromkeys(VIEWS, ("1,234", INK.dim))


def shown(view: View, width: int) -> str:
    line, tabs = tabs_line(view, NOTES, width, INK)
    text = "".join(segment.text for segment in line)
    assert [tab.view for tab in tabs] == list(VIEWS)
    assert all(tab.end <= width for tab in tabs)
    assert all(
        text[tab.start : tab.end].split()[0].partition("(")[0] == str(place)
        for place, tab in enumerate(tabs, 1)
    )
    return text


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_has_a_place_at_every_width(view: View) -> None:
    assert all(view.capitalize() in shown(view, width) for width in (60, 80, 100, 120, 200))


def test_what_waits_for_a_person_is_counted_longest() -> None:
    assert shown("traces", 200).count("1,234") == len(VIEWS)
    assert shown("traces", 120).count("1,234") == 2
    assert "4 Inbox(1,234) 5 Signals 6 Faults(1,234) 7 8 9" in shown("traces", 80)
    assert "6 Faults(1,234) 7 8 Topology 9" in shown("topology", 90)


def test_where_nothing_waits_names_go_last() -> None:
    calm = NOTES | dict.fromkeys(("inbox", "faults"), ("", INK.dim))
    line, _ = tabs_line("traces", calm, 80, INK)
    named = [word for place, view in enumerate(VIEWS[:-1], 1) for word in (str(place), view.capitalize())]
    assert "".join(segment.text for segment in line).split() == [*named, "9"]
    assert shown("faults", 60) == "1 2 3 4(1,234) 5 6 Faults(1,234) 7 8 9 "


def test_on_the_ninth_view_the_others_keep_their_names_as_long_as_they_can() -> None:
    assert shown("coordination", 80).split() == [
        *("1", "Traces", "2", "Auctions", "3", "Registry", "4", "Inbox", "5", "Signals", "6", "Faults"),
        *("7", "8", "9", "Coordination"),
    ]  # fmt: skip


def test_a_view_without_a_note_has_no_tab_and_leaves_its_room_to_the_others() -> None:
    notes = {view: note for view, note in NOTES.items() if view != "coordination"}
    line, tabs = tabs_line("traces", notes, 100, INK)
    assert [tab.view for tab in tabs] == [view for view in VIEWS if view != "coordination"]
    assert all(view.capitalize() in "".join(segment.text for segment in line) for view in notes)


def test_a_count_has_the_style_it_is_given() -> None:
    notes = NOTES | {"faults": ("3", INK.failure)}
    line, _ = tabs_line("traces", notes, 200, INK)
    assert [segment.style for segment in line if segment.text == " 3"][-1] == INK.failure
