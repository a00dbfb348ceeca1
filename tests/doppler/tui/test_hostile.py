"""What a bus may say to hurt whoever watches it."""

from __future__ import annotations

import asyncio
import re
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
from tests.doppler.tui.showing import Shown

Recorded = Callable[..., Session]

HOSTILE = (
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b[2J\x1b[H",
    "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "\x9b31m\x9d0;title\x9c",
    "[/nope]",
    "[red]x[/red][@click=app.quit]X[/]",
    "[link=https://evil]x[/link]",
    "\u202egnp.exe\u2066",
    "a\u200bb\u200dc\ufeff",
    "\x00\x07\x08\x0b\x7f\r\n\t",
    "寿司" * 40,
    "👩‍👩‍👧" * 10,
    "e" + "\u0301" * 50,
    "x" * 20_000,
)
ALLOWED = re.compile(r"[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*")


def coordinated(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    """The text in every place that an event of coordination has: type, kind of event, payload."""
    grant = {"delegator": text, "delegatee": f"{text}2", "scope": [text], "type": "direct", "depth": 1}
    admission = {"mode": text, "required_capabilities": [text]}
    terms = {"coord": "auction", "auction_type": text, "start": 1, "lot": {text: text}}
    told: list[tuple[str, dict[str, Any]]] = [
        ("task.submitted", {"state": "pending", "objective": {text: text}, "pool_id": text, "topic": text}),
        ("task.claimed", {"state": "assigned", "agent": text, "attempt": 1, "lease_ms": 9_000_000_000_000}),
        ("task.failed", {"state": "failed", "agent": text, "result": {text: text}}),
        ("pool.joined", {"agent": text, "size": 1}),
        ("pool.refused", {"agent": text, "reason": text}),
        (
            "negotiation.opened",
            {"agent": text, "content": {text: text}, "participants": [text, f"{text}2"], "round": 1},
        ),
        ("negotiation.proposed", {"agent": f"{text}2", "content": {text: [text]}, "round": 2}),
        ("negotiation.rejected", {"agent": text, "state": "rejected", "reason": text}),
        ("vote.cast", {"agent": text, "option": text, "present": 1}),
        ("auction.bid_rejected", {"agent": text, "reason": text}),
        ("delegation.granted", grant),
        ("delegation.denied", {**grant, "agent": text}),
    ]
    return [
        ("CONTEXT_SYNC", "pool.created", {"snapshot": {"topics": [text], "admission": admission}}),
        (
            "CONTEXT_SYNC",
            "vote.opened",
            {"snapshot": {"options": [text], "eligible": [text], "quorum": text}},
        ),
        *(("MEMORY_APPEND", kind, {"key": text, "value": facts}) for kind, facts in told),
        ("CONSENSUS", "vote.closed", {"vote": {"status": "decided", "winner": text, "counts": [[text, 1]]}}),
        ("TASK_OFFER", "auction.opened", {"input": terms, "capabilities": ["coord.auction"]}),
        ("BID", "auction.bid", {"cost": 1}),
        ("TASK_DECLINED", "auction.unsold", {"reason": f"unsold:{text}"}),
    ]


def hostile_frames(
    signal_frame: Callable[..., dict[str, Any]], text: str, run: int
) -> list[tuple[float, Any]]:
    """The text in every place a frame has."""

    def frame(type: str, id: str, trace: str, *, parent: str | None = None, **rest: Any) -> dict[str, Any]:
        above = f"{parent}{run}" if parent else None
        return signal_frame(type, f"{id}{run}", f"{trace}{run}", parent=above, **rest)

    frames: list[Any] = [
        frame(
            type,
            f"Z{number}",
            "V",
            parent="Z17" if kind == "auction.bid" else None,
            who=f"coord:{text}" if type == "BID" else "",
            payload=payload,
            meta={
                "coord": {
                    "v": 1,
                    "kind": kind,
                    "subject": text[:200],
                    "store": text,
                    "rev": run * 100 + number,
                }
            },
        )
        for number, (type, kind, payload) in enumerate(coordinated(text))
    ]
    frames += [
        frame(
            "REGISTER", "R", "M", who=text, payload={"role": text, "capabilities": [text], "version": text}
        ),
        frame("HEARTBEAT", "H", "N", who=text, payload={"status": text}),
        frame(
            "TASK_OFFER",
            "O",
            "T",
            who=text,
            payload={"input": {text: text}, "capabilities": [text], "deadline_ms": 100},
        ),
        frame("BID", "B", "T", parent="O", who=text, payload={"cost": 1, "eta_ms": 2, "confidence": 0.5}),
        frame("TASK_AWARDED", "A", "T", parent="B", who=text, payload={"input": {"text": text}}),
        frame("TASK_DECLINED", "D", "T", parent="B", who=text, payload={"reason": text}),
        frame(
            "CLARIFICATION",
            "C",
            "T",
            parent="A",
            who=text,
            payload={"question": text, "context": {text: [text]}},
        ),
        frame(
            "ERROR",
            "E",
            "T",
            parent="A",
            who=text,
            payload={"code": text, "message": text},
            meta={text: text},
        ),
        {
            **frame("TASK", "X", "T"),
            "id": "evt_" + text,
            "trace_id": "trc_" + text,
            "parent_id": "evt_" + text,
            "ts": text,
        },
        {**frame("TASK", "Y", "T"), "type": text, "v": text},
        text.encode("utf-8", "surrogatepass"),
    ]
    return [(1_790_000_000.0 + 20 * run + number, frame) for number, frame in enumerate(frames)]


def assert_harmless(strips: list[Strip]) -> None:
    for strip in strips:
        for segment in strip:
            assert ALLOWED.fullmatch(segment.text), repr(segment.text)
            assert segment.style is None or segment.style.link is None
            assert "@click" not in (segment.style.meta if segment.style is not None else {})


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
