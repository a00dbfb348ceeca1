"""The benchmarks still run. They are measured elsewhere."""

from __future__ import annotations

import json

import pytest

from benchmarks.cases import CASES
from benchmarks.run import main
from benchmarks.systems import OURS
from benchmarks.table import Outcome

QUICK = ["--ours-only", "--rounds", "1", "--seconds", "0.02"]


@pytest.mark.parametrize(
    "title",
    [
        "read the envelope only, 0.4 KB",
        "8 handlers that read",
        "bus, 1 to 1",
        "memory, 64 callers",
        "bus, 1 caller",
        "bus, window of 50 ms, 3 bidders",
        "open a recording of 1,000,000",
    ],
)
def test_a_workload_of_each_kind_runs(title, capsys, tmp_path):
    samples = tmp_path / "samples.json"
    assert main([title, *QUICK, "--json", str(samples)]) == 0
    recorded = next(each for each in json.loads(samples.read_text()) if each["title"] == title)
    assert recorded["ours"][0][recorded["figure"]] > 0
    assert title in capsys.readouterr().out


def test_every_workload_is_listed(capsys):
    assert main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(CASES)


def test_a_workload_that_does_not_exist_is_named(capsys):
    assert main(["W99"]) == 2
    assert "W99" in capsys.readouterr().err


def outcome(title: str, **samples: list[dict[str, float]]) -> Outcome:
    made = Outcome(next(case for case in CASES if case.title == title))
    made.ours, made.base = samples["ours"], samples["base"]
    return made


def test_the_ratio_is_that_of_the_middle_round():
    made = outcome(
        "1 handler",
        ours=[{"per_cpu_s": 20.0}, {"per_cpu_s": 90.0}, {"per_cpu_s": 21.0}],
        base=[{"per_cpu_s": 1.0}] * 3,
    )
    assert made.row()[2:6] == ["21.00", "20.00 90.00 21.00", ">= 20", "yes"]


def test_one_lost_auction_misses_the_target():
    lost = {"per_s": 9.0, "no_bid": 1.0, "wrong_winner": 0.0}
    none = {"per_s": 9.0, "no_bid": 0.0, "wrong_winner": 0.0}
    made = outcome("bus, 50 bidders, 32 callers", ours=[none, lost, none], base=[none] * 3)
    assert made.met is False


def test_a_process_that_fails_is_told_with_its_last_words(capsys, monkeypatch):
    monkeypatch.setattr("benchmarks.processes.json.dumps", lambda told: "{")
    assert main(["encode and decode, 8 KB", *QUICK]) == 1
    assert "JSONDecodeError" in capsys.readouterr().err


def test_ours_needs_no_environment_of_its_own():
    assert OURS.environment is None
