"""A run against a baseline, without a screen."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cosmo_bus.recording import record_line
from tests.doppler.cli.commands import cosmo
from tests.doppler.model.folding import frame


def written(path: Path, *runs: tuple[str, float, str, str]) -> Path:
    """A recording of tasks (asked, took, how it ended) that each have an auction with one winner."""
    lines = []
    for number, (asked, took, end, winner) in enumerate(runs):
        at, id = 1_700_000_000.0 + number, f"{path.stem}{number}"
        frames = [
            (at, frame("TASK_OFFER", f"{id}o", trace=id, capabilities=["dig"], input=asked, deadline_ms=40)),
            (at + 0.01, frame("BID", f"{id}b", parent=f"{id}o", trace=id, who=winner, cost=0.5)),
            (at + 0.02, frame("TASK_AWARDED", f"{id}a", parent=f"{id}b", trace=id, who=winner)),
            (at + took, frame(end, f"{id}e", parent=f"{id}a", trace=id, who=winner, code="X", message="no")),
        ]
        lines += [record_line(when, "cosmonapse.dev.X", data) for when, data in frames]
    path.write_bytes(b"".join(lines))
    return path


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return written(
        tmp_path / "before.ndjson",
        ("a", 0.2, "AGENT_OUTPUT", "ann"),
        ("b", 0.3, "AGENT_OUTPUT", "ann"),
        ("c", 0.3, "AGENT_OUTPUT", "ann"),
    )


@pytest.fixture
def after(tmp_path: Path) -> Path:
    return written(tmp_path / "after.ndjson", ("b", 0.5, "AGENT_OUTPUT", "ann"), ("a", 0.2, "ERROR", "bob"))


def test_a_report_has_a_section_against_the_baseline(tmp_path: Path, before: Path, after: Path) -> None:
    page = tmp_path / "page.md"
    shown = cosmo("doppler", str(after), "--baseline", str(before), "--report", str(page))
    assert shown.returncode == 0, shown.stderr
    told = "1 trace with the same result, 1 trace with another result, 1 trace missing"
    assert f"against the baseline before.ndjson: {told}" in shown.stderr
    text = page.read_text()
    assert "## Against the baseline before.ndjson" in text
    assert "| changed | trace | " in text
    assert "done, 200 ms | failed, 200 ms" in text
    assert "+200 ms" in text
    cases = tmp_path / "page.xml"
    assert cosmo("doppler", str(after), "--baseline", str(before), "--report", str(cases)).returncode == 0
    assert told in (ElementTree.parse(cases).findtext("system-out") or "")


def test_a_program_gets_the_same_as_json(before: Path, after: Path) -> None:
    shown = cosmo("doppler", str(after), "--baseline", str(before), "--assert", "never is:stale", "--json")
    against = json.loads(shown.stdout)["against"]
    assert (against["baseline"], against["same"]) == ("before.ndjson", False)
    late = next(line for line in against["lines"] if line["title"] == "b")
    assert (late["sameness"], late["later_ms"]) == ("same", 200.0)


def test_two_recordings_are_compared_by_the_same_rule(before: Path, after: Path) -> None:
    shown = cosmo("compare", str(before), str(after), "--changes", "--check")
    assert shown.returncode == 1
    assert "the results differ" in shown.stderr
    listed = [line for line in shown.stdout.splitlines()[1:] if line and line[0] in "~+-"]
    assert [line.split()[:2] for line in listed] == [
        ["~", "trace"],
        ["~", "auction"],
        ["-", "trace"],
        ["-", "auction"],
    ]
    same = cosmo("compare", str(before), str(before), "--check", "--changes", "--json")
    assert same.returncode == 0
    assert json.loads(same.stdout)["lines"] == []


def test_a_baseline_needs_something_to_show_it_on(before: Path, after: Path) -> None:
    shown = cosmo("doppler", str(after), "--baseline", str(before), "--plain")
    assert shown.returncode == 2
    assert "--baseline is for the screen" in shown.stderr
    gone = cosmo("doppler", str(after), "--baseline", "gone.ndjson", "--report", "x.md")
    assert gone.returncode == 1
    assert "gone.ndjson: no such file" in gone.stderr
