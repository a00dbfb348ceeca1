"""Terminals that are not as usual."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from cosmo_sdk import Signal, SignalType
from tests.doppler.cli.commands import publish, running, wait_until
from tests.doppler.terminal import on_terminal

DATA = str(Path(__file__).parents[1] / "data" / "peer-0.1.14.ndjson")


def test_one_that_cannot_be_drawn_on_gets_lines() -> None:
    with on_terminal("doppler", DATA, TERM="dumb") as terminal:
        assert terminal.end() == 0
    assert "(TERM=dumb): printing plain lines" in terminal.written
    assert "end of peer-0.1.14.ndjson: 88 signals" in terminal.written
    assert "\x1b" not in terminal.written


def test_one_without_all_letters_is_drawn_on_in_ascii() -> None:
    with on_terminal("doppler", DATA, "--paused", "--from", "100%", PYTHONIOENCODING="latin-1") as terminal:
        terminal.shows(r"REPLAY.* 88 ")
        terminal.type("\x11")
        assert terminal.end() == 0
    assert terminal.written.isascii()
    assert "\\u" not in terminal.written


@pytest.mark.parametrize("words", [("record", "-o"), ("doppler", "--daemon", "--record")], ids=" ".join)
def test_the_end_of_a_terminal_ends_a_recording_well(
    words: tuple[str, ...], url: str, namespace: str, tmp_path: Path
) -> None:
    file = tmp_path / "session.ndjson"
    with running(*words, str(file), "--url", url, "-n", namespace) as recording:
        recording.wait_for("recording cosmo")
        publish(url, namespace, Signal(type=SignalType.TASK))
        wait_until(lambda: b"TASK" in file.read_bytes())
        assert recording.interrupt(signal.SIGHUP) == 0
        recording.wait_for(" bytes, in ")


def test_under_nohup_the_end_of_a_terminal_ends_nothing(url: str, namespace: str) -> None:
    ignored = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with running("tail", "--url", url, "-n", namespace) as tail:
            tail.wait_for("watching")
            tail.process.send_signal(signal.SIGHUP)
            publish(url, namespace, Signal(type=SignalType.TASK))
            tail.wait_for("TASK")
            assert tail.interrupt() == 0
    finally:
        signal.signal(signal.SIGHUP, ignored)
