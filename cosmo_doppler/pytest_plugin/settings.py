"""Whether and where tests leave recordings: the option, the ini value and the marker."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

OPTION = "cosmo_record"
DIRECTORY = ".cosmo-record"
"""Where recordings go when nobody says, under the root of the tests."""

HELP = (
    "leave an .ndjson of everything that crossed the bus of a failing test in DIR (default: .cosmo-record); "
    "'all' or 'all:DIR' keeps those of passing tests, too; 'off' leaves none"
)

_OFF = frozenset({"", "off", "no", "false", "0"})
_ON = frozenset({"on", "yes", "true", "1", "failed"})


class Recording(NamedTuple):
    """What to keep, and where."""

    directory: Path
    everything: bool
    """Also of tests that pass."""

    def __str__(self) -> str:
        return f"all:{self.directory}" if self.everything else str(self.directory)


def read(text: str, base: Path, default: Path) -> Recording | None:
    """What the option or the ini value says.

    Args:
        text: on, off, all, all:DIR or DIR.
        base: what a relative DIR is relative to.
        default: the directory when none is named.
    """
    if text.lower() in _OFF:
        return None
    if text.lower() in _ON:
        return Recording(default, everything=False)
    everything = text == "all" or text.startswith("all:")
    named = text.removeprefix("all").removeprefix(":") if everything else text
    return Recording(base / named if named else default, everything)


def configure(config: pytest.Config) -> None:
    """Read the settings once and leave them as absolute paths in the option, for xdist hands options to its workers.

    Raises:
        pytest.UsageError: the option was given a place where tests are, most likely meant as what to run.
    """
    given = config.getoption(OPTION)
    default = config.rootpath / DIRECTORY
    if given is None:
        base = config.rootpath if config.inipath is None else config.inipath.parent
        recording = read(str(config.getini(OPTION)), base, default)
    else:
        recording = read(given, config.invocation_params.dir, default)
        if recording is not None and _holds_tests(recording.directory):
            raise pytest.UsageError(
                f"--cosmo-record would put recordings into {given}, where code is. If those are the tests to run, "
                f"write `pytest --cosmo-record=on {given}`; recordings want a directory of their own."
            )
    config.option.cosmo_record = "off" if recording is None else str(recording)


def recording_of(item: pytest.Item) -> Recording | None:
    """Whether this test is recorded: by its marker, else by the settings."""
    default = item.config.rootpath / DIRECTORY
    settings = read(item.config.getoption(OPTION), item.config.rootpath, default)
    marker = item.get_closest_marker("cosmo_record")
    if marker is None:
        return settings
    everything = bool(marker.kwargs.get("always")) or (settings is not None and settings.everything)
    return Recording(default if settings is None else settings.directory, everything)


def _holds_tests(place: Path) -> bool:
    return place.is_file() or (place.is_dir() and any(place.glob("*.py")))
