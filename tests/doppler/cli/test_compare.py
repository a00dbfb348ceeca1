from __future__ import annotations

import json
from pathlib import Path

import pytest

from cosmo_bus.recording import read_recording
from tests.doppler.cli.commands import cosmo

DATA = Path(__file__).parents[1] / "data" / "peer-0.1.14.ndjson"


@pytest.fixture(scope="module")
def traces() -> list[str]:
    """Traces of the auctions in the recording."""
    offers = [json.loads(line.frame) for line in read_recording(DATA) if b'"TASK_OFFER"' in line.frame]
    return list(dict.fromkeys(str(offer["trace_id"]) for offer in offers))


def test_two_traces_of_one_recording(traces: list[str]) -> None:
    shown = cosmo("compare", str(DATA), traces[0][-12:], traces[1][-12:])
    assert (shown.returncode, shown.stderr) == (0, "")
    heading, first, *_ = shown.stdout.splitlines()
    assert heading.split() == [traces[0][-8:], traces[1][-8:], "later"]
    assert first.split()[:2] == ["TASK_OFFER", "0.0"]
    assert "  duration " in shown.stdout


def test_a_trace_is_itself(traces: list[str]) -> None:
    place = f"{DATA}:{traces[0]}"
    shown = cosmo("compare", place, place, "--json", "--changes", "--check")
    assert shown.returncode == 0
    told = json.loads(shown.stdout)
    assert told["same"]
    assert told["signals"] == []


def test_a_difference_fails_the_check(traces: list[str]) -> None:
    shown = cosmo("compare", str(DATA), traces[0], traces[1], "--check", "--changes")
    assert shown.returncode == 1
    assert "the traces differ" in shown.stderr
    assert any(line[0] in "-+~" for line in shown.stdout.splitlines()[1:])


@pytest.mark.parametrize(
    ("places", "code", "complaint"),
    [
        (["a"], 2, "name two traces"),
        (["a", "b"], 2, "'a' names no file"),
        ([str(DATA), "nope", "nope"], 1, "no trace ends in 'nope'"),
        (["gone.ndjson:a", "gone.ndjson:b"], 1, "no such file"),
    ],
)
def test_mistakes_are_named(places: list[str], code: int, complaint: str) -> None:
    shown = cosmo("compare", *places)
    assert shown.returncode == code
    assert complaint in shown.stderr
