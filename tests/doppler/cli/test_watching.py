from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from pathlib import Path

from cosmo_bus.client import BusClient
from cosmo_bus.testing import running_bus
from cosmo_doppler.tui.words import many
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.signal_types import SignalType
from tests.doppler.cli.commands import COSMO, bus_process, cosmo, environment, publish, running, wait_until

TASK = Signal(type=SignalType.TASK, directed=Directed(id="ann"), payload={"input": {"text": "hi"}})
FINAL = Signal(type=SignalType.FINAL, directed=Directed(id="bob"), payload={"result": 3})


def register(neuron: str, *capabilities: str) -> Signal:
    directed = Directed(id=neuron, type="neuron", capabilities=list(capabilities))
    payload = {"role": "neuron", "capabilities": list(capabilities)}
    return Signal(type=SignalType.REGISTER, directed=directed, payload=payload)


def test_tail_prints_what_passes_and_says_how_much(url: str, namespace: str) -> None:
    with running("tail", "--url", url, "-n", namespace, "--payload") as tail:
        tail.wait_for("DISCOVER")
        publish(url, namespace, TASK)
        tail.wait_for('{"input": {"text": "hi"}}')
        assert tail.interrupt() == 0
    assert any(TASK.trace_id[-8:] in line and line.endswith('is asked "hi"') for line in tail.out)
    assert tail.err[-1] == "Detached.  2 signals observed."


def test_tail_selects_by_type_trace_and_neuron(url: str, namespace: str) -> None:
    options = ("--type", "final", "--trace", FINAL.trace_id[-6:], "--neuron", "bob")
    with running("tail", "--url", url, "-n", namespace, *options) as tail:
        tail.wait_for("watching")
        publish(url, namespace, TASK, Signal(type=SignalType.FINAL, payload={"result": 1}), FINAL)
        tail.wait_for("bob")
        assert tail.interrupt(signal.SIGTERM) == 0
    assert len(tail.out) == 1
    assert tail.err[-1] == "Detached.  1 signals observed."


def test_tail_as_json_prints_envelopes_and_nothing_else(url: str, namespace: str) -> None:
    with running("doppler", "--url", url, "-n", namespace, "--json", "--type", "TASK") as tail:
        tail.wait_for("watching")
        publish(url, namespace, TASK)
        tail.wait_for('"ann"')
        assert tail.interrupt() == 0
    assert [Signal.decode(line) for line in tail.out] == [TASK]


def test_escape_codes_never_reach_the_terminal(url: str, namespace: str) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J"
    loud = Signal(type=SignalType.TASK, directed=Directed(id=evil), payload={"input": {"text": evil}})
    with running("tail", "--url", url, "-n", namespace, "--payload") as tail:
        tail.wait_for("DISCOVER")
        publish(url, namespace, loud, TASK)
        tail.wait_for("ann")
        tail.interrupt()
    assert "\x1b" not in tail.text
    assert "␛]0;owned" in tail.text


def test_tail_ends_by_itself_when_asked_to(url: str, namespace: str) -> None:
    shown = cosmo("tail", "--url", url, "-n", namespace, "--for", "300ms")
    assert shown.returncode == 0
    assert "Detached.  1 signals observed." in shown.stderr


def test_tail_survives_the_bus(tmp_path: Path) -> None:
    with bus_process(tmp_path, "--quiet") as (bus, url), running("tail", "--url", url) as tail:
        tail.wait_for("DISCOVER")
        bus.interrupt()
        tail.wait_for("lost the bus")
        port = url.rpartition(":")[2]
        with running("synapse", "start", "memory", "--port", port, "--quiet"):
            tail.wait_for(f"connected to {url} again")
            publish(url, "dev", TASK)
            tail.wait_for("ann")
            assert tail.interrupt() == 0


def test_a_recording_says_when_the_bus_was_away(tmp_path: Path) -> None:
    file = tmp_path / "session.ndjson"
    with (
        bus_process(tmp_path, "--quiet") as (bus, url),
        running("record", "--url", url, "-o", str(file)) as record,
    ):
        record.wait_for("recording")
        wait_until(lambda: b"DISCOVER" in file.read_bytes())
        bus.interrupt()
        record.wait_for("lost the bus")
        with running("synapse", "start", "memory", "--port", url.rpartition(":")[2], "--quiet"):
            record.wait_for(f"connected to {url} again")
            wait_until(lambda: file.read_bytes().count(b'"type":"DISCOVER"') == 2)
            assert record.interrupt() == 0
    subjects = [json.loads(line)["subject"] for line in file.read_bytes().splitlines()]
    assert subjects == ["cosmonapse.dev.DISCOVER", "_gap.dev", "cosmonapse.dev.DISCOVER"]


async def test_a_recording_says_what_did_not_get_here(tmp_path: Path) -> None:
    file = tmp_path / "session.ndjson"
    async with running_bus(outbox_lines=100) as bus:
        client = BusClient(bus.url)
        await client.connect()
        with running("record", "--url", bus.url, "-o", str(file)) as record:
            await asyncio.to_thread(record.wait_for, "recording")
            record.process.send_signal(signal.SIGSTOP)
            frame = Signal(type=SignalType.THOUGHT_DELTA, payload={"text": "x" * 8192}).encode()
            while not bus.statistics().dropped:
                client.publish("cosmonapse.dev.THOUGHT_DELTA", frame)
                await client.flush()
            record.process.send_signal(signal.SIGCONT)
            await asyncio.to_thread(wait_until, lambda: _lost_in(file) == bus.statistics().dropped)
            assert await asyncio.to_thread(record.interrupt) == 0
        lost = _lost_in(file)
        await client.close()
    assert "frames do not get here" in record.text
    assert f"{many(lost, 'frame')} did not get here" in record.text
    judged = cosmo("doppler", str(file), "--assert", "never type:ERROR")
    assert f"{many(lost, 'frame')} that did not get here, which nobody judged" in judged.stderr


