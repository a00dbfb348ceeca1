"""What a frame costs: only lines that differ from what is on the screen are finished and painted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget

from cosmo_doppler.session import Session
from cosmo_doppler.tui.app import DopplerApp
from cosmo_doppler.tui.modals.veiled import Veiled
from cosmo_doppler.tui.theme import DARK_NAME, LIGHT_NAME, Ink, textual_theme
from cosmo_doppler.tui.widgets.painted import Drawn, Painted
from tests.doppler.tui.showing import Shown

WIDTH = 12


class Words(Painted):
    DEFAULT_CSS = "Words { width: 12; height: 5; }"

    def __init__(self, words: list[str]) -> None:
        super().__init__()
        self.words = words
        self.painted: list[int] = []

    def draw(self, width: int, height: int, ink: Ink) -> Sequence[Drawn]:
        return [Drawn([Segment(word, ink.plain)], ink.background) for word in self.words]

    def _exchange_repaint_regions(self) -> list[Region]:
        regions = list(super()._exchange_repaint_regions())
        self.painted += [y for region in regions for y in region.line_range]
        return regions


class Page(App[None]):
    def __init__(self, words: list[str]) -> None:
        super().__init__()
        for name in (DARK_NAME, LIGHT_NAME):
            self.register_theme(textual_theme(name))
        self.theme = DARK_NAME
        self.words = Words(words)

    def compose(self) -> ComposeResult:
        yield self.words

    def lines(self) -> list[str]:
        return [strip.text[:WIDTH].rstrip() for strip in self.screen._compositor.render_strips()[:5]]


async def test_only_lines_that_differ_are_painted() -> None:
    app = Page(["one", "two", "three"])
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        kept = [app.words.render_line(y) for y in range(5)]
        app.words.painted.clear()
        app.words.words[1] = "changed"
        app.words.refresh()
        await pilot.pause()
        assert app.words.painted == [1]
        assert app.lines() == ["one", "changed", "three", "", ""]
        assert [y for y in range(5) if app.words.render_line(y) is kept[y]] == [0, 2, 3, 4]


async def test_nothing_is_painted_when_nothing_differs() -> None:
    app = Page(["one", "two"])
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        app.words.painted.clear()
        app.words.refresh()
        app.words.renew()
        await pilot.pause()
        assert app.words.painted == []


async def test_what_was_drawn_for_another_reason_is_painted_all_the_same() -> None:
    app = Page(["one", "two"])
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        app.words.painted.clear()
        app.words.words[0] = "first"
        app.words.refresh()
        # Somebody looks before the next frame.
        assert app.words.render_line(0).text.rstrip() == "first"
        await pilot.pause()
        assert app.words.painted == [0]


async def test_another_theme_paints_all_lines() -> None:
    app = Page(["one", "two"])
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        before = [app.words.render_line(y) for y in range(5)]
        app.theme = LIGHT_NAME
        await pilot.pause()
        assert all(list(app.words.render_line(y)) != list(before[y]) for y in range(5))


async def test_lines_beyond_the_room_are_left_out_and_long_ones_cut() -> None:
    app = Page(["日本語日本語日", "b", "c", "d", "e", "f"])
    async with app.run_test(size=(20, 8)) as pilot:
        await pilot.pause()
        assert app.lines() == ["日本語日本語", "b", "c", "d", "e"]
        assert {app.words.render_line(y).cell_length for y in range(5)} == {WIDTH}
        assert [strip.text for strip in app.words.render_lines(Region(4, 0, 4, 1))] == ["語日"]


async def test_under_a_form_only_what_changed_below_is_darkened_again(
    market_session: Session, shown: Shown
) -> None:
    async with shown(market_session, size=(100, 30)) as screen:
        await screen.press("question_mark")
        modal = veiled(screen.app)
        before = [modal.render_line(y) for y in range(30)]
        screen.app.say("a sentence never said before")
        await screen.settle()
        differ = [y for y in range(30) if modal.render_line(y) is not before[y]]
        assert differ == [29]


async def test_asking_for_a_line_leaves_the_panes_as_they_are(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, size=(100, 30)) as screen:
        panes = [screen.stage.panes[name] for name in screen.stage.shown]
        before = [pane.rendered_rows for pane in panes]
        screen.app.observatory.prompt.ask(":")
        await screen.settle()
        assert screen.lines[-1].startswith(" :")
        assert [pane.rendered_rows for pane in panes] == before


async def test_what_moves_is_painted_though_somebody_asked_before_where_it_is(
    market_session: Session, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shown(market_session, size=(100, 30)) as screen:
        deck = screen.app.observatory
        compositor = deck._compositor
        painted: list[set[Region]] = []
        refresh = Screen._compositor_refresh

        def note(self: Screen[Any]) -> None:
            painted.append(set(compositor._dirty_regions))
            refresh(self)

        monkeypatch.setattr(Screen, "_compositor_refresh", note)
        deck._keys.display, deck.prompt.display = False, True
        deck._clear_arrangement_cache()
        # As it happens when what is inside the prompt changes before it is laid out.
        compositor._full_map_invalidated = True
        assert deck.prompt.region == Region(0, 29, 100, 1)
        deck._refresh_layout()
        assert any(region.contains(0, 29) for region in painted[-1])

        def ask_meanwhile(widgets: set[Widget]) -> None:
            update(widgets)
            compositor._full_map_invalidated = True
            assert deck._keys in compositor.full_map

        # As it happens when what is to be painted asks where it stands, right before all is laid out.
        update = compositor.update_widgets
        monkeypatch.setattr(compositor, "update_widgets", ask_meanwhile)
        deck._keys.display, deck.prompt.display = True, False
        deck._clear_arrangement_cache()
        deck._refresh_layout()
        assert any(region.contains(0, 29) for region in painted[-1])


def veiled(app: DopplerApp) -> Veiled[Any]:
    assert isinstance(app.screen, Veiled)
    return app.screen
