"""`cosmo synapse` on a NATS server: showing a namespace there, finding who does, and ending them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cosmo_doppler.cli.brokers import forget_start, note_start, started_on, state_file
from tests.doppler.cli.commands import cosmo, running
from tests.nats_server import RunningServer, running_nats


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_nats() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Where starts are written down, for commands and for this process."""
    told = {"COSMONAPSE_STATE_DIR": str(tmp_path / "state")}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return told


def test_a_namespace_on_nats_is_shown_found_and_stopped(server, tmp_path, folder):
    path = tmp_path / "all.ndjson"
    where = ("--broker", server.url, "-n", "prod", "--record", str(path))
    at = ("--url", server.url, "-n", "prod")
    with running("synapse", "start", "nats", *where, **folder) as shown:
        shown.wait_for("ends it; the broker goes on")
        asked = cosmo("dispatch", *at, "--neuron", "ann", "--input", "{}", "--timeout", "0.2")
        assert asked.returncode == 1
        assert " ann " in shown.wait_for("cosmonapse.prod.TASK")
        listed = json.loads(cosmo("synapse", "view", "--url", server.url, "--json", **folder).stdout)
        (only,) = listed["namespaces"]
        assert (only["namespace"], only["transport"]) == ("prod", "nats")
        assert (only["pid"], only["running"]) == (shown.process.pid, True)
        assert "running" in cosmo("synapse", "view", "--url", server.url, **folder).stdout
        stopped = cosmo("synapse", "stop", *at, **folder)
        assert stopped.returncode == 0, stopped.stderr
        assert f"process {shown.process.pid} to end" in stopped.stdout
        assert shown.end() == 0
    assert f"  Broker:     {server.url}" in shown.out
    assert any("Synapse stopped.  namespace='prod'" in line for line in shown.out)
    assert '"TASK"' in path.read_text()
    assert json.loads(state_file().read_text()) == {}
    again = cosmo("synapse", "stop", *at, **folder)
    assert again.returncode == 1
    assert again.stderr.startswith("error: nobody on this machine shows namespace 'prod'")


def test_ctrl_c_strikes_it_out_and_says_how_much_there_was(server, folder):
    with running("synapse", "start", "nats", "--broker", server.url, **folder) as shown:
        shown.wait_for("ends it; the broker goes on")
        assert [each.namespace for each in started_on(server.url)] == ["dev"]
        assert shown.interrupt() == 0
    assert started_on(server.url) == []
    assert "  Synapse stopped.  namespace='dev'  signals=0" in shown.out


def test_view_of_a_namespace_streams_it_until_the_broker_goes(folder):
    with running_nats() as server:
        at = ("--url", server.url, "-n", "dev")
        with running("synapse", "start", "nats", "--quiet", "--broker", server.url, **folder) as shown:
            while not started_on(server.url):
                assert shown.process.poll() is None
            with running("synapse", "view", *at, **folder) as view:
                view.wait_for("Streaming")
                cosmo("dispatch", *at, "--neuron", "ann", "--input", "{}", "--timeout", "0.2")
                view.wait_for("TASK")
                server.kill()
                assert view.end() == 0
            shown.wait_for("lost the bus")
            assert shown.interrupt() == 0
    assert f"  Process:    {shown.process.pid} (running)" in view.out
    assert shown.out == []


def test_what_a_released_command_wrote_down_is_understood(server, folder):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    state_file().parent.mkdir(parents=True)
    released = {"transport": "nats", "pid": gone.pid, "started_at": "2026-01-01T00:00:00+00:00"}
    # As a person wrote the URL: with what logs in, and in their spelling.
    state_file().write_text(json.dumps({f"nats://me:secret@127.0.0.1:{server.port}/": {"old": released}}))
    listed = cosmo("synapse", "view", "--url", server.url, **folder)
    assert "gone" in listed.stdout
    assert "secret" not in listed.stdout + listed.stderr
    stopped = cosmo("synapse", "stop", "--url", server.url, "-n", "old", **folder)
    assert (stopped.returncode, "is gone already" in stopped.stdout) == (0, True)
    assert json.loads(state_file().read_text()) == {}


def test_a_process_that_is_something_else_by_now_is_left_alone(folder):
    note_start("nats://127.0.0.1:4222", "dev")
    (ours,) = started_on("nats://127.0.0.1:4222")
    assert ours.pid == os.getpid()
    assert not ours.running  # this is no `synapse start`
    forget_start("nats://127.0.0.1:4222", ours._replace(pid=ours.pid + 1))
    assert started_on("nats://127.0.0.1:4222") == [ours]
    forget_start("nats://127.0.0.1:4222", ours)
    assert started_on("nats://127.0.0.1:4222") == []


@pytest.mark.parametrize(
    "text", ["", "[1]", '{"nats://127.0.0.1:4222": 5}', '{"nats://127.0.0.1:4222": {"a": 1}}']
)
def test_a_damaged_file_says_nothing(text, folder):
    state_file().parent.mkdir(parents=True)
    state_file().write_text(text)
    assert started_on("nats://127.0.0.1:4222") == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("nats", "--port", "7071"), "--port is for the memory transport"),
        (("nats", "--token-file", "t"), "--token-file is for the memory transport"),
        (("nats", "--broker", "cosmo://127.0.0.1:7070"), "is no NATS server"),
        (("memory", "--broker", "nats://127.0.0.1:4222"), "--broker is for `cosmo synapse start nats`"),
        (("kafka",), "'kafka' is not one of 'memory', 'nats'"),
    ],
)
def test_what_a_transport_cannot_do_is_refused(words, complaint):
    done = cosmo("synapse", "start", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr


def test_a_broker_that_is_not_there_ends_with_3(folder):
    done = cosmo("synapse", "start", "nats", "--broker", "nats://127.0.0.1:1", **folder)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.endswith("or name another with --broker\n")
    assert not state_file().exists()


def test_watching_counts_needs_our_own_bus(server):
    done = cosmo("synapse", "view", "--watch", "--url", server.url)
    assert (done.returncode, "its own monitor" in done.stderr) == (2, True)
