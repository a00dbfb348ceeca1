"""NO_COLOR: no colour leaves for the terminal or into a picture, and what is selected can be seen all the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from cosmo_doppler.session import Session
from cosmo_doppler.tui.colourless import wanted, without
from cosmo_doppler.tui.layout import VIEWS
from cosmo_doppler.tui.look import Look
from cosmo_doppler.tui.theme import CONTRAST, DARK, LIGHT, Palette
from tests.doppler.cli.commands import cosmo
from tests.doppler.terminal import on_terminal

Shown = Callable[..., Any]
PALETTES = [DARK, LIGHT, CONTRAST]
MARKET = Path(__file__).parents[3] / "examples" / "sessions" / "market.ndjson"
WEIGHTS = {"", "0", "1", "2", "3", "4", "7", "9", "22", "23", "24", "27", "29"}
"""SGR parameters that are no colours."""


def colours_in(written: str) -> set[str]:
    """Every SGR sequence that sets more than a weight."""
    found = re.findall(r"\x1b\[([0-9;:]*)m", written)
    return {numbers for numbers in found if not WEIGHTS.issuperset(re.split("[;:]", numbers))}


def bare(style: Style, palette: Palette) -> Style:
    [(_, drawn, _)] = without(palette).apply([Segment("x", style)], Color(0, 0, 0))
    assert drawn is not None
    assert drawn.color is None
    assert drawn.bgcolor is None
    return drawn


def test_no_colour_is_written_to_the_terminal() -> None:
    with on_terminal("doppler", str(MARKET), "--paused", NO_COLOR="1") as terminal:
        terminal.shows("Traces")
        terminal.press("L")
        for number in range(len(VIEWS), 0, -1):
            terminal.press(str(number))
            terminal.type("jj\t\rj")
        terminal.type("?")
        terminal.shows("esc closes")
        terminal.type("\x11")
        assert terminal.end() == 0, terminal.written[-4000:]
    assert colours_in(terminal.written) == set()
    assert re.search(r"\x1b\[(?:\d+;)*7m", terminal.written), "nothing was drawn in reverse"


def test_the_test_would_notice() -> None:
    assert colours_in("\x1b[1;38;2;1;2;3mx\x1b[0m\x1b[1m") == {"1;38;2;1;2;3"}
    assert colours_in("\x1b[39;49mx\x1b[7m") == {"39;49"}
    assert colours_in("\x1b[91mx") == {"91"}


def test_a_picture_has_one_ink_and_one_ground(tmp_path: Path) -> None:
    for theme, ground in (("dark", "#000000"), ("light", "#ffffff")):
        out = tmp_path / f"{theme}.svg"
        done = cosmo("doppler", str(MARKET), "--screenshot", str(out), "--theme", theme, NO_COLOR="1")
        assert done.returncode == 0, done.stderr
        picture = out.read_text()
        assert set(re.findall(r"#[0-9a-fA-F]{6}\b", picture)) == {"#000000", "#ffffff"}
        assert f'<rect fill="{ground}"' in picture


@pytest.mark.parametrize("palette", PALETTES)
def test_what_is_selected_stands_out(palette: Palette) -> None:
    assert bare(Style(color=palette.text, bgcolor=palette.selection), palette).reverse
    assert bare(Style(color=palette.text, bgcolor=palette.selection_blurred), palette).underline
    assert bare(Style(color=palette.background, bgcolor=palette.work), palette).reverse
    for quiet in (palette.background, palette.raised):
        drawn = bare(Style(color=palette.text, bgcolor=quiet, bold=True), palette)
        assert drawn == Style(bold=True, reverse=drawn.reverse)
        assert not drawn.reverse


@pytest.mark.parametrize("palette", PALETTES)
def test_the_start_of_a_bar_is_turned_back_in_a_selected_row(palette: Palette) -> None:
    assert not bare(Style(color=palette.work, bgcolor=palette.selection, reverse=True), palette).reverse


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_guides_stay_fainter_than_words(palette: Palette) -> None:
    assert bare(Style(color=palette.faint, bgcolor=palette.background), palette).dim
    assert not bare(Style(color=palette.dim, bgcolor=palette.background), palette).dim


def test_what_has_no_colour_stays_as_it_is() -> None:
    style = Style(bold=True, meta={"row": 3})
    [(_, drawn, _)] = without(DARK).apply([Segment("x", style)], Color(0, 0, 0))
    assert drawn is style


@pytest.mark.parametrize(
    ("said", "means"), [({}, False), ({"NO_COLOR": ""}, False), ({"NO_COLOR": "0"}, True)]
)
def test_an_empty_no_color_asks_for_nothing(said: dict[str, str], means: bool) -> None:
    assert wanted(said) is means


@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
async def test_no_form_and_no_sheet_brings_colours_back(
    market_session: Session, shown: Shown, monkeypatch: pytest.MonkeyPatch, theme: Any
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with shown(market_session, look=Look(theme=theme)) as screen:
        for keys in (
            ("slash",),
            ("escape", "colon"),
            ("escape", "question_mark"),
            ("escape", "x"),
            ("escape", "ctrl+p"),
        ):
            await screen.press(*keys)
            strips = screen.app.screen._compositor.render_strips()
            styles = [style for strip in strips for _, style, _ in strip if style is not None]
            assert {(style.color, style.bgcolor) for style in styles} == {(None, None)}
