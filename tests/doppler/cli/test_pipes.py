"""Recordings that come through pipes: `-`, `/dev/stdin`, named pipes and those a shell makes of commands."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.doppler.cli.commands import COSMO, cosmo, environment, running
from tests.doppler.terminal import on_terminal

DATA = Path(__file__).parents[1] / "data" / "peer-0.1.14.ndjson"
TEXT = DATA.read_text()
LINES = TEXT.splitlines(keepends=True)

_WITH_KEYS = """
import fcntl, os, sys, termios
fcntl.ioctl(2, termios.TIOCSCTTY, 0)
os.dup2(os.open(sys.argv[1], os.O_RDONLY), 0)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Sits at the terminal as a shell's child does, with something else as standard input."""


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@contextmanager
def writing(pipe: Path) -> Iterator[int]:
    """The writing end, open whether or not somebody reads yet."""
    # Open for both, because opening for one waits for the other.
    descriptor = os.open(pipe, os.O_RDWR)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("-", ("doppler", "{}", "--tail")),
        ("-", ("doppler", "{}", "--assert", "never type:BID")),
        ("-", ("auctions", "{}")),
        ("/dev/stdin", ("export", "{}", "--format", "csv")),
        ("/dev/stdin", ("compare", str(DATA), "{}")),
    ],
)
def test_what_comes_through_a_pipe_is_a_recording(name: str, command: tuple[str, ...]) -> None:
    read = cosmo(*(each.format(DATA) for each in command))
    piped = cosmo(*(each.format(name) for each in command), stdin=TEXT)
    assert (piped.returncode, piped.stdout) == (read.returncode, read.stdout), piped.stderr
    assert len(piped.stdout) > 40


def test_a_command_can_stand_for_a_file() -> None:
    done = subprocess.run(
        ["bash", "-c", f'"$@" compare <(cat {DATA}) <(cat {DATA}) --check', "bash", *COSMO],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "with the same result" in done.stderr


def test_two_traces_of_what_comes_through_one_pipe() -> None:
    offers = [json.loads(line) for line in LINES if '"TASK_OFFER"' in line]
    first, second, *_ = dict.fromkeys(each["trace_id"] for each in offers)
    piped = cosmo("compare", "-", first, f"/dev/stdin:{second}", stdin=TEXT)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout == cosmo("compare", str(DATA), first, second).stdout


def test_a_picture_and_a_report_of_a_pipe(tmp_path: Path) -> None:
    picture, report = tmp_path / "a.svg", tmp_path / "a.md"
    assert cosmo("doppler", "-", "--screenshot", str(picture), stdin=TEXT).returncode == 0
    assert "standard&#160;input" in picture.read_text()
    assert cosmo("doppler", "-", "--report", str(report), stdin=TEXT).returncode == 0
    assert "standard input" in report.read_text()


def test_signals_are_printed_while_the_pipe_is_open(pipe: Path) -> None:
    with running("doppler", str(pipe), "--json", PYTHONUNBUFFERED="") as command:
        with writing(pipe) as far:
            os.write(far, LINES[0].encode())
            command.wait_for(json.loads(LINES[0])["id"])
            # Half a line is no line yet.
            os.write(far, LINES[1].encode()[:60])
            os.write(far, LINES[1].encode()[60:])
            command.wait_for(json.loads(LINES[1])["id"])
            os.write(far, LINES[2].rstrip("\n").encode())
        assert command.end() == 0
    assert [json.loads(line)["id"] for line in command.out] == [json.loads(line)["id"] for line in LINES[:3]]
    assert not [line for line in command.err if "skipped" in line]


@pytest.mark.parametrize("wanted", ["type:TASK_AWARDED", "won:true"])
def test_what_is_waited_for_ends_a_run_though_the_pipe_goes_on(pipe: Path, wanted: str) -> None:
    with running("doppler", str(pipe), "--until", wanted) as command, writing(pipe) as far:
        os.write(far, TEXT.encode())
        assert command.end() == 0
    assert "TASK_AWARDED" in command.text or "BID" in command.text


def test_lines_that_are_no_signals_are_named_by_the_pipe() -> None:
    piped = cosmo("doppler", "-", "--tail", stdin=f"nothing\n{LINES[0]}")
    assert piped.returncode == 0
    assert "standard input:1: skipped: not JSON" in piped.stderr


@pytest.mark.parametrize("command", ["doppler", "replay"])
def test_a_pipe_without_anything_is_refused(command: str) -> None:
    piped = cosmo(command, "-", stdin="")
    assert piped.returncode == 1
    assert piped.stderr == "error: standard input: ended before anything came\n"


def test_what_is_no_recording_is_refused_by_its_kind(tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(TEXT.encode()))
    shown = subprocess.run(
        ["bash", "-c", f'cat {packed} | "$@" doppler - --tail', "bash", *COSMO],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(),
        check=False,
    )
    assert shown.returncode == 1
    assert "standard input: compressed with gzip: unpack it on its way here" in shown.stderr


def test_a_terminal_is_no_recording() -> None:
    with on_terminal("doppler", "-") as terminal:
        assert terminal.end() == 1
        assert "standard input: is the terminal" in " ".join(terminal.screen.split())


def test_keys_come_from_the_terminal_while_a_pipe_brings_signals(pipe: Path) -> None:
    with writing(pipe) as far:
        os.write(far, "".join(LINES[:5]).encode())
        through = (sys.executable, "-c", _WITH_KEYS, str(pipe))
        with on_terminal("doppler", "-", "--speed", "max", through=through) as terminal:
            terminal.shows("standard input")
            terminal.insist("5", "▎Signals +5 ")
            os.write(far, "".join(LINES[5:8]).encode())
            terminal.insist("L", "▎Signals +8 ")
            terminal.insist("m", "Note|note")
            terminal.type("\r")
            terminal.type("\x11")
            assert terminal.end() == 0
    assert not list(pipe.parent.glob("*.marks.json"))


def test_the_base_of_a_comparison_names_what_it_skipped(tmp_path: Path) -> None:
    base = tmp_path / "base.ndjson"
    base.write_text(f"nothing\n{TEXT}")
    for command in (
        ("compare", str(base), str(DATA)),
        ("doppler", str(DATA), "--baseline", str(base), "--report", str(tmp_path / "a.md")),
    ):
        assert f"{base}:1: skipped: not JSON" in cosmo(*command).stderr


def test_runs_that_came_to_the_same_are_counted_though_nothing_is_listed() -> None:
    shown = cosmo("compare", str(DATA), str(DATA), "--changes")
    assert "with the same result" in shown.stderr
