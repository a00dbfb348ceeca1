"""The tee: what is seen also goes to a file."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from cosmo_bus.journal import note
from cosmo_bus.recording import RecordingWriter
from cosmo_bus.recording_files import NeedsZstandard
from cosmo_doppler.errors import RecordingError
from cosmo_doppler.redaction import Redaction

FLUSH_EVERY_S = 0.2
"""A crash loses at most this much."""


class Recorder:
    """Writes frames until the disk says no; what it could not write is counted, and watching goes on.

    Args:
        path: the file; compressed when its name ends with `.zst`.
        rotate_bytes: go on in another file once this much was written to one.

    Raises:
        RecordingError: the file cannot be opened.
    """

    def __init__(self, path: Path, *, rotate_bytes: int | None = None) -> None:
        self.path = path
        self.redaction = Redaction()
        """What is taken out of frames before they are written."""
        self.lost = 0
        """Frames that could not be written."""
        self.fault = ""
        """Why writing stopped; empty while it works."""
        self._unflushed_s = 0.0
        try:
            self._writer = RecordingWriter(path, rotate_bytes=rotate_bytes)
        except OSError as error:
            raise RecordingError(path, f"cannot be written: {error.strerror}; choose another file") from error
        except NeedsZstandard as error:
            raise RecordingError(path, str(error)) from error

    @property
    def bytes_written(self) -> int:
        """Size of what was recorded, bytes."""
        return self._writer.bytes_written

    @property
    def lines(self) -> int:
        """Frames recorded."""
        return self._writer.lines

    def write(self, at: float, subject: str, frame: bytes) -> None:
        """Record one frame."""
        if self.fault:
            self.lost += 1
            return
        try:
            self._writer.write(at, subject, self.redaction.apply(frame))
        except OSError as error:
            self._fail(error)
            self.lost += 1

    def write_lines(self, at: float, subjects: Sequence[str], lines: bytes) -> None:
        """Record many Signals of one moment, with a newline behind each and none within."""
        if self.fault or self.redaction:
            for subject, frame in zip(subjects, lines.split(b"\n"), strict=False):
                self.write(at, subject, frame)
            return
        try:
            self._writer.write_lines(at, subjects, lines)
        except OSError as error:
            self._fail(error)
            self.lost += len(subjects)

    def pump(self, elapsed_s: float) -> None:
        """Flush when it is time."""
        self._unflushed_s += elapsed_s
        if self._unflushed_s >= FLUSH_EVERY_S and not self.fault:
            self._unflushed_s = 0.0
            try:
                self._writer.flush()
            except OSError as error:
                self._fail(error)

    def close(self) -> None:
        """Flush and close."""
        try:
            self._writer.close()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.fault = error.strerror or str(error)
        note(
            "recording_failed",
            logging.ERROR,
            path=str(self._writer.path),
            reason=self.fault,
            lines=self.lines,
        )