def _lost_in(file: Path) -> int:
    lines = [line for line in file.read_bytes().splitlines() if b'"_gap.dev"' in line and line.endswith(b"}")]
    return sum(json.loads(line)["frames"] for line in lines)


def test_tail_ends_quietly_when_its_reader_leaves(url: str, namespace: str) -> None:
    process = subprocess.Popen(
        [*COSMO, "tail", "--url", url, "-n", namespace],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    assert "DISCOVER" in process.stdout.readline()
    process.stdout.close()
    publish(url, namespace, TASK)
    assert process.wait(20) == 0
    assert process.stderr is not None
    assert "Error" not in process.stderr.read()
    process.stderr.close()


def test_the_environment_names_the_bus_and_options_win(url: str, namespace: str, nobody_there: str) -> None:
    shown = cosmo("tail", "--for", "200ms", COSMO_URL=url, COSMO_NAMESPACE=namespace)
    assert f"watching {url} namespace {namespace}" in shown.stderr
    assert cosmo("tail", "--for", "200ms", "--url", url, COSMO_URL=nobody_there).returncode == 0


def test_record_writes_what_passes(url: str, namespace: str, tmp_path: Path) -> None:
    path = tmp_path / "session.ndjson"
    with running("record", "-o", str(path), "--url", url, "-n", namespace, "--json") as record:
        wait_until(lambda: path.exists() and b"DISCOVER" in path.read_bytes())
        publish(url, namespace, TASK, FINAL)
        wait_until(lambda: path.read_bytes().count(b"\n") == 3)
        assert record.interrupt() == 0
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["type"] for line in lines] == ["DISCOVER", "TASK", "FINAL"]
    assert all(line["rx"].endswith("Z") and line["subject"].startswith("cosmonapse.") for line in lines)
    summary = json.loads("\n".join(record.out))
    assert summary == {"file": str(path), "signals": 3, "bytes": path.stat().st_size}


def test_record_replaces_a_file_only_by_force(url: str, namespace: str, tmp_path: Path) -> None:
    path = tmp_path / "session.ndjson"
    path.write_text("old\n")
    arguments = ("record", "-o", str(path), "--url", url, "-n", namespace, "--for", "200ms")
    assert cosmo(*arguments).returncode == 1
    assert path.read_text() == "old\n"
    assert cosmo(*arguments, "--force").returncode == 0
    assert "old" not in path.read_text()


def test_a_full_disk_ends_a_recording_and_says_so(url: str, namespace: str, tmp_path: Path) -> None:
    path = tmp_path / "session.ndjson"
    limited = ("bash", "-c", 'ulimit -f 1; exec "$@"', "bash", *COSMO)
    # It must not leave compiled modules cut to that size behind, which everybody else would stumble over.
    kept_out = {"PYTHONDONTWRITEBYTECODE": "1"}
    with running(
        "record", "-o", str(path), "--url", url, "-n", namespace, program=limited, **kept_out
    ) as record:
        record.wait_for("recording")
        publish(url, namespace, *[TASK] * 50)
        assert record.end() == 1
    assert record.err[-1].startswith(f"error: recording to {path} stopped: File too large; ")


def test_registry_lists_who_announces_itself(url: str, namespace: str) -> None:
    arguments = ("registry", "list", "--url", url, "-n", namespace, "--timeout", "20")
    with running("tail", "--url", url, "-n", namespace) as tail:
        tail.wait_for("DISCOVER")
        with running(*arguments, "--expect", "2", "--capability", "sum", "--json") as listing:
            tail.wait_for("DISCOVER", times=2)
            publish(url, namespace, register("c", "other"), register("b", "sum", "add"), register("a", "sum"))
            assert listing.end() == 0
    found = json.loads("\n".join(listing.out))
    assert found == [
        {"id": "a", "kind": "neuron", "role": "neuron", "capabilities": ["sum"], "version": None},
        {"id": "b", "kind": "neuron", "role": "neuron", "capabilities": ["add", "sum"], "version": None},
    ]


def test_registry_says_when_nobody_is_there(url: str, namespace: str) -> None:
    arguments = ("registry", "list", "--url", url, "-n", namespace, "--timeout", "100ms")
    empty = cosmo(*arguments)
    assert (empty.returncode, empty.stdout) == (0, "")
    assert "nobody answered" in empty.stderr
    assert cosmo(*arguments, "--json").stdout == "[]\n"
    expecting = cosmo(*arguments, "--expect", "1")
    assert expecting.returncode == 1
    assert "0 of 1 expected participants" in expecting.stderr


def test_ctrl_c_on_a_command_that_waits_exits_130(url: str, namespace: str) -> None:
    with running("tail", "--url", url, "-n", namespace) as tail:
        tail.wait_for("DISCOVER")
        with running("registry", "list", "--url", url, "-n", namespace, "--timeout", "1h") as listing:
            tail.wait_for("DISCOVER", times=2)
            assert listing.interrupt() == 130
    assert listing.text.strip() == ""
