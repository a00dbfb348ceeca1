"""Recordings that are named on a command line, files and pipes alike."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from cosmo_doppler.cli.output import say

_PATIENCE_S = 0.5
"""How long a pipe may be silent before one is told that it is waited for, seconds."""
_TERMINAL = "/dev/tty"


def recording(path: Path) -> Path:
    """Where to read a recording: at its own path, or where what comes through a pipe is kept. Waits for its beginning.

    Args:
        path: as it was written on the command line; `-` is standard input.

    Raises:
        RecordingError: a pipe that cannot be read.
    """
    from cosmo_doppler.session.pipes import pipe_of, readable

    place = readable(path)
    pipe = pipe_of(place)
    if pipe is not None and not pipe.beyond(0, _PATIENCE_S) and not pipe.ended:
        say(f"waiting for the first signal of {pipe.name}, Ctrl-C ends")
        pipe.beyond(0)
    return place


def whole_recording(path: Path) -> Path:
    """The same, for who reads it once from front to end: waits for the end of a pipe.

    Raises:
        RecordingError: a pipe that cannot be read, or not to its end.
    """
    from cosmo_doppler.errors import RecordingError
    from cosmo_doppler.session.pipes import pipe_of

    place = recording(path)
    pipe = pipe_of(place)
    if pipe is not None:
        pipe.wait()
        if pipe.fault or not pipe.size:
            raise RecordingError(Path(pipe.name), pipe.fault or "ended before anything came")
    return place


def is_recording(text: str) -> bool:
    """Whether a word on the command line names a recording: a file, or a pipe."""
    from cosmo_doppler.session.pipes import is_pipe

    return Path(text).is_file() or is_pipe(Path(text))


def take_keys_from_the_terminal() -> None:
    """Have keys come from the terminal one sits at, since standard input brings a recording. Without one nothing changes."""
    if sys.stdin is None or sys.stdin.isatty() or not (sys.stdout.isatty() and sys.stderr.isatty()):
        return
    try:
        terminal = os.open(_TERMINAL, os.O_RDWR)
    except OSError:
        return
    os.dup2(terminal, 0)
    os.close(terminal)
