from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from cosmo_doppler.cli import doppler
from cosmo_sdk import Directed, Signal, SignalType
from tests.doppler.cli.commands import (
    COSMO,
    bus_process,
    cosmo,
    environment,
    publish,
    running,
    wait_until,
)
from tests.doppler.terminal import on_terminal

ESCAPE = "\x1b"
TASK = Signal(type=SignalType.TASK, directed=Directed(id="ann"), payload={"input": {"text": "hello"}})
OUTPUT = TASK.reply(SignalType.AGENT_OUTPUT, {"output": {"text": "world"}}, Directed(id="ann"))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seconds of the demo."""
    path = tmp_path_factory.mktemp("recording") / "demo.ndjson"
    shown = cosmo("doppler", "--demo", "--for", "3s", "--record", str(path))
    assert shown.returncode == 0
    return path


def test_the_demo_without_a_terminal_is_told_in_lines() -> None:
    shown = cosmo("doppler", "--demo", "--for", "5")
    assert shown.returncode == 0
    heading, *lines = shown.stdout.splitlines()
    assert heading.startswith("TIME (UTC)")
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d{3}  ", line) for line in lines)
    assert any(re.search(r"open +TASK_OFFER +- +offers \"", line) for line in lines)
    assert any(re.search(r"BID +sparrow +bids \$0\.\d+, ready in 500 ms", line) for line in lines)
    assert any(re.search(r"HEARTBEAT +mira +is alive: ok", line) for line in lines)
    assert ESCAPE not in shown.stdout + shown.stderr
    first, *words = shown.stderr.splitlines()
    assert first == "no terminal: printing plain lines"
    assert any(
        re.fullmatch(r"watching demo at cosmo://127\.0\.0\.1:\d+ namespace demo", line) for line in words
    )
    assert re.fullmatch(r"end: \d+ signals seen", words[-1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_ends_cleanly_when_interrupted(number: int) -> None:
    with running("doppler", "--demo", "--plain", PYTHONDEVMODE="1", PYTHONWARNINGS="error") as demo:
        demo.wait_for("TASK_OFFER")
        assert demo.interrupt(number) == 0
    assert "Traceback" not in demo.text
    assert "Warning" not in demo.text
    assert "pending" not in demo.text


def test_a_live_bus_without_a_terminal_is_told_in_lines(url: str, namespace: str) -> None:
    with running("doppler", "--url", url, "-n", namespace) as doppler:
        doppler.wait_for("DISCOVER")
        publish(url, namespace, TASK, OUTPUT)
        assert doppler.wait_for("AGENT_OUTPUT").endswith(
            'done     AGENT_OUTPUT          ann               answers "world"'
        )
        assert doppler.interrupt() == 0


def test_a_bus_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    with bus_process(tmp_path, "--quiet") as (_, url):
        pass
    with running("doppler", "--url", url, "--plain") as doppler:
        doppler.wait_for("unreachable")
        with running("synapse", "start", "memory", "--quiet", "--port", url.rpartition(":")[2]):
            doppler.wait_for(f"watching {url}")
            assert doppler.interrupt() == 0


def test_a_recording_without_a_terminal_is_told_and_ends(recording: Path) -> None:
    shown = cosmo("doppler", str(recording))
    assert shown.returncode == 0
    assert len(shown.stdout.splitlines()) > len(recording.read_text().splitlines()) - 1
    assert "end of demo.ndjson: " in shown.stderr


def test_a_reader_that_leaves_ends_the_telling_quietly(recording: Path) -> None:
    piped = f"{' '.join(COSMO)} doppler {recording} --plain | head -n 1"
    shown = subprocess.run(
        ["bash", "-o", "pipefail", "-c", piped],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert shown.returncode == 0
    assert shown.stdout.startswith("TIME (UTC)")
    assert "Broken" not in shown.stderr


def test_bad_lines_of_a_recording_are_counted(recording: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.ndjson"
    torn.write_bytes(b"no json\n" + recording.read_bytes()[:-20])
    shown = cosmo("doppler", str(torn), "--plain")
    assert shown.returncode == 0
    assert "2 lines skipped that are no signals" in shown.stderr


@pytest.mark.parametrize("view", ["traces", "auctions", "registry", "inbox", "signals"])
def test_every_view_of_a_recording_makes_a_picture(view: str, recording: Path, tmp_path: Path) -> None:
    picture = tmp_path / "out.svg"
    shown = cosmo("doppler", str(recording), "--screenshot", str(picture), "--size", "100x30", "--view", view)
    assert shown.returncode == 0, shown.stderr
    assert shown.stderr == f"wrote {picture}\n"
    svg = picture.read_text()
    assert svg.startswith("<svg")
    assert "Doppler" in svg


def test_the_demo_makes_a_picture(tmp_path: Path) -> None:
    picture = tmp_path / "out.svg"
    shown = cosmo("doppler", "--demo", "--screenshot", str(picture), "--for", "2s")
    assert shown.returncode == 0, shown.stderr
    assert "sparrow" in picture.read_text()


def test_no_picture_of_a_bus_that_is_not_there(nobody_there: str, tmp_path: Path) -> None:
    picture = tmp_path / "out.svg"
    shown = cosmo("doppler", "--url", nobody_there, "--screenshot", str(picture), "--for", "300ms")
    assert shown.returncode == 3
    assert shown.stderr.startswith("error: cannot reach ")
    assert not picture.exists()


def test_a_picture_that_cannot_be_written_is_one_line(recording: Path, tmp_path: Path) -> None:
    shown = cosmo("doppler", str(recording), "--screenshot", str(tmp_path / "no" / "out.svg"))
    assert shown.returncode == 1
    assert "No such file or directory" in shown.stderr
    assert shown.stderr.count("\n") == 1


@pytest.fixture
def terminal() -> Iterator[tuple[int, list[bytes]]]:
    """A terminal: its far end, and what was written to it."""
    near, far = pty.openpty()
    written: list[bytes] = []

    def read() -> None:
        while True:
            try:
                data = os.read(near, 65_536)
            except OSError:
                return
            written.append(data)

    os.set_blocking(far, True)
    reader = threading.Thread(target=read)
    reader.start()
    yield far, written
    os.close(far)
    reader.join()
    os.close(near)


@pytest.mark.parametrize(
    "number", [None, signal.SIGTERM, signal.SIGHUP], ids=["time is up", "SIGTERM", "SIGHUP"]
)
def test_on_a_terminal_the_screen_opens_and_ends_cleanly(
    number: int | None, terminal: tuple[int, list[bytes]]
) -> None:
    far, written = terminal
    process = subprocess.Popen(
        [*COSMO, "doppler", "--demo", *(() if number else ("--for", "2s"))],
        stdin=far,
        stdout=far,
        stderr=far,
        env=environment(TERM="xterm-256color"),
    )
    try:
        if number is not None:
            while b"Registry" not in b"".join(written):
                assert process.poll() is None
            process.send_signal(number)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    screen = b"".join(written)
    assert b"\x1b[?1049h" in screen
    assert b"\x1b[?1049l" in screen
    assert b"Traceback" not in screen


def test_the_settings_in_use_can_be_printed_and_a_mistake_in_them_is_named(
    tmp_path: Path, recording: Path
) -> None:
    file = tmp_path / "doppler.toml"
    file.write_text('ascii = true\n[keys]\nzoom = "f11"\n')
    printed = cosmo("doppler", "--print-config", COSMO_CONFIG=str(file))
    assert printed.stdout.startswith(f"# {file}\n")
    assert 'theme = "dark"\nascii = true\n' in printed.stdout
    file.write_text('[keys]\nzom = "f11"\n')
    refused = cosmo(
        "doppler", str(recording), "--screenshot", str(tmp_path / "x.svg"), COSMO_CONFIG=str(file)
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"{file}:2: zom: there is no action 'zom'; did you mean 'zoom'?" in refused.stderr


def test_without_a_screen_it_records_until_told_to_end(url: str, namespace: str, tmp_path: Path) -> None:
    file = tmp_path / "night.ndjson"
    with running("doppler", url, "-n", namespace, "--daemon", "--record", str(file), "--json") as daemon:
        daemon.wait_for("recording")
        publish(url, namespace, TASK)
        wait_until(lambda: TASK.id.encode() in file.read_bytes())
        assert daemon.interrupt(signal.SIGTERM) == 0
    assert json.loads("".join(daemon.out))["signals"] == file.read_bytes().count(b"\n")
    refused = cosmo("doppler", "--daemon")
    assert refused.returncode == 2
    assert "add --record FILE" in refused.stderr


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--daemon", "--record", "new.ndjson", "--tail"), "leave out --tail"),
        (("--daemon", "--record", "new.ndjson", "--filter", "type:BID"), "leave out --filter"),
        (("--daemon", "--record", "new.ndjson", "--screenshot", "a.svg"), "leave out --screenshot"),
        (("--daemon", "--record", "new.ndjson", "--assert", "never type:BID"), "leave out --until, --assert"),
        (("--tail", "--record", "new.ndjson"), "print and do not record"),
        (("--json", "--record", "new.ndjson"), "print and do not record"),
        (("--tail", "--screenshot", "a.svg"), "one at a time"),
        (("--demo", "--plain", "--screenshot", "a.svg"), "one at a time"),
    ],
)
def test_no_option_is_passed_over_in_silence(words: tuple[str, ...], complaint: str) -> None:
    refused = CliRunner().invoke(doppler.command, words)
    assert refused.exit_code == 2
    assert complaint in " ".join(refused.output.split())


def test_a_store_to_act_on_needs_the_screen_and_must_be_one(tmp_path: Path, recording: Path) -> None:
    refused = cosmo("doppler", str(recording), "--store", str(tmp_path / "work.db"))
    assert refused.returncode == 2
    assert "--store is what Q acts on: it needs the screen" in refused.stderr
    with on_terminal("doppler", str(recording), "--store", str(tmp_path / "none.db")) as terminal:
        assert terminal.end() == 1
    assert "none.db: no such file" in terminal.written


def test_two_buses_are_watched_side_by_side(url: str, namespace: str, tmp_path: Path) -> None:
    with (
        bus_process(tmp_path, namespace=namespace) as (_, other),
        on_terminal("doppler", url, other, "-n", namespace) as terminal,
    ):
        terminal.wait_for("Traces")
        terminal.press("\x0e")
        terminal.wait_for(other.removeprefix("cosmo://"))
        terminal.type("\x11")
        assert terminal.end() == 0
