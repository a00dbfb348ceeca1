"""One signal, whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cosmo_doppler.session import Session
from cosmo_doppler.tui.outside import escaped
from cosmo_doppler.tui.panes.inspector import InspectorRows
from cosmo_doppler.tui.panes.wrapping import wrapped
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import DARK, Ink
from tests.doppler.tui.hostile import ALLOWED, HOSTILE
from tests.doppler.tui.showing import Shown

Recorded = Callable[..., Session]
SignalFrame = Callable[..., dict[str, Any]]
INK = Ink(DARK)
PAYLOAD = {
    "input": {"text": "line one\nline \x1b[2Jtwo", "list": [1, [2, {}], None]},
    "many": list(range(60)),
    "[/nope]": True,
}


def rows(pane: InspectorRows, width: int = 80) -> list[str]:
    pane.head(width, INK)
    return [
        "".join(segment.text for segment in pane.row(index, width, INK)).rstrip()
        for index in range(pane.count())
    ]


@pytest.fixture
def scene(signal_frame: SignalFrame, recorded: Recorded) -> Scene:
    frames = [
        (0.0, signal_frame("TASK", "A", "T", who="ada", payload=PAYLOAD, meta={"attempt": 0})),
        (0.1, signal_frame("TOOL_CALL", "B", "T", parent="A", who="h", payload={"tool": "h", "args": {}})),
        (0.3, signal_frame("TOOL_RESULT", "C", "T", parent="B", who="h", payload={"result": 7})),
    ]
    scene = Scene(recorded([(1_790_000_000.0 + at, frame) for at, frame in frames]))
    scene.seq = 0
    return scene


def line_of(lines: list[str], text: str) -> int:
    return next(index for index, line in enumerate(lines) if text in line)


def test_it_says_what_the_signal_means_where_it_came_from_and_what_followed(scene: Scene) -> None:
    scene.seq = 1
    lines = rows(InspectorRows(scene))
    assert lines[0] == "h calls h, and was answered after 200 ms"
    assert "who      h" in lines
    assert "seen     14:13:20.100  +100 ms" in lines
    assert "lag      100 ms by the sender's clock" in lines
    assert "parent   TASK  ada  0000000A  100 ms before" in lines
    followed = lines[line_of(lines, "what followed") + 1]
    assert followed == "TOOL_RESULT  +200 ms  h  h  7" or followed.startswith("TOOL_RESULT  +200 ms  h")
    assert lines[-1] == "version  1"


def test_what_is_still_awaited_is_told_anew_each_second(
    signal_frame: SignalFrame, recorded: Recorded
) -> None:
    began = 1_790_000_000.0
    session = recorded(
        [(began, signal_frame("TASK", "A", "T", who="ada", payload={"input": {"text": "go"}}))]
    )
    scene = Scene(session)
    scene.seq = 0
    pane = InspectorRows(scene)
    for waited in (3.0, 4.0):
        session.timeline.board.advance(began + waited)
        assert rows(pane)[0].endswith(f"no answer has come for {waited:.1f} s")


def test_a_payload_is_a_tree_whose_branches_fold(scene: Scene) -> None:
    pane = InspectorRows(scene)
    lines = rows(pane)
    begin = line_of(lines, "payload")
    assert lines[begin + 1 : begin + 12] == [
        "input",
        '  text  "line one',
        '      line ␛[2Jtwo"',
        "  list",
        "    0  1",
        "    1",
        "      0  2",
        "      1  {}",
        "    2  null",
        "▸ many  60 items",
        "[/nope]  true",
    ]
    assert lines[begin + 12 : begin + 15] == ["", "meta", "attempt  0"]
    assert pane.fold(begin + 6) == begin + 6
    assert rows(pane)[begin + 4 : begin + 8] == ["  list", "    0  1", "    ▸ 1  2 items", "    2  null"]
    assert pane.fold(begin + 7) == begin + 4
    assert rows(pane)[begin + 4 : begin + 6] == ["  ▸ list  3 items", "▸ many  60 items"]
    assert pane.unfold(begin + 4)
    assert pane.unfold(line_of(rows(pane), "▸ many"))
    assert "  59  59" in rows(pane)
    assert not pane.unfold(begin)
    assert pane.fold(0) is None


def test_the_value_under_the_cursor_is_copied_as_it_is(scene: Scene) -> None:
    pane = InspectorRows(scene)
    lines = rows(pane)
    assert pane.copied(line_of(lines, "text")) == PAYLOAD["input"]["text"]  # type: ignore[index]
    assert json.loads(pane.copied(line_of(lines, "list"))) == [1, [2, {}], None]
    assert json.loads(pane.copied(line_of(lines, "many"))) == PAYLOAD["many"]
    assert json.loads(pane.copied(line_of(lines, "payload"))) == PAYLOAD
    assert pane.copied(line_of(lines, "who")) == "ada"
    assert pane.copied(line_of(lines, "id  ")).endswith("0000A")
    assert pane.copied(line_of(lines, "envelope")) == ""


def test_another_signal_starts_unfolded(scene: Scene) -> None:
    pane = InspectorRows(scene)
    begin = line_of(rows(pane), "input")
    assert pane.fold(begin) == begin
    scene.seq = 2
    assert any("result  7" in line for line in rows(pane))
    scene.seq = 0
    assert not any("▸ input" in line for line in rows(pane))


def test_ten_megabytes_open_with_their_beginning(signal_frame: SignalFrame, recorded: Recorded) -> None:
    frame = signal_frame("TASK", "BIG", "T", who="ada", payload={"input": {"text": "y" * 7_900_000}})
    scene = Scene(recorded([(1.0, frame)]))
    scene.seq = 0
    lines = rows(InspectorRows(scene))
    assert "payload  7.9 MB, its beginning; Y copies, o opens all of it" in lines
    assert 500 < len(lines) < 2_000


async def test_keys_copy_jump_and_describe(scene: Scene, shown: Shown) -> None:
    async with shown(scene.session, view="signals", size=(120, 50)) as screen:
        await screen.press("g", "d")
        assert screen.stage.focused == "inspector"
        pane = screen.stage.panes["inspector"]
        assert pane.select(line_of(rows(pane.source, pane._inner_width), "list"))
        await screen.press("y")
        assert json.loads(screen.app.clipboard) == [1, [2, {}], None]
        await screen.press("h")
        assert "▸ list  3 items" in screen.text
        await screen.press("Y")
        assert json.loads(screen.app.clipboard)["payload"] == PAYLOAD
        assert pane.select(line_of(rows(pane.source, pane._inner_width), "text"))
        await screen.press("y")
        assert "1 hidden character in it" in screen.text
        await screen.press("r")
        assert "ada has not announced itself here" in screen.text
        await screen.press("o")
        assert "no terminal here" in screen.text


async def test_r_goes_to_the_participant(market_session: Session, shown: Shown) -> None:
    async with shown(market_session) as screen:
        await screen.press("G", "enter", "j", "r")
        assert screen.stage.view == "registry"
        assert screen.stage.panes["registry"].cursor == "ada"


def test_what_goes_to_another_program_is_plain_ascii(signal_frame: SignalFrame) -> None:
    frame = json.dumps(signal_frame("TASK", "A", "T", payload=PAYLOAD)).encode()
    text = escaped(frame)
    assert text.isascii()
    assert "\x1b" not in text
    assert json.loads(text) == PAYLOAD
    assert escaped(b"\x1b[2J\xffgarbage") == "\\u001b[2J\\ufffdgarbage\n"


@given(st.text(), st.integers(8, 60))
def test_wrapped_lines_fit_and_lose_nothing_but_blanks(text: str, width: int) -> None:
    lines = wrapped(safe(text), width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == safe(text).replace(" ", "")


def test_the_pager_of_the_environment_gets_the_file(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import nullcontext

    from cosmo_doppler.tui import outside

    kept = tmp_path / "kept.json"
    script = tmp_path / "pager"
    script.write_text(f'#!/bin/sh\ncp "$1" {kept}\n')
    script.chmod(0o700)
    monkeypatch.setenv("PAGER", str(script))

    class Terminal:
        def suspend(self) -> Any:
            return nullcontext()

    outside.show_outside(Terminal(), scene.session.store.frame(0))  # type: ignore[arg-type]
    assert json.loads(kept.read_text()) == PAYLOAD


def test_no_value_reaches_a_line_as_it_is(signal_frame: SignalFrame, recorded: Recorded) -> None:
    payload = {text: {"value": text, "list": [text]} for text in HOSTILE}
    scene = Scene(
        recorded([(1.0, signal_frame("TASK", "A", "T", who=HOSTILE[0], payload=payload, meta=payload))])
    )
    scene.seq = 0
    pane = InspectorRows(scene)
    for width in (20, 60, 120):
        lines = rows(pane, width)
        assert len(lines) > len(HOSTILE) * 6
        assert all(ALLOWED.fullmatch(line) for line in lines)
        assert all(cell_len(line) <= width for line in lines)
