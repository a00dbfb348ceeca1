"""What a bus may say to hurt whoever watches it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.segment import Segment
from textual.strip import Strip

from cosmo_doppler.session import Session
from cosmo_doppler.tui.app import DopplerApp
from cosmo_doppler.tui.headless import render_svg
from cosmo_doppler.tui.layout import VIEWS, View
from cosmo_doppler.tui.panes.coordination import CoordinationRows
from cosmo_doppler.tui.panes.object import ObjectLines
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import DARK, Ink
from tests.doppler.tui.hostile import HOSTILE, assert_harmless, hostile_frames
from tests.doppler.tui.showing import Shown

Recorded = Callable[..., Session]


@pytest.fixture
def hostile_session(recorded: Recorded, signal_frame: Callable[..., dict[str, Any]]) -> Session:
    return recorded(
        frame for number, text in enumerate(HOSTILE) for frame in hostile_frames(signal_frame, text, number)
    )


@pytest.mark.parametrize("view", VIEWS)
async def test_hostile_text_is_shown_and_does_nothing(
    hostile_session: Session, shown: Shown, view: View
) -> None:
    async with shown(hostile_session, view=view, size=(200, 50)) as screen:
        await screen.press("g")
        for _ in range(len(HOSTILE)):
            await screen.press("j")
            assert_harmless(screen.app.screen._compositor.render_strips())
        for key in ("G", "enter", "j", "j", "j", "enter", "j", "escape", "z"):
            await screen.press(key)
            assert_harmless(screen.app.screen._compositor.render_strips())


def test_hostile_coordination_is_told_and_does_nothing(hostile_session: Session) -> None:
    scene = Scene(hostile_session)
    rows, lines, ink = CoordinationRows(scene), ObjectLines(scene), Ink(DARK)
    told = []
    for index in range(rows.count()):
        scene.object_key = rows.key(index)
        lines.head(90, ink)
        told += [rows.row(index, 90, ink), *(lines.row(line, 90, ink) for line in range(lines.count()))]
        told.append([Segment(text, style) for text, style in lines.title(ink)])
    assert len(scene.board.coordination) > 5 * len(HOSTILE)
    assert_harmless([Strip(segments) for segments in told])


async def test_hostile_names_in_palette_and_notices_do_nothing(
    hostile_session: Session, shown: Shown
) -> None:
    async with shown(hostile_session) as screen:
        await screen.press("ctrl+p", *"trace")
        await screen.app.workers.wait_for_complete()
        await screen.settle()
        assert_harmless(screen.app.screen._compositor.render_strips())
        await screen.press("escape")
        for text in HOSTILE:
            screen.app.notify(text)
            await screen.settle()
            assert_harmless(screen.app.screen._compositor.render_strips())


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    frames=st.lists(
        st.one_of(st.binary(max_size=60), st.text(max_size=40).map(str.encode)), min_size=1, max_size=8
    )
)
def test_no_frame_ends_the_screen(frames: list[bytes], silent_session: Session) -> None:
    async def look() -> None:
        app = DopplerApp(silent_session, frame_rate=0, view="signals")
        async with app.run_test(size=(100, 30)) as pilot:
            for frame in frames:
                silent_session.ingest("cosmonapse.dev.X", frame)
            app.observatory.turn()
            await pilot.pause()
            await pilot.press("g", "enter")
            assert_harmless(app.screen._compositor.render_strips())

    asyncio.run(look())


async def test_a_malformed_frame_is_kept_and_explained(recorded: Recorded, shown: Shown) -> None:
    session = recorded([(1.0, {"type": "TASK", "id": "nonsense"}), (2.0, b"not json at all")])
    async with shown(session, view="signals", size=(140, 40)) as screen:
        await screen.press("g")
        assert "malformed" in screen.text
        assert "2 malformed" in screen.lines[0]
        assert "This frame is no valid signal: id 'nonsense'" in screen.text
        await screen.press("G")
        assert "not json at all" in screen.text


async def test_a_huge_payload_is_laid_out_in_part_and_copied_whole(
    recorded: Recorded, signal_frame: Callable[..., dict[str, Any]], shown: Shown
) -> None:
    frame = signal_frame("TASK", "BIG", "T", who="ada", payload={"input": {"text": "y" * 3_000_000}})
    session = recorded([(1.0, frame)])
    async with shown(session, view="signals") as screen:
        await screen.press("enter")
        assert "3.0 MB, its beginning; Y copies" in screen.text
        await screen.press("G")
        assert "envelope" in screen.text
        assert screen.stage.panes["inspector"].rendered_rows < 200
        await screen.press("Y")
        assert len(screen.app.clipboard) > 3_000_000
        assert "many terminals take less" in screen.lines[-1]


async def test_what_no_clipboard_takes_is_not_sent_to_the_terminal(
    recorded: Recorded, signal_frame: Callable[..., dict[str, Any]], shown: Shown
) -> None:
    frame = signal_frame("TASK", "BIG", "T", who="ada", payload={"input": {"text": "y" * 8_000_000}})
    session = recorded([(1.0, frame)])
    async with shown(session, view="signals") as screen:
        await screen.press("Y")
        assert "8.0 MB is more than any clipboard takes; o opens it" in screen.lines[-1]
        assert screen.app.clipboard == ""


async def test_a_deep_chain_of_signals_is_a_tree_still(
    recorded: Recorded, signal_frame: Callable[..., dict[str, Any]], shown: Shown
) -> None:
    frames = [
        (float(n), signal_frame("TASK", f"N{n}", "T", parent=f"N{n - 1}" if n else None, who=f"w{n}"))
        for n in range(300)
    ]
    session = recorded(frames)
    async with shown(session) as screen:
        await screen.press("enter", "G")
        assert "w299" in screen.text
        assert "deeper…" in screen.text
        await screen.press("g")
        assert "deeper…" not in screen.text


async def test_twenty_thousand_signals_cost_no_more_rows_than_two_hundred(
    recorded: Recorded, signal_frame: Callable[..., dict[str, Any]], shown: Shown, silent_session: Session
) -> None:
    def rows_drawn(screen: Any) -> int:
        return sum(pane.rendered_rows for pane in screen.stage.panes.values())

    line = b'{"v":"1","id":"evt_%d","trace_id":"trc_%d","type":"THOUGHT_DELTA","payload":{"delta":"x"},"ts":"2026-01-01T00:00:00Z"}'
    async with shown(silent_session, view="signals") as screen:
        drawn = []
        for goal in (200, 20_000):
            for n in range(len(silent_session.store), goal):
                silent_session.ingest("cosmonapse.dev.THOUGHT_DELTA", line % (n, n // 50))
            while silent_session.timeline.position < goal:
                silent_session.pump()
            before = rows_drawn(screen)
            await screen.settle()
            await screen.press("g", "G", "ctrl+u")
            drawn.append(rows_drawn(screen) - before)
        assert drawn[1] <= drawn[0] * 2


async def test_a_picture_can_be_drawn_without_a_terminal(market_session: Session, tmp_path: Any) -> None:
    out = tmp_path / "out.svg"
    for view in VIEWS:
        await render_svg(market_session, out, (100, 30), view)
        assert out.read_text().startswith("<svg")
