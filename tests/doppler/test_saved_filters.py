"""Saved filters: of the settings and kept between runs, on the screen and in commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cosmo_doppler.cli.looks import chosen_look
from cosmo_doppler.cli.options import read_filter
from cosmo_doppler.cli.root import cosmo
from cosmo_doppler.config import as_toml, parse_config, read_config
from cosmo_doppler.errors import ConfigError
from cosmo_doppler.saved import STATE_VARIABLE, saved_filters
from cosmo_doppler.tui.remembered import Remembered


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes doppler.toml; what is kept goes beside it."""
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state.json"))

    def write(text: str) -> Path:
        path = tmp_path / "doppler.toml"
        path.write_text(text)
        monkeypatch.setenv("COSMO_CONFIG", str(path))
        return path

    return write


def test_the_settings_name_filters_and_print_them_again() -> None:
    config = parse_config('[filters]\ncostly = "type:BID cost>0.01"\n', Path("doppler.toml"))
    assert config.filters == {"costly": "type:BID cost>0.01"}
    assert parse_config(as_toml(config), Path("doppler.toml")).filters == config.filters


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[filters]\n"2nd" = "late:true"', ":2: filters.2nd: is no name; write letters"),
        ('[filters]\na = "late:true"\nb = "costs>1"', ":3: filters.b: 'costs>1': unknown field 'costs'; did you"),
        ('[filters]\na = "$b"', ":2: filters.a: '$b': there is no saved filter $b"),
        ("[filters]\na = 1", ":1: filters[...]: expected `str`"),
    ],
)  # fmt: skip
def test_a_mistake_among_them_is_named_with_its_line(
    settings: Callable[[str], Path], text: str, complaint: str
) -> None:
    path = settings(text)
    with pytest.raises(ConfigError) as raised:
        chosen_look(read_config(), None, ascii=False)
    assert f"{path}{complaint}" in str(raised.value)


def test_alerts_may_use_them(settings: Callable[[str], Path]) -> None:
    settings('[filters]\nlate = "late:true"\n[[alert]]\nwhen = "$late type:BID"\n')
    look = chosen_look(read_config(), None, ascii=False)
    assert look.alerts[0].wanted.written == "late:true type:BID"


def test_commands_know_the_kept_ones_and_those_of_the_settings(
    settings: Callable[[str], Path], tmp_path: Path
) -> None:
    settings('[filters]\nlate = "late:true"\nboth = "$late or $mine"\n')
    Remembered(tmp_path / "state.json").keep_filter("mine", "who:ada")
    assert saved_filters() == {"mine": "who:ada", "late": "late:true", "both": "$late or $mine"}
    assert read_filter("-$both").written == "not (late:true or who:ada)"


def test_no_file_is_read_for_an_expression_without_a_name(settings: Callable[[str], Path]) -> None:
    settings("this is no toml")
    assert read_filter("type:BID").written == "type:BID"
    with pytest.raises(ConfigError, match="is no TOML"):
        read_filter("$mine")


def test_a_kept_file_that_is_none_is_said(settings: Callable[[str], Path], tmp_path: Path) -> None:
    settings("")
    (tmp_path / "state.json").write_text("[]")
    with pytest.raises(ConfigError, match=r"state\.json: holds no filters of Doppler's"):
        read_filter("$mine")


def test_two_runs_keep_what_both_saved(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    first, second = Remembered(path), Remembered(path)
    first.keep_filter("a", "type:BID")
    second.keep_filter("b", "type:TASK")
    second.put_columns("signals", ("type", "text"))
    second.save()
    first.keep_filter("a", "")
    assert Remembered(path).filters == {"b": "type:TASK"}
    assert Remembered(path).columns("signals") == ("type", "text")


def test_a_recording_is_listed_by_a_saved_filter(settings: Callable[[str], Path], tmp_path: Path) -> None:
    settings('[filters]\nbids = "type:BID"\n')
    path = tmp_path / "session.ndjson"
    frames: list[dict[str, Any]] = [
        {"v": "1", "id": f"evt_{number:026}", "trace_id": f"trc_{1:026}", "parent_id": None, "type": type,
         "ts": "2026-09-21T14:13:20Z", "payload": {}, "meta": {}}
        for number, type in enumerate(("TASK_OFFER", "BID", "TASK_AWARDED"))
    ]  # fmt: skip
    path.write_text("".join(f"{json.dumps(frame)}\n" for frame in frames))
    told = CliRunner().invoke(cosmo, ["doppler", str(path), "--tail", "--json", "--filter", "$bids"])
    assert told.exit_code == 0
    assert [json.loads(line)["type"] for line in told.stdout.splitlines()] == ["BID"]
    wrong = CliRunner().invoke(cosmo, ["doppler", str(path), "--tail", "--filter", "$bid"])
    assert wrong.exit_code == 2
    assert "there is no saved filter $bid; did you mean $bids?" in wrong.stderr
