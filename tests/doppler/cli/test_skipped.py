"""Lines of a recording that are no signals are named by every command that reads one."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cosmo_doppler.cli import doppler, export

GOOD = (Path(__file__).parents[1] / "data" / "peer-0.1.14.ndjson").read_bytes()


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    path = tmp_path / "foreign.ndjson"
    path.write_bytes(b"time,who\n[1]\n" + GOOD + GOOD[:100])
    return path


@pytest.mark.parametrize(
    "options",
    [("--plain",), ("--json",), ("--tail",), ("--assert", "never type:BID cost>9"), ("--screenshot",)],
)
def test_they_are_named_beside_what_was_read(options: tuple[str, ...], foreign: Path, tmp_path: Path) -> None:
    drawn = (str(tmp_path / "screen.svg"),) if options == ("--screenshot",) else ()
    _named(CliRunner().invoke(doppler.command, [str(foreign), *options, *drawn]), foreign)


def test_they_are_named_beside_an_export(foreign: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.ndjson"
    _named(CliRunner().invoke(export.command, [str(foreign), "-o", str(out)]), foreign)
    assert out.read_bytes().count(b"\n") == GOOD.count(b"\n")


def _named(result: Result, path: Path) -> None:
    assert result.exit_code == 0
    first, second, third = (line for line in result.stderr.splitlines() if ": skipped: " in line)
    assert first.startswith(f"{path}:1: skipped: not JSON")
    assert second == f"{path}:2: skipped: JSON, but not an object"
    assert "cut short" in third


def test_many_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "mixed.ndjson"
    path.write_bytes(GOOD + b"log\n" * 30)
    shown = CliRunner().invoke(doppler.command, [str(path), "--plain"]).stderr
    assert shown.count(": skipped: ") == 5
    assert "25 more lines skipped; all others were read" in shown
    assert "30 lines skipped that are no signals" in shown


def test_reports_say_how_many_nobody_judged(foreign: Path, tmp_path: Path) -> None:
    page, suite = tmp_path / "run.md", tmp_path / "run.xml"
    for report in (page, suite):
        CliRunner().invoke(doppler.command, [str(foreign), "--report", str(report)])
    assert "* **Not seen**: 3 lines of the recording skipped, which nobody judged" in page.read_text()
    said = ET.parse(suite).getroot().findtext("system-out")
    assert said == "3 lines of the recording skipped, which nobody judged"
    verdict = CliRunner().invoke(doppler.command, [str(foreign), "--until", "type:BID", "--json"])
    assert json.loads(verdict.stdout)["skipped"] == 3
