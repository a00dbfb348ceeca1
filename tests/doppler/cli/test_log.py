from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cosmo_bus.journal import note
from cosmo_doppler.cli.logs import JsonLines, PlainLines
from cosmo_sdk.envelope import Signal
from cosmo_sdk.signal_types import SignalType
from tests.doppler.cli.commands import COSMO, Running, cosmo, environment, publish, running, wait_until

TASK = Signal(type=SignalType.TASK, payload={"input": {"text": "hi"}})
AS_JSON = {"COSMO_LOG": "info", "COSMO_LOG_FORMAT": "json"}


@contextmanager
def logging_bus(folder: Path, *options: str, **extra: str) -> Iterator[tuple[Running, int]]:
    port_file = folder / "bus.port"
    words = ("synapse", "start", "--quiet", "--port", "0", "--port-file", str(port_file))
    with running(*words, *options, **extra) as bus:
        wait_until(lambda: port_file.exists() or bus.process.poll() is not None)
        assert port_file.exists(), bus.text
        yield bus, int(port_file.read_text())


def events(bus: Running) -> list[dict[str, Any]]:
    return [told for line in bus.err if line.startswith("{") and "event" in (told := json.loads(line))]


def talk(port: int, *lines: bytes) -> None:
    """Say something, read until the bus has taken it, and go."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        stream = connection.makefile("rwb")
        for line in (*lines, b'{"op":"ping"}'):
            stream.write(line + b"\n")
        stream.flush()
        while (answer := stream.readline()) and b"pong" not in answer:
            pass


def test_clients_coming_and_going_are_told_as_json(tmp_path):
    with logging_bus(tmp_path, **AS_JSON) as (bus, port):
        talk(port, b'{"op":"hello","name":"e\\u001b[2Jvil"}', b"gar\x1b[31mbage", b'{"op":"n\\u001bone"}')
        bus.wait_for('"session_closed"')
        assert bus.interrupt() == 0
    told = events(bus)
    assert [each["event"] for each in told] == [
        *("namespace_announced", "bus_started", "session_opened", "session_named", "line_refused"),
        *("session_closed", "bus_ended"),
    ]
    assert all(each["ts"].endswith("+00:00") and each["level"] in ("info", "warning") for each in told)
    closed = told[-2]
    assert closed["name"] == "e\x1b[2Jvil"
    assert closed["reason"] == "the client left"
    assert (closed["lines_in"], closed["refused"], closed["sessions"]) == (4, 2, 0)
    assert told[1]["url"] == f"cosmo://127.0.0.1:{port}"
    assert told[-1]["refused"] == 2
    assert "\x1b" not in bus.text


def test_signals_leave_no_trace_in_the_log(tmp_path):
    with logging_bus(tmp_path, **AS_JSON) as (bus, port):
        publish(f"cosmo://127.0.0.1:{port}", "dev", *[TASK] * 500)
        bus.wait_for('"session_closed"')
        assert bus.interrupt() == 0
    assert len(events(bus)) == 5
    assert events(bus)[3]["lines_in"] == 501


def test_strangers_are_told_and_the_token_is_not(tmp_path):
    token = tmp_path / "token"
    token.write_text("open sesame\n")
    token.chmod(0o600)
    with logging_bus(tmp_path, "--token-file", str(token), **AS_JSON) as (bus, port):
        talk(port, b'{"op":"hello","token":"nearly sesame"}')
        bus.wait_for('"stranger_refused"')
        talk(port, b'{"op":"hello","token":"open sesame","name":"ann"}')
        bus.wait_for('"session_closed"')
        assert bus.interrupt() == 0
    told = {each["event"]: each for each in events(bus)}
    assert told["bus_started"]["token"] is True
    assert told["stranger_refused"]["reason"] == "that is not the token of this bus"
    assert told["session_closed"]["name"] == "ann"
    assert [each["event"] for each in events(bus)].count("session_opened") == 1
    assert "sesame" not in bus.text


def test_what_people_do_to_the_bus_is_told(tmp_path):
    with logging_bus(tmp_path, **AS_JSON) as (bus, port):
        talk(
            port,
            b'{"op":"ns_register","namespace":"mine"}',
            b'{"op":"ns_register","namespace":"dev"}',
            b'{"op":"gate_set","gate_id":"g","where":{"type":"TASK"}}',
            b'{"op":"gate_set","gate_id":"h"}',
            b'{"op":"gate_clear","gate_id":"h"}',
            b'{"op":"chaos_set","rule_id":"c","fault":"drop","rate":0.5}',
            b'{"op":"pub","subject":"cosmonapse.dev.TASK","frame":"{\\"type\\":\\"TASK\\"}"}',
        )
        stopped = cosmo("synapse", "stop", "-n", "dev", "--url", f"cosmo://127.0.0.1:{port}")
        assert stopped.returncode == 0
        assert bus.end() == 0
    told = {each["event"]: each for each in events(bus)}
    assert told["namespace_refused"]["namespace"] == "dev"
    assert told["gate_set"]["gate"] == "h"
    assert told["gate_opened"]["reason"] == "cleared"
    assert (told["gate_failed_open"]["gate"], told["gate_failed_open"]["reason"]) == ("g", "owner left")
    assert told["gate_failed_open"]["level"] == "warning"
    assert (told["chaos_set"]["rule"], told["chaos_set"]["rate"]) == ("c", 0.5)
    assert told["chaos_cleared"]["rule"] == "c"
    assert told["namespace_gone"]["namespace"] == "mine"
    assert told["namespace_stopped"]["namespace"] == "dev"


def test_a_recording_that_goes_on_in_another_file_is_told(tmp_path):
    path = tmp_path / "all.ndjson"
    with logging_bus(tmp_path, "--record", str(path), "--rotate", "2KB", **AS_JSON) as (bus, port):
        publish(f"cosmo://127.0.0.1:{port}", "dev", *[TASK] * 10)
        assert bus.interrupt() == 0
    assert events(bus)[2]["event"] == "session_opened"
    rotated = [each for each in events(bus) if each["event"] == "recording_rotated"]
    assert Path(rotated[0]["path"]).name == "all.001.ndjson"


def test_warnings_of_a_bus_are_words_on_stderr_unless_somebody_asked_for_more(tmp_path):
    with logging_bus(tmp_path) as (bus, port):
        talk(port, b"GET / HTTP/1.1")
        line = bus.wait_for("stranger_refused")
        assert bus.interrupt() == 0
    assert 'WARNING cosmo_bus.journal: stranger_refused session=1 name="" address="127.0.0.1:' in line
    assert len(bus.err) == 2


def test_a_level_that_does_not_exist_is_told_and_changes_nothing():
    shown = cosmo("completion", "bash", COSMO_LOG="loud")
    assert shown.returncode == 0
    assert shown.stderr.startswith("there is no log level 'loud'; COSMO_LOG may be ")


def test_a_log_that_nobody_reads_stops_neither_the_bus_nor_its_end(tmp_path):
    port_file = tmp_path / "port"
    reading, writing = os.pipe()
    words = ("synapse", "start", "--quiet", "--port", "0", "--port-file", str(port_file))
    process = subprocess.Popen([*COSMO, *words], stderr=writing, env=environment(COSMO_LOG="debug"))
    os.close(writing)
    try:
        wait_until(port_file.exists)
        # Each is a few lines; together several times what a pipe holds.
        for _ in range(400):
            talk(int(port_file.read_text()), b'{"op":"hello","name":"%s"}' % (b"x" * 64))
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(reading)


def test_both_forms_escape_what_a_client_wrote(caplog):
    caplog.set_level(logging.INFO)
    note("session_named", name="a\nb\x1b]0;x\x07\u202e")
    (record,) = caplog.records
    plain = PlainLines().format(record)
    assert plain.isascii()
    assert plain.isprintable()
    assert plain.endswith(r'session_named name="a\nb\u001b]0;x\u0007\u202e"')
    assert json.loads(JsonLines().format(record))["name"] == "a\nb\x1b]0;x\x07\u202e"
