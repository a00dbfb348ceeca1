"""Sessions to put on a screen: a small market written by hand, replayed without a thread."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from cosmo_bus.recording import RecordingWriter
from cosmo_doppler.session import Session, load_all, open_replay
from tests.doppler.nowhere import Nowhere
from tests.doppler.tui.market import market, signal
from tests.doppler.tui.showing import show


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


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


@pytest.fixture
def silent_session() -> Iterator[Session]:
    session = Session(Nowhere(), kind="live", title="cosmo://127.0.0.1:7070", namespace="dev")
    session.report("live")
    yield session
    session.stop()


@pytest.fixture
def shown() -> Callable[..., Any]:
    """Puts a session on a screen: `async with shown(session) as screen`."""
    return show


@pytest.fixture
def signal_frame() -> Callable[..., dict[str, Any]]:
    return signal
