"""A terminal that is really there: the shell and back, and panes that stand as they were left."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from cosmo_bus.recording import RecordingWriter
from tests.doppler.terminal import on_terminal
from tests.doppler.tui.market import market


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "session.ndjson"
    writer = RecordingWriter(path)
    for at, frame in market():
        writer.write(at, f"cosmonapse.dev.{frame['type']}", json.dumps(frame).encode())
    writer.close()
    return path


def test_ctrl_z_goes_to_the_shell_and_fg_comes_back(recording: Path) -> None:
    with on_terminal("doppler", str(recording), "--paused") as terminal:
        terminal.wait_for("Traces")
        terminal.type("\x1a")
        pid, status = os.waitpid(terminal.process.pid, os.WUNTRACED)
        assert pid == terminal.process.pid
        assert os.WIFSTOPPED(status)
        # The terminal is the shell's again.
        terminal.wait_for("\x1b[?1049l")
        left = len(terminal.written.encode())
        os.kill(pid, signal.SIGCONT)
        terminal.wait_for("\x1b[?1049h", left)
        terminal.wait_for("Traces", left)
        terminal.type("\x11")
        assert terminal.end() == 0


def test_panes_stand_as_they_were_left(recording: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    arguments = ("doppler", str(recording), "--paused")
    with on_terminal(*arguments, COSMO_STATE=str(state)) as terminal:
        terminal.wait_for("Registry")
        terminal.press("\x1b[1;5C")  # ctrl+right
        terminal.press("?")
        terminal.wait_for("In traces")
        terminal.type("\x11")
        assert terminal.end() == 0
    kept = json.loads(state.read_text())
    first, second = kept["arrangements"]["traces middle"]["columns"]
    assert first == round(47 / 120 * 10_000)
    assert first + second == 10_000
    before = state.read_bytes()
    with on_terminal(*arguments, "--no-state", COSMO_STATE=str(state)) as terminal:
        terminal.wait_for("Traces")
        terminal.press("\x1b[1;5C")
        terminal.press("?")
        terminal.wait_for("In traces")
        terminal.type("\x11")
        assert terminal.end() == 0
    assert state.read_bytes() == before


def test_a_state_file_that_makes_no_sense_is_one_line(recording: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("{ no")
    with on_terminal("doppler", str(recording), "--paused", COSMO_STATE=str(state)) as terminal:
        terminal.wait_for("Traces")
        terminal.type("\x11")
        assert terminal.end() == 0
        told = terminal.written.rpartition("\x1b[?1049l")[2]
    assert told.count("is no layout of Doppler's") == 1
    assert state.read_text() == "{ no"


def test_the_mouse_is_left_to_the_terminal_when_that_is_asked(recording: Path) -> None:
    takes = "\x1b[?1000h"
    for flags, taken in (((), True), (("--no-mouse", "--fps", "5"), False)):
        with on_terminal("doppler", str(recording), "--paused", "--no-state", *flags) as terminal:
            terminal.wait_for("Traces")
            terminal.type("\x11")
            assert terminal.end() == 0
            assert (takes in terminal.written) == taken
