"""What a recording holds: frames, each with a time and a subject, and how many lines were none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cosmo_bus.recording import RecordedLine, RecordingReader
from cosmo_doppler.session.pipes import name_of
from cosmo_doppler.session.status import Skipped
from cosmo_doppler.store.indexing import NOWHERE
from cosmo_sdk.dialects import read_timestamp
from cosmo_sdk.header import read_header

_REPORTED = 20
"""Skipped lines whose number and reason are kept."""


class RecordedFrame(NamedTuple):
    """One frame of a recording."""

    number: int
    """Its line, counted from 1."""
    at: float
    """When it was received, epoch seconds; never before the frame in front of it."""
    subject: str
    frame: bytes
    says_where: bool
    """Whether the recording itself names the subject; else its namespace is made up."""


class RecordedFrames:
    """Reads a recording from its beginning. What a line holds never raises.

    Args:
        path: the recording.

    Raises:
        OSError: the file cannot be opened or read; also while iterating.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = name_of(path)
        """What a person calls it."""
        self.size = max(1, path.stat().st_size)
        """Bytes of the file."""
        self.skipped: list[Skipped] = []
        """The first lines that were no frames."""
        self.skipped_count = 0
        self._lines = RecordingReader(path)
        self._last_at = 0.0

    @property
    def read(self) -> int:
        """How many of them were read."""
        return self._lines.position

    def __iter__(self) -> Iterator[RecordedFrame | None]:
        """Every frame in order, and None in the place of each line that was skipped."""
        for line in self._lines:
            if line.problem:
                self.skipped_count += 1
                if len(self.skipped) < _REPORTED:
                    self.skipped.append(Skipped(self.name, line.number, line.problem))
                yield None
            else:
                yield self._placed(line)

    def _placed(self, line: RecordedLine) -> RecordedFrame:
        at, subject = line.at, line.subject
        if at is None or subject is None:
            header = read_header(line.frame)
            if at is None:
                moment = read_timestamp(header.ts)
                at = self._last_at if moment is None else moment.timestamp()
            if subject is None:
                # Bare envelopes do not say where they were published; the type is what subjects end with.
                subject = f"cosmonapse.{NOWHERE}.{header.type or 'UNKNOWN'}"
        self._last_at = max(self._last_at, at)
        return RecordedFrame(line.number, self._last_at, subject, line.frame, line.subject is not None)
