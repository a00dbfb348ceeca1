from __future__ import annotations

import threading
from collections.abc import Hashable

from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown
from textual.message import Message

from cosmo_doppler.tui.theme import DARK_NAME, Ink, textual_theme
from cosmo_doppler.tui.widgets.columns import Cell
from cosmo_doppler.tui.widgets.lines import Lines
from cosmo_doppler.tui.widgets.source import Source, find_near


class Numbers(Source):
    """Rows that are numbers; more can be put in front or behind."""

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers
        self.drawn: list[int] = []

    def title(self, ink: Ink) -> Cell:
        return [("Numbers", ink.bold)]

    def empty(self, ink: Ink) -> list[Cell]:
        return [[("no numbers", ink.dim)]]

    def count(self) -> int:
        return len(self.numbers)

    def key(self, index: int) -> int:
        return self.numbers[index]

    def index(self, key: Hashable, near: int) -> int | None:
        return find_near(self.numbers, key, near)

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        self.drawn.append(self.numbers[index])
        return [Segment(f"row {self.numbers[index]}", ink.plain)]


class Tail(Numbers):
    newest_last = True
    follows = True


class Holder(App[None]):
    def __init__(self, source: Source) -> None:
        super().__init__()
        self.register_theme(textual_theme(DARK_NAME))
        self.theme = DARK_NAME
        self.lines = Lines(source, threading.RLock(), id="lines")

    def compose(self) -> ComposeResult:
        yield self.lines

    def on_mount(self) -> None:
        self.lines.styles.width, self.lines.styles.height = 40, 12
        self.lines.focus()

    def rows(self) -> list[str]:
        strips = self.screen._compositor.render_strips()
        return [strip.text[1:40].split("▐")[0].strip() for strip in strips[1:12]]


async def test_only_visible_rows_are_drawn_whatever_their_number() -> None:
    drawn = []
    for count in (1_000, 1_000_000):
        source = Numbers(list(range(count)))
        app = Holder(source)
        async with app.run_test(size=(40, 12)) as pilot:
            await pilot.pause()
            await pilot.press("G")
            await pilot.press("g", "j", "ctrl+d", "k", "pagedown")
            await pilot.pause()
            drawn.append(app.lines.rendered_rows)
    assert drawn[0] == drawn[1]
    assert drawn[0] < 100


async def test_the_cursor_stays_on_its_row_while_others_arrive_above() -> None:
    source = Numbers(list(range(50)))
    app = Holder(source)
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press(*"jjjjjjjjjjjjjjj")
        await pilot.pause()
        before = app.rows()
        assert app.lines.cursor == 15
        source.numbers[:0] = range(-20, 0)
        app.lines.touch()
        await pilot.pause()
        assert app.lines.cursor == 15
        assert app.rows() == before


async def test_following_rests_on_the_newest_row_until_one_moves_up() -> None:
    source = Tail(list(range(30)))
    app = Holder(source)
    async with app.run_test(size=(40, 12)) as pilot:
        source.numbers.append(30)
        app.lines.touch()
        await pilot.pause()
        assert app.lines.cursor == 30
        assert app.rows()[-1] == "row 30"
        await pilot.press("k")
        before = app.rows()
        source.numbers.extend(range(31, 60))
        app.lines.touch()
        await pilot.pause()
        assert app.lines.cursor == 29
        assert app.rows() == before
        await pilot.press("f")
        await pilot.pause()
        assert app.rows()[-1] == "row 59"


async def test_a_row_that_goes_leaves_the_cursor_where_it_was() -> None:
    source = Numbers(list(range(10)))
    app = Holder(source)
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("j", "j")
        del source.numbers[2]
        app.lines.touch()
        await pilot.pause()
        assert app.lines.cursor == 3
        source.numbers.clear()
        app.lines.touch()
        await pilot.pause()
        assert app.lines.cursor is None
        assert "no numbers" in app.rows()[5]


async def test_mouse_selects_opens_and_scrolls() -> None:
    app = Holder(Numbers(list(range(100))))
    opened: list[Hashable] = []

    def note(message: Message) -> None:
        if isinstance(message, Lines.Opened):
            opened.append(message.lines.cursor)

    async with app.run_test(size=(40, 12), message_hook=note) as pilot:
        await pilot.click("#lines", offset=(5, 4))
        assert app.lines.cursor == 3
        await pilot.click("#lines", offset=(5, 6), times=2)
        assert app.lines.cursor == 5
        assert set(opened) == {5}
        wheel = MouseScrollDown(app.lines, 5, 5, 0, 1, 0, False, False, False)
        app.lines.post_message(wheel)
        await pilot.pause()
        assert app.rows()[0] == "row 3"
        assert app.lines.cursor == 5


async def test_the_scroll_mark_moves_with_the_view() -> None:
    app = Holder(Numbers(list(range(100))))
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.pause()
        top = [strip.text.rstrip()[-1:] for strip in app.screen._compositor.render_strips()]
        await pilot.press("G")
        await pilot.pause()
        end = [strip.text.rstrip()[-1:] for strip in app.screen._compositor.render_strips()]
        assert top.index("▐") == 1
        assert end.index("▐") == 11


async def test_rows_at_rest_are_not_drawn_again() -> None:
    source = Numbers(list(range(100)))
    app = Holder(source)
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.pause()
        source.drawn.clear()
        await pilot.press("j", "j", "k")
        await pilot.pause()
        assert source.drawn == []


async def test_the_cursor_stays_in_view_when_the_pane_shrinks() -> None:
    app = Holder(Numbers(list(range(100))))
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press(*"jjjjjjjjj")
        app.lines.styles.height = 6
        await pilot.pause()
        assert app.rows()[4] == "row 9"
