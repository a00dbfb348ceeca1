"""Recordings that come through a pipe: kept in a file without a name while they come, because a reader goes back.

A pipe becomes the path of that file, so whoever reads recordings reads it as any other that is still written. The
file takes disk space in the place for temporary files and is gone with the process, however that ends.
"""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from pathlib import Path

from cosmo_doppler.errors import RecordingError

_PIECE = 256 << 10
"""Bytes read at once."""

_STDIN = 0
_STDIN_NAME = "standard input"
_STDIN_PATHS = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_OPEN_FILES = Path("/dev/fd")
"""Where the system shows a process its open files as paths."""


class Pipe:
    """A pipe, and the file that keeps what came through it.

    Args:
        source: descriptor of its reading end; owned from now on.
        name: what a person calls it.

    Raises:
        OSError: there is no place for the file.
    """

    def __init__(self, source: int, name: str) -> None:
        self.name = name
        self.size = 0
        """Bytes that came so far, all of them in the file."""
        self.ended = False
        """Nothing more will come."""
        self.fault = ""
        """Why not all that came could be kept; empty when nothing is wrong."""
        self._source = source
        self._file = tempfile.TemporaryFile(prefix="cosmo-doppler-", buffering=0)  # noqa: SIM115 - as long as we
        self.path = _OPEN_FILES / str(self._file.fileno())
        """Where to read it."""
        self._grown = threading.Condition()
        threading.Thread(target=self._keep, name="doppler-pipe", daemon=True).start()

    def beyond(self, size: int, timeout_s: float | None = None) -> bool:
        """Wait until more than so many bytes came, or the end. Whether more came.

        Args:
            size: bytes that are known.
            timeout_s: how long to wait, seconds; None for as long as it takes.
        """
        with self._grown:
            self._grown.wait_for(lambda: self.size > size or self.ended, timeout_s)
            return self.size > size

    def wait(self) -> None:
        """Wait for its end."""
        with self._grown:
            self._grown.wait_for(lambda: self.ended)

    def _keep(self) -> None:
        try:
            while data := os.read(self._source, _PIECE):
                self._write(memoryview(data))
        except OSError as error:
            self.fault = f"{self.name}: reading stopped after {self.size:,} bytes: {error.strerror or error}"
        os.close(self._source)
        with self._grown:
            self.ended = True
            self._grown.notify_all()

    def _write(self, data: memoryview) -> None:
        while data:
            # At a place, not where the file stands: some systems let its readers move that.
            taken = os.pwrite(self._file.fileno(), data, self.size)
            data = data[taken:]
            with self._grown:
                self.size += taken
                self._grown.notify_all()


_pipes: dict[Path, Pipe] = {}
"""By the path they can be read at, for as long as the process lasts."""
_taken: dict[str, Path] = {}
"""What was given a path before, because a pipe can be read once."""


def readable(path: Path) -> Path:
    """The path under which a recording can be read at any place: of a file its own, of a pipe one that is being filled.

    Args:
        path: as a person wrote it; `-` is standard input. Naming the same pipe again is the same recording.

    Raises:
        RecordingError: it is a terminal, or cannot be read.
    """
    known = _STDIN_NAME if str(path) in _STDIN_PATHS else str(path)
    if known not in _taken:
        try:
            place = _opened(path, known)
        except OSError as error:
            raise RecordingError(Path(known), f"cannot be read: {error.strerror or error}") from error
        if place == path:
            return path
        _taken[known] = place
    return _taken[known]


def is_pipe(path: Path) -> bool:
    """Whether a recording would come through a pipe: `-`, a named one, or one that a shell made of a command."""
    return str(path) in _STDIN_PATHS or path.is_fifo()


def pipe_of(path: Path) -> Pipe | None:
    """The pipe behind a path that `readable` gave out; None for a file."""
    return _pipes.get(path)


def name_of(path: Path) -> Path:
    """What a person calls a recording: a pipe's file has no name to speak of."""
    pipe = _pipes.get(path)
    return path if pipe is None else Path(pipe.name)


def _opened(path: Path, name: str) -> Path:
    if name == _STDIN_NAME:
        kind = os.fstat(_STDIN).st_mode
        if os.isatty(_STDIN):
            raise RecordingError(
                Path(name), "is the terminal; write a command that prints a recording, and | in front"
            )
        descriptor = os.dup(_STDIN)
        if stat.S_ISREG(kind):
            return _OPEN_FILES / str(descriptor)
    elif path.is_fifo():
        descriptor = os.open(path, os.O_RDONLY)
    else:
        return path
    pipe = Pipe(descriptor, name)
    _pipes[pipe.path] = pipe
    return pipe.path
