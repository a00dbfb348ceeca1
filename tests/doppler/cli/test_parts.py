"""A recording is told in lines as it is read, and only the part of it that was asked for."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from cosmo_doppler.cli import export
from cosmo_doppler.cli.doppler import command
from cosmo_doppler.session import open_replay, read_through

DATA = Path(__file__).parents[1] / "data" / "peer-0.1.14.ndjson"
COUNT = 88


def told(*arguments: str) -> list[str]:
    result = CliRunner().invoke(command, [str(DATA), *arguments])
    assert result.exit_code == 0
    return result.stdout.splitlines()


def test_all_of_it_comes_in_order_without_being_folded() -> None:
    session = open_replay(DATA)
    assert list(read_through(session)) == list(range(COUNT))
    assert session.timeline.position == 0


def test_a_part_is_printed_as_it_came() -> None:
    lines = told("--json")
    assert len(lines) == COUNT
    assert told("--json", "--from", "#80") == lines[80:]
    assert told("--json", "--from", "#2", "--to", "#5") == lines[2:5]
    assert told("--json", "--to", "#5", "--at", "#3") == lines[:3]
    assert told("--json", "--from", "#5", "--to", "#2") == []


def test_what_is_known_of_a_part_is_what_came_before_it() -> None:
    whole = told("--plain")
    part = told("--plain", "--from", "#40", "--to", "#50")
    assert part[0] == whole[0]
    assert len(part) >= 11
    assert [line for line in whole if line in part] == part


def test_what_must_be_known_at_the_end_is() -> None:
    whole = told("--json", "--filter", "trace.errors>0")
    assert 0 < len(whole) < COUNT
    first = told("--json").index(whole[0])
    assert told("--json", "--filter", "trace.errors>0", "--to", f"#{first + 1}") == whole[:1]


def test_a_recording_is_exported_as_it_is() -> None:
    result = CliRunner().invoke(export.command, [str(DATA)])
    assert result.exit_code == 0
    assert result.stdout_bytes == DATA.read_bytes()
