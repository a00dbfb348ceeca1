"""`cosmo gate` in one terminal, and in another."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cosmo_sdk import Signal, SignalType
from tests.doppler.cli.commands import Running, bus_process, cosmo, publish, running, wait_until
from tests.doppler.cli.signals import bids


@contextmanager
def holding(url: str, namespace: str, *options: str) -> Iterator[tuple[Running, Running]]:
    """A gate, and a `cosmo tail` that shows what comes through."""
    with (
        running("tail", "--url", url, "-n", namespace, "--json") as tail,
        running("gate", "hold", "--url", url, "-n", namespace, *options) as gate,
    ):
        tail.wait_for("watching")
        gate.wait_for("holding at gate")
        yield gate, tail


def holds_of(url: str) -> list[dict]:
    return json.loads(cosmo("gate", "list", "--url", url, "--json").stdout)["held"]


def test_held_signals_are_listed_and_stepped_and_the_rest_flows(url: str, namespace: str) -> None:
    with holding(url, namespace, "--type", "bid", "--name", "bids") as (gate, tail):
        first, second = bids(2)
        task = Signal(type=SignalType.TASK, payload={"input": {}})
        publish(url, namespace, first, second, task)
        tail.wait_for(task.id)
        gate.wait_for("n1")
        assert [line.split()[2:] for line in gate.out] == [
            ["BID", first.trace_id[-8:], "n0"],
            ["BID", first.trace_id[-8:], "n1"],
        ]
        listed = cosmo("gate", "list", "--url", url).stdout.splitlines()
        assert listed[0].split() == ["bids", f"cosmonapse.{namespace}.>", "type=BID", "2", "held"]
        assert [hold["id"] for hold in holds_of(url)] == [first.id, second.id]
        assert first.id not in tail.text
        stepped = cosmo("gate", "step", "--url", url)
        assert (stepped.returncode, stepped.stderr) == (0, "let 1 go\n")
        tail.wait_for(first.id)
        assert gate.interrupt() == 0
        tail.wait_for(second.id)


def test_a_held_signal_is_shown_changed_and_dropped(url: str, namespace: str) -> None:
    with holding(url, namespace, "--type", "BID", "--json") as (gate, tail):
        changed, fallen, last = bids(3)
        publish(url, namespace, changed, fallen, last)
        gate.wait_for(last.id)
        first = json.loads(gate.out[0])
        assert first["signal"] == json.loads(changed.encode())
        shown = cosmo("gate", "show", first["hold_id"], "--url", url)
        assert json.loads(shown.stdout) == first["signal"]
        edited = cosmo(
            "gate", "edit", first["hold_id"], "--url", url, "--set", "payload.cost=7.5", "--set", "meta.by=me"
        )
        assert edited.returncode == 0, edited.stderr
        arrived = json.loads(tail.wait_for(changed.id))
        assert (arrived["payload"]["cost"], arrived["meta"]) == (7.5, {"by": "me"})
        dropped = cosmo("gate", "drop", json.loads(gate.out[1])["hold_id"], "--url", url)
        assert dropped.returncode == 0
        cleared = cosmo("gate", "clear", "--url", url)
        assert cleared.stderr == "let 1 go\n"
        tail.wait_for(last.id)
        assert fallen.id not in tail.text
        assert gate.end() == 0


def test_a_signal_is_replaced_from_stdin_or_an_editor(url: str, namespace: str, tmp_path) -> None:
    with holding(url, namespace, "--type", "BID") as (gate, tail):
        first, second = bids(2)
        publish(url, namespace, first, second)
        gate.wait_for("n1")
        one, two = (hold["hold_id"] for hold in holds_of(url))
        bad = cosmo("gate", "edit", one, "--url", url, "--frame", "-", stdin="{")
        assert (bad.returncode, "no JSON" in bad.stderr) == (1, True)
        spoilt = cosmo("gate", "edit", one, "--url", url, EDITOR="tee")
        assert (spoilt.returncode, "still held" in spoilt.stderr) == (1, True)
        cosmo("gate", "edit", one, "--url", url, "--frame", "-", stdin='{"replaced": "by hand"}')
        tail.wait_for("by hand")
        editor = tmp_path / "editor.py"
        editor.write_text(
            "import sys, pathlib\n"
            "file = pathlib.Path(sys.argv[1])\n"
            "file.write_text(file.read_text().replace('n1', 'edited-in-place'))\n"
        )
        done = cosmo("gate", "edit", two, "--url", url, EDITOR=f"{sys.executable} {editor}")
        assert done.returncode == 0, done.stderr
        tail.wait_for("edited-in-place")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["step"], 1, "there are no gates; `cosmo gate hold` puts one up"),
        (["clear", "none"], 1, "there is no gate 'none'"),
        (["release", "h99999"], 1, "nothing is held as 'h99999'"),
        (["edit", "h1", "--set", "cost=1"], 1, "nothing is held as 'h1'"),
        (["edit", "h1", "--set", "a=1", "--frame", "-"], 2, "cannot be used together"),
        (["release"], 2, "Missing argument 'HOLD...'"),
        (["hold", "--type", "CAKE"], 2, "'CAKE' is no signal type"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(url: str, arguments, code, words) -> None:
    done = cosmo("gate", *arguments, "--url", url)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert words in done.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "words"),
    [
        (["--set", "cost"], None, 2, "'cost' should look like payload.cost=0.1"),
        (["--set", "=1"], None, 2, "'=1' should look like"),
        (["--set", "payload..cost=1"], None, 2, "'payload..cost=1' should look like"),
        (["--frame", "-"], "{", 1, "the edited signal is no JSON"),
        (["--frame", "-"], '{"payload": {"cost": NaN}}', 1, "NaN is no JSON"),
        (["--frame", "-"], "[1]", 1, "the edited signal is no JSON object"),
        (["--frame", "nowhere.json"], None, 2, "nowhere.json"),
    ],
)
def test_what_is_wrong_by_itself_is_said_before_any_bus_is_asked(
    nobody_there: str, arguments, stdin, code, words
) -> None:
    done = cosmo("gate", "edit", "h1", *arguments, "--url", nobody_there, stdin=stdin)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert words in done.stderr


def test_a_gate_ends_with_its_bus(tmp_path, namespace: str) -> None:
    with bus_process(tmp_path) as (bus, url), running("gate", "hold", "--url", url) as gate:
        gate.wait_for("holding at gate")
        bus.process.kill()
        assert gate.end() == 3
        assert "lost the bus" in gate.text


def test_a_gate_that_holds_too_long_opens_and_says_so(url: str, namespace: str) -> None:
    with holding(url, namespace, "--type", "BID", "--max-hold", "100ms") as (gate, tail):
        (signal,) = bids(1)
        publish(url, namespace, signal)
        assert gate.end() == 1
        assert "is open: held too long; everything it held was let go" in gate.text
        tail.wait_for(signal.id)


def test_a_recording_tells_what_was_done_at_a_gate(url: str, namespace: str, tmp_path) -> None:
    path = tmp_path / "session.ndjson"
    with running("record", "--url", url, "-n", namespace, "-o", str(path)) as record:
        record.wait_for("recording")
        with holding(url, namespace, "--type", "BID", "--name", "g") as (gate, tail):
            (signal,) = bids(1)
            publish(url, namespace, signal)
            gate.wait_for("n0")
            assert gate.interrupt() == 0
            tail.wait_for(signal.id)
        wait_until(lambda: b"owner left" in path.read_bytes())
        assert record.interrupt() == 0
    shown = cosmo("doppler", str(path), "--plain").stdout
    told = [line for line in path.read_text().splitlines() if f'"_gate.{namespace}"' in line]
    assert [json.loads(line)["event"] for line in told] == ["set", "held", "released", "gone"]
    assert json.loads(told[-1])["reason"] == "owner left"
    assert "malformed" not in shown
