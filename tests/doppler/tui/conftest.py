"""Sessions to put on a screen: a small market written by hand, replayed without a thread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from cosmo_bus.recording import RecordingWriter
from cosmo_doppler.session import Session, load_all, open_replay
from cosmo_doppler.tui.app import DopplerApp
from cosmo_doppler.tui.layout import View
from cosmo_doppler.tui.look import Look

START = 1_790_000_000.0


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


def signal(
    type: str,
    id: str,
    trace: str,
    *,
    parent: str | None = None,
    who: str = "",
    payload: Any = None,
    meta: Any = None,
) -> dict[str, Any]:
    frame: dict[str, Any] = {
        "v": "1",
        "id": f"evt_{id:0>26}",
        "trace_id": f"trc_{trace:0>26}",
        "parent_id": f"evt_{parent:0>26}" if parent else None,
        "type": type,
        "ts": "2026-09-21T14:13:20Z",
        "payload": payload if payload is not None else {},
        "meta": meta or {},
    }
    if who:
        frame["directed"] = {"id": who, "type": "neuron", "capabilities": []}
    return frame


def market() -> list[tuple[float, dict[str, Any]]]:
    """Two participants, an auction that is awarded, a question, a failure, and an auction nobody answers."""
    said = iter(
        [
            signal("REGISTER", "R1", "M1", who="ada", payload={"role": "neuron", "capabilities": ["sum"]}),
            signal("REGISTER", "R2", "M2", who="bob", payload={"role": "neuron", "capabilities": ["sum"]}),
            signal("HEARTBEAT", "H1", "M3", who="ada", payload={"status": "ok"}),
            signal(
                "TASK_OFFER",
                "OFFER1",
                "ONE",
                payload={"input": {"text": "add the figures"}, "capabilities": ["sum"], "deadline_ms": 250},
            ),
            signal(
                "BID",
                "BID1",
                "ONE",
                parent="OFFER1",
                who="ada",
                payload={"cost": 0.005, "eta_ms": 120, "confidence": 0.8},
            ),
            signal(
                "BID",
                "BID2",
                "ONE",
                parent="OFFER1",
                who="bob",
                payload={"cost": 0.002, "eta_ms": 300, "confidence": 0.9},
            ),
            signal(
                "TASK_AWARDED",
                "AWARD",
                "ONE",
                parent="BID2",
                who="bob",
                payload={"input": {"text": "add the figures"}},
            ),
            signal(
                "TASK_DECLINED",
                "DECLINE",
                "ONE",
                parent="BID1",
                who="ada",
                payload={"reason": "not selected"},
            ),
            signal(
                "CLARIFICATION", "ASK", "ONE", parent="AWARD", who="bob", payload={"question": "which year?"}
            ),
            signal("TASK", "TASK2", "TWO", who="ada", payload={"input": {"text": "divide by zero"}}),
            signal(
                "ERROR",
                "ERR",
                "TWO",
                parent="TASK2",
                who="ada",
                payload={"code": "X", "message": "no", "recoverable": False},
            ),
            signal(
                "TASK_OFFER",
                "OFFER2",
                "THREE",
                payload={"input": {"text": "sing"}, "capabilities": ["song"], "deadline_ms": 100},
            ),
            signal("HEARTBEAT", "H2", "M4", who="ada", payload={"status": "ok"}),
        ]
    )
    return [(START + 0.2 * number, frame) for number, frame in enumerate(said)]


@pytest.fixture
def recorded(tmp_path: Any) -> Callable[[Iterable[tuple[float, Any]]], Session]:
    """Writes frames to a recording and opens it, read and folded to its end."""

    def build(frames: Iterable[tuple[float, Any]]) -> Session:
        path = tmp_path / "session.ndjson"
        writer = RecordingWriter(path)
        for at, frame in frames:
            raw = frame if isinstance(frame, bytes) else json.dumps(frame).encode()
            type = frame.get("type", "UNKNOWN") if isinstance(frame, dict) else "UNKNOWN"
            writer.write(at, f"cosmonapse.dev.{type}", raw)
        writer.close()
        session = open_replay(path, paused=True)
        load_all(session)
        return session

    return build


@pytest.fixture
def market_session(recorded: Callable[[Iterable[tuple[float, Any]]], Session]) -> Session:
    return recorded(market())


class Nowhere:
    """A source that says nothing."""

    async def run(self, session: Session) -> None:
        await asyncio.Event().wait()


@pytest.fixture
def silent_session() -> Iterator[Session]:
    session = Session(Nowhere(), kind="live", title="cosmo://127.0.0.1:7070", namespace="dev")
    session.report("live")
    yield session
    session.stop()


class Screen:
    """An app under test, with what it shows as text."""

    def __init__(self, app: DopplerApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self.stage = app.observatory.stage
        self.scene = app.observatory.scene

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def settle(self) -> None:
        self.app.observatory.turn()
        await self.pilot.pause()
        self.app.observatory.turn()
        await self.pilot.pause()

    @property
    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def shown() -> Callable[..., Any]:
    """Puts a session on a screen: `async with shown(session) as screen`."""
    return show


@pytest.fixture
def signal_frame() -> Callable[..., dict[str, Any]]:
    return signal


@asynccontextmanager
async def show(
    session: Session,
    *,
    view: View = "traces",
    size: tuple[int, int] = (120, 40),
    select: str | None = None,
    look: Look | None = None,
) -> AsyncIterator[Screen]:
    app = DopplerApp(session, view=view, select=select, frame_rate=0, look=look)
    app.animation_level = "none"
    async with app.run_test(size=size) as pilot:
        screen = Screen(app, pilot)
        await screen.settle()
        yield screen
