from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.signal_types import SignalType
from tests.doppler.cli.commands import COSMO, bus_process, cosmo, environment, publish, running

TASK = Signal(type=SignalType.TASK, directed=Directed(id="ann"), payload={"input": {"text": "hi"}})


def test_the_banner_says_where_and_every_signal_is_a_line(tmp_path: Path) -> None:
    with bus_process(tmp_path, namespace="quickstart") as (bus, url):
        publish(url, "quickstart", TASK)
        line = bus.wait_for("cosmonapse.quickstart.TASK")
        assert re.search(rf"\d\d:\d\d:\d\d\.\d{{3}}  TASK +{TASK.trace_id[-8:]}  ann ", line)
        assert bus.interrupt() == 0
    banner = "\n".join(bus.out)
    assert f"URL:        {url}\n" in banner
    assert "Namespace:  quickstart\n" in banner
    assert "Transport:  TCP + NDJSON" in banner
    assert bus.out[-2] == "  Synapse stopped.  namespace='quickstart'  signals=1"
    assert bus.err == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_quiet_bus_prints_nothing_and_ends_cleanly(number: int, tmp_path: Path) -> None:
    with bus_process(tmp_path, "--quiet") as (bus, url):
        publish(url, "dev", TASK)
        assert bus.interrupt(number) == 0
    assert bus.out == []
    assert bus.err == ["Synapse stopped.  namespace='dev'  signals=1"]


def test_stopping_from_elsewhere_ends_the_bus(tmp_path: Path) -> None:
    with bus_process(tmp_path) as (bus, url):
        stopped = cosmo("synapse", "stop", "--url", url, "-n", "dev")
        assert stopped.stdout == f"Stopped namespace 'dev' on {url}.\n"
        assert stopped.returncode == 0
        assert bus.end() == 0
    assert "Synapse stopped" in bus.text


def test_everything_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "all.ndjson"
    with bus_process(tmp_path, "--record", str(path)) as (bus, url):
        publish(url, "dev", TASK)
        publish(url, "elsewhere", TASK)
        bus.wait_for("cosmonapse.elsewhere.TASK")
        assert bus.interrupt() == 0
    subjects = [json.loads(line)["subject"] for line in path.read_text().splitlines()]
    assert subjects == ["cosmonapse.dev.TASK", "cosmonapse.elsewhere.TASK"]


def test_a_terminal_that_stands_still_stops_neither_the_bus_nor_its_end(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [*COSMO, "synapse", "start", "memory", "--port", "0", "--port-file", str(port_file)],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    os.close(writing)
    try:
        while not port_file.exists():
            assert process.poll() is None
        url = f"cosmo://127.0.0.1:{port_file.read_text().strip()}"
        # Several times what a pipe holds: the first of these would block a bus that prints by itself.
        for _ in range(5):
            publish(url, "dev", *[TASK] * 2000)
        info = cosmo("synapse", "view", "--url", url, "-n", "dev", "--json")
        assert json.loads(info.stdout)["signal_count"] == 10_000
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 0
        assert b"lines not shown: the terminal stands still" in said
    finally:
        process.kill()
        process.wait()
        os.close(reading)


def test_view_lists_the_namespaces(tmp_path: Path) -> None:
    with bus_process(tmp_path, "--quiet", namespace="one") as (_, url):
        publish(url, "one", TASK)
        listed = cosmo("synapse", "view", "--url", url)
        as_json = json.loads(cosmo("synapse", "view", "--url", url, "--json").stdout)
    assert re.search(r"^one +memory +1 +20", listed.stdout, re.MULTILINE)
    assert as_json["url"] == url
    assert [known["namespace"] for known in as_json["namespaces"]] == ["one"]


def test_view_of_an_unknown_namespace_fails(url: str) -> None:
    shown = cosmo("synapse", "view", "--url", url, "-n", "nope")
    assert shown.returncode == 1
    assert "namespace 'nope' not found" in shown.stderr


def test_view_streams_a_namespace_until_the_bus_ends(tmp_path: Path) -> None:
    with (
        bus_process(tmp_path, "--quiet") as (bus, url),
        running("synapse", "view", "--url", url, "-n", "dev") as view,
    ):
        view.wait_for("Streaming")
        view.wait_for("DISCOVER")
        publish(url, "dev", TASK)
        assert "ann" in view.wait_for("TASK ")
        bus.interrupt()
        assert view.end() == 0
    assert "  Namespace:  dev" in view.out


def test_a_bus_answers_prometheus(tmp_path) -> None:
    with bus_process(tmp_path, "--quiet", "--metrics-port", "0") as (bus, url):
        page = bus.wait_for("metrics on ").removeprefix("metrics on ")
        publish(url, "dev", Signal(type=SignalType.DISCOVER))
        with urllib.request.urlopen(page, timeout=20) as answer:
            assert "cosmo_bus_published_total 1.0" in answer.read().decode()
        assert bus.interrupt() == 0


def test_a_bus_divides_its_recording(tmp_path) -> None:
    path = tmp_path / "day.ndjson"
    with bus_process(tmp_path, "--quiet", "--record", str(path), "--rotate", "1kB") as (bus, url):
        publish(url, "dev", *(Signal(type=SignalType.DISCOVER) for _ in range(20)))
        assert bus.interrupt() == 0
    files = sorted(tmp_path.glob("day*.ndjson"))
    assert len(files) > 3
    assert sum(len(file.read_text().splitlines()) for file in files) == 20


def test_it_takes_as_many_files_as_the_system_allows(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with bus_process(tmp_path, "--quiet") as (bus, _):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert resource.prlimit(bus.process.pid, resource.RLIMIT_NOFILE) == (hard, hard)
            assert bus.interrupt() == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
