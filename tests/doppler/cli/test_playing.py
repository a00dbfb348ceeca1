"""The flags that say how a recording is played."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from benchmarks.work.recording_file import write
from cosmo_doppler.cli.playing import Playing, playing_options
from cosmo_doppler.session import open_replay
from cosmo_doppler.session.places import Place


def read(*arguments: str) -> Playing | str:
    """What the flags say, or what is wrong with them."""
    said: list[Playing] = []

    @click.command()
    @playing_options
    def command(playing: Playing) -> None:
        said.append(playing)

    result = CliRunner().invoke(command, arguments)
    return said[0] if said else result.output


def test_without_flags_a_recording_plays_as_it_was_recorded():
    assert read() == Playing(1.0, False, False, False, None, None, None)


def test_every_flag_is_read():
    assert read(
        *("--speed", "4", "--paused", "--loop", "--cut-pauses"),
        *("--from", "00:01:12", "--to", "40%", "--memory", "64MB"),
    ) == Playing(4.0, True, True, True, Place("seconds", 72.0), Place("part", 0.4), 64_000_000)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from", "soon"), "'soon' is no place; write 00:01:12"),
        (("--memory", "much"), "is no amount of data"),
        (("--speed", "1000"), "--speed"),
    ],
)
def test_what_cannot_be_meant_is_said(arguments, words):
    assert words in str(read(*arguments))


def test_a_session_is_told(tmp_path):
    path = tmp_path / "session.ndjson"
    write(path, 10)
    session = open_replay(path)
    Playing(1.0, False, True, True, Place("signal", 3), None, 1_000).apply(session)
    assert (session.timeline.loop, session.timeline.cut_pauses, session.store.memory.cap) == (
        True,
        True,
        1_000,
    )
