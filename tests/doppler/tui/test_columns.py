"""Other columns in the list of signals, and rows that are longer than the list is wide."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from cosmo_doppler.cli.looks import chosen_look
from cosmo_doppler.config import as_toml, parse_config, read_config
from cosmo_doppler.errors import ConfigError
from cosmo_doppler.session import Session
from cosmo_doppler.tui.look import Look, remembered_of
from cosmo_doppler.tui.remembered import Remembered
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.sliding import Sliding
from cosmo_doppler.tui.widgets.source import Source
from tests.doppler.tui.showing import Shown

Recorded = Callable[..., Session]


class Whatever(Source):
    """Rows that nobody asks for."""

    def title(self, ink: Ink) -> Cell:
        return []

    def empty(self, ink: Ink) -> list[Cell]:
        return []

    def count(self) -> int:
        return 0

    def key(self, index: int) -> int:
        return index

    def index(self, key: Hashable, near: int) -> int | None:
        return None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        return []


async def command(screen: Any, line: str) -> None:
    await screen.pilot.press("colon", *line)
    await screen.press("enter")


def head(screen: Any) -> list[str]:
    found: list[str] = next(line for line in screen.lines if "says" in line.split()).split()
    return found


async def test_columns_are_chosen_and_remembered(
    market_session: Session, shown: Shown, tmp_path: Path
) -> None:
    async with shown(market_session, view="signals") as screen:
        screen.app.remembered = Remembered(tmp_path / "state.json")
        assert head(screen)[:4] == ["time", "signal", "who", "says"]
        await command(screen, "columns type,payload.cost,eta,cap,says")
        assert head(screen)[:5] == ["signal", "cost", "eta", "cap", "says"]
        (bid,) = [line for line in screen.lines if line.split()[:2] == ["BID", "0.005"]]
        assert bid.split()[2:4] == ["120", "ms"]
        (registered,) = [line for line in screen.lines if line.split()[:1] == ["REGISTER"]][:1]
        assert registered.split()[1] == "sum"
        screen.app.remembered.save()
        assert Remembered(tmp_path / "state.json").columns("signals")[1] == "payload.cost"
        await command(screen, "columns usual")
        assert head(screen)[:4] == ["time", "signal", "who", "says"]
        assert not remembered_of(screen.app).columns("signals")


async def test_the_settings_may_say_which(market_session: Session, shown: Shown) -> None:
    async with shown(
        market_session, view="signals", look=Look(columns={"signals": ["number", "says"]})
    ) as screen:
        assert head(screen)[:2] == ["number", "says"]


async def test_a_column_is_as_wide_as_what_stands_in_it(
    recorded: Recorded, shown: Shown, signal_frame: Callable[..., dict[str, Any]]
) -> None:
    values = ["ab", "日本語の長い名前", "mañana, ünïcode", "x" * 80, "\x1b[31mred", {"deep": [1, 2]}, 7, None]
    frames = [
        (
            1_790_000_000.0 + number,
            signal_frame("TASK", f"T{number}", "ONE", who="ada", payload={"it": value}),
        )
        for number, value in enumerate(values)
    ]
    async with shown(recorded(frames), view="signals") as screen:
        await command(screen, "columns payload.it,who,says")
        await screen.press("z")
        lines = [line for line in screen.lines if " ada" in line]
        assert len(lines) == len(values)
        # Counted in cells, who stands below who.
        from rich.cells import cell_len

        assert {cell_len(line.partition("ada")[0]) for line in lines} == {1 + 32 + 2}
        assert "␛[31mred" in screen.text
        assert "[1,2]" in screen.text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tpye", "there is no column 'tpye'; did you mean type?"),
        ("zzzz", "there is no column 'zzzz'; there are time, type"),
        ("type,type", "name each column once"),
        ("payload.", "there is no column 'payload.'"),
        (",", "name columns with commas between"),
    ],
)
async def test_what_is_no_column_is_said(market_session: Session, shown: Shown, text: str, why: str) -> None:
    async with shown(market_session, view="signals", size=(200, 30)) as screen:
        await command(screen, f"columns {text}")
        assert why in screen.text
        await screen.press("escape")
        assert head(screen)[:2] == ["time", "signal"]


def test_the_settings_name_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "doppler.toml"
    monkeypatch.setenv("COSMO_CONFIG", str(path))
    path.write_text('[columns]\nsignals = ["time", "tpye"]\n')
    with pytest.raises(
        ConfigError, match=r":2: columns\.signals: there is no column 'tpye'; did you mean type"
    ):
        chosen_look(read_config(), None, ascii=False)
    path.write_text('[columns]\nsignals = ["time", "payload.cost"]\n')
    config = read_config()
    assert parse_config(as_toml(config), path).columns == {"signals": ["time", "payload.cost"]}


async def test_completion_goes_on_after_a_comma(market_session: Session, shown: Shown) -> None:
    async with shown(market_session, view="signals") as screen:
        await screen.pilot.press("colon", *"columns type,trace.er", "tab")
        await screen.press("enter")
        assert remembered_of(screen.app).columns("signals") == ("type", "trace.errors")
        assert [line for line in screen.lines if line.split()[:2] == ["ERROR", "1"]]


async def test_long_rows_are_moved_along_and_back(
    recorded: Recorded, shown: Shown, signal_frame: Callable[..., dict[str, Any]]
) -> None:
    said = f"begins {'and goes on ' * 10}ends"
    session = recorded(
        [(1_790_000_000.0, signal_frame("TASK", "T1", "ONE", who="ada", payload={"input": {"text": said}}))]
    )
    async with shown(session, view="signals", size=(80, 24)) as screen:
        assert "begins" in screen.lines[5]
        assert "ends" not in screen.text
        assert "more →" in screen.lines[3]
        await screen.press("l")
        assert "TASK" not in screen.lines[5]
        assert "← more →" in screen.lines[3]
        await screen.press("l", "l")
        assert screen.lines[5].rstrip().endswith("ends")
        assert screen.lines[3].rstrip().endswith("← more")
        # Where nothing is left to see on the right it leads on.
        await screen.press("l")
        assert screen.stage.focused == "inspector"
        await screen.press("escape")
        for _ in range(4):
            await screen.press("h")
        assert "begins" in screen.lines[5]
        assert screen.stage.focused == "signals"


async def test_the_inspector_moves_along_what_it_does_not_break(
    recorded: Recorded, shown: Shown, signal_frame: Callable[..., dict[str, Any]]
) -> None:
    who = f"a-{'very-' * 20}long-name"
    session = recorded([(1_790_000_000.0, signal_frame("TASK", "T1", "ONE", who=who, payload={}))])
    async with shown(session, view="signals", size=(80, 24)) as screen:
        await screen.press("enter")
        assert screen.stage.focused == "inspector"
        assert "long-name" not in screen.text
        await screen.press("l", "l")
        assert "long-name" in screen.text
        await screen.press("h", "h")
        assert screen.stage.panes["inspector"].source.shift == 0
        assert screen.stage.focused == "inspector"


async def test_what_happened_and_what_is_asked_are_moved_along_too(
    recorded: Recorded, shown: Shown, signal_frame: Callable[..., dict[str, Any]]
) -> None:
    question = f"what {'about this ' * 20}then"
    message = f"it {'broke and ' * 14}ended"
    asked = [
        signal_frame("TASK", "T1", "ONE", who="ada", payload={"input": {"text": "work"}}),
        signal_frame("CLARIFICATION", "Q1", "ONE", parent="T1", who="ada", payload={"question": question}),
        signal_frame("TASK", "T2", "TWO", who="bob", payload={"input": {"text": "work"}}),
        signal_frame("ERROR", "E1", "TWO", parent="T2", who="bob", payload={"code": "X", "message": message}),
    ]
    session = recorded([(1_790_000_000.0 + number, frame) for number, frame in enumerate(asked)])
    async with shown(session, view="inbox", size=(100, 30)) as screen:
        for key, end in (("4", "then"), ("6", "ended")):
            await screen.press(key)
            pane = screen.stage.panes[screen.stage.focused]
            row = next(line for line in screen.lines if line.startswith("▎") and "…" in line)
            assert end not in row
            for _ in range(9):
                if not pane._slide():
                    break
            await screen.settle()
            row = next(line for line in screen.lines[5:] if line.startswith("▎"))
            assert row.rstrip("▐ ").endswith(end)
            assert "← more" in screen.text


@pytest.mark.parametrize(
    ("text", "shift", "width", "seen"),
    [
        ("0.8123 mira", 0, 20, "0.8123 mira         "),
        ("0.8123 mira", 0, 6, "0.8123"),
        ("0.8123 mira", 0, 4, "0.8…"),
        ("0.8123 mira", 0, 9, "0.8123 m…"),
        ("0.8123 mira", 3, 6, "…23 m…"),
        ("0.8123 mira", 7, 4, "mira"),
        ("0.8123 mira", 7, 3, "mi…"),
        ("0.8123 mira", 6, 6, " mira "),
        ("0.8123 mira", 9, 4, "…a  "),
        ("日本語 ok", 2, 4, "… 語"),
        ("x", 4, 3, "   "),
        ("ab", 0, 1, "a"),
        ("", 0, 0, ""),
    ],
)
def test_what_is_cut_in_its_middle_says_so(text: str, shift: int, width: int, seen: str) -> None:
    source = Whatever()
    source.shift = shift
    part = Strip(Sliding(source).part([Segment(text)], width))
    assert part.cell_length == width
    assert part.text == seen


@pytest.mark.parametrize("width", [20, 60, 84, 150, 300])
@pytest.mark.parametrize("extra", [0, 1, 40])
def test_a_line_is_as_long_as_the_pane_and_what_was_moved(width: int, extra: int) -> None:
    columns = Columns(
        Column("a", "a", 8), Column("b", "b", 0), Column("c", "c", 0, needs=84, most=20), Column("d", "d", 4)
    )
    drawn = "".join(segment.text for segment in columns.row(width, {"b": [("x" * 500, Style())]}, extra))
    assert len(drawn) == width + extra
    assert columns.length(width, {"b": "x" * 500}) >= 500 + 8 + 4
