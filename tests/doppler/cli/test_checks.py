"""Runs as tests: `cosmo doppler --until --assert --report`, and `--where` and `--filter`."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cosmo_doppler.cli.checks import Checks
from cosmo_doppler.cli.doppler import command
from cosmo_doppler.cli.exits import CommandError
from cosmo_sdk import Directed, Signal, SignalType
from tests.doppler.cli.commands import cosmo, publish, running

RECORDING = str(Path(__file__).parents[1] / "data" / "peer-0.1.14.ndjson")


def doppler(*arguments: str) -> Result:
    return CliRunner().invoke(command, [RECORDING, *arguments])


def test_what_was_waited_for_is_printed_with_number_and_time() -> None:
    result = doppler("--until", "has:error")
    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    assert line.split()[:3] == ["45", "06:06:11.898", "ERROR"]


def test_what_never_comes_fails() -> None:
    result = doppler("--until", "type:BID cost>1")
    assert isinstance(result.exception, CommandError)
    assert result.exception.what == "type:BID cost>1 never came in 88 signals"
    assert result.exception.code == 1
    assert result.stdout == ""


def test_an_assertion_that_breaks_prints_the_signals_and_exits_with_1() -> None:
    shown = cosmo("doppler", RECORDING, "--assert", "not has:error", "--assert", "never type:BID cost>0.003")
    assert shown.returncode == 1
    assert [int(line.split()[0]) for line in shown.stdout.splitlines()] == [45, 19, 23, 39]
    assert "assert not has:error: broken by 1 of 88 signals" in shown.stderr
    assert shown.stderr.splitlines()[-1] == "error: 2 of 2 assertions broken"


def test_assertions_are_held_against_the_part_that_was_asked_for() -> None:
    assert doppler("--assert", "not has:error", "--at", "#45").exit_code == 0
    assert doppler("--assert", "not has:error", "--from", "#46").exit_code == 0
    assert doppler("--assert", "not has:error", "--from", "#40", "--to", "#46").exit_code == 1
    assert doppler("--assert", "not has:error", "--until", "type:TASK_AWARDED").exit_code == 0


def test_a_report_is_markdown_or_what_ci_servers_read(tmp_path: Path) -> None:
    page, suite = tmp_path / "run.md", tmp_path / "run.xml"
    doppler("--assert", "never has:error", "--report", str(page))
    doppler("--assert", "never has:error", "--report", str(suite))
    assert page.read_text().startswith("# FAILED: peer-0.1.14.ndjson")
    assert ET.parse(suite).getroot().get("failures") == "1"


def test_a_picture_shows_the_moment_at_which_the_run_ended(tmp_path: Path) -> None:
    picture = tmp_path / "late.svg"
    result = doppler("--until", "late:true", "--screenshot", str(picture), "--view", "signals")
    assert result.exit_code == 0
    text = picture.read_text()
    assert "&#160;of&#160;88" in text
    assert "samovar" in text


def test_a_verdict_is_a_document_for_programs() -> None:
    result = doppler("--until", "late:true", "--assert", "never has:error", "--json")
    verdict = json.loads(result.stdout)
    assert verdict["until"]["found"]["who"] == "samovar"
    assert verdict["asserts"] == [{"expr": "never has:error", "held": True, "count": 0, "signals": []}]


def test_a_filter_narrows_what_is_told_and_what_is_printed() -> None:
    told = doppler("--plain", "--filter", "type:BID cost>0.003").stdout.splitlines()[1:]
    assert [line.split()[3] for line in told] == ["BID"] * 3
    printed = doppler("--json", "--filter", "won:true or has:error").stdout.splitlines()
    assert {json.loads(line)["type"] for line in printed} == {"BID", "ERROR"}
    assert doppler("--tail", "--type", "BID", "--neuron", "kettle").stdout.count("BID") == 3


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--filter", "tpye:BID"), "unknown field 'tpye'; did you mean type? (at character 1)"),
        (("--until", "cost<cheap"), "cost needs a number like 0.01, not 'cheap' (at character 6)"),
        (("--assert", "never"), "expected an operator after 'never'"),
        (("--at", "noon"), "is no place"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(option: tuple[str, str], message: str) -> None:
    result = doppler(*option)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())


def test_a_bus_is_judged_for_as_long_as_it_takes(url: str, namespace: str) -> None:
    bid = Signal(type=SignalType.BID, directed=Directed(id="ann"), payload={"cost": 0.5})
    with running("doppler", "--url", url, "-n", namespace, "--until", "type:BID cost>0.1") as run:
        run.wait_for("connected to")
        publish(url, namespace, bid)
        assert "ann" in run.wait_for("BID")
        assert run.process.wait(30) == 0
    shown = cosmo("doppler", "--url", url, "-n", namespace, "--for", "500ms", "--assert", "not type:DISCOVER")
    assert shown.returncode == 1


def test_a_bus_that_is_not_there_is_no_verdict(nobody_there: str) -> None:
    shown = cosmo("doppler", "--url", nobody_there, "--for", "500ms", "--until", "type:BID")
    assert shown.returncode == 3


def test_tail_takes_an_expression(url: str, namespace: str) -> None:
    signals = [
        Signal(type=SignalType.BID, directed=Directed(id=name), payload={"cost": cost})
        for name, cost in (("ann", 0.5), ("bob", 0.001))
    ]
    with running("tail", "--url", url, "-n", namespace, "--where", "type:BID cost<0.01") as tail:
        tail.wait_for("watching")
        publish(url, namespace, *signals)
        assert "bob" in tail.wait_for("BID")
        assert tail.interrupt() == 0
    assert "ann" not in tail.text


def test_all_fields_are_listed() -> None:
    shown = CliRunner().invoke(command, ["--fields"])
    assert shown.exit_code == 0
    assert "trace.dur" in shown.stdout
    assert not Checks(None, (), None, None, None).any
