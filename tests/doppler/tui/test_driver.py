"""The bytes that reach the terminal, from the real driver, with everything hostile on every screen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cosmo_bus.recording import RecordingWriter
from cosmo_doppler.tui.layout import VIEWS
from tests.doppler.terminal import on_terminal
from tests.doppler.tui.hostile import HARMFUL, HOSTILE, hostile_frames

OURS = re.compile(
    r"""
    \x1b\[[0-9;:]*m                 # colours and weights
  | \x1b\[[0-9;]*H                  # where to draw
  | \x1b\[\?[0-9;]+[hlu$p]*         # modes we set, and reset at the end
  | \x1b\[\?[0-9;]*\$p              # which of them there are
  | \x1b\[[<>=][0-9;]*u             # the keyboard's way to tell keys apart
  | \x1b\[[0-9;]*[cntu]             # who the terminal is, and how large
  | \x1b_G[^\x1b]*\x1b\\            # whether it can show pictures
  | \x1bP\+q[0-9A-Fa-f;]*\x1b\\
  | \x1b\][02];Doppler[^\x07\x1b]*(?:\x07|\x1b\\)
  | \x1b\]22;(?:default|pointer|text)\x07   # the shape of the mouse
  | [\r\n]
    """,
    re.VERBOSE,
)


@pytest.fixture
def hostile_file(tmp_path: Path, signal_frame: Callable[..., dict[str, Any]]) -> Path:
    path = tmp_path / "hostile.ndjson"
    writer = RecordingWriter(path)
    for number, text in enumerate(HOSTILE):
        for at, frame in hostile_frames(signal_frame, text, number):
            raw = frame if isinstance(frame, bytes) else json.dumps(frame).encode()
            writer.write(at, "cosmonapse.dev.X", raw)
    writer.close()
    return path


def assert_only_ours(written: str) -> None:
    rest = OURS.sub("", written)
    found = HARMFUL.search(rest)
    assert found is None, repr(rest[max(0, found.start() - 30) : found.start() + 60])


def test_the_terminal_gets_no_sequence_but_ours(hostile_file: Path) -> None:
    with on_terminal("doppler", str(hostile_file), "--paused", columns=200, rows=50) as terminal:
        terminal.wait_for("Traces")
        terminal.press("L")
        for number in range(len(VIEWS), 0, -1):
            terminal.press(str(number))
            terminal.type("jjG\t\rjj")
            terminal.press("?")
            terminal.press("\x1b")
        terminal.press("\x10")  # the palette
        terminal.press("trace")
        terminal.press("\x1b")
        terminal.type("\x1b\x11")
        assert terminal.end() == 0, terminal.written[-4000:]
    assert_only_ours(terminal.written)


@pytest.mark.parametrize("text", [text for text in HOSTILE if HARMFUL.search(text)])
def test_the_test_would_notice(text: str) -> None:
    with pytest.raises(AssertionError):
        assert_only_ours(f"\x1b[1;1HTraces {text} more")
