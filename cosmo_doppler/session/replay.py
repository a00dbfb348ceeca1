"""Replaying a recording: the same screens, fed from a file."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from cosmo_bus.recording import RecordedLine, read_recording
from cosmo_doppler.errors import RecordingError
from cosmo_doppler.session.session import Session
from cosmo_sdk.dialects import read_timestamp
from cosmo_sdk.header import read_header

_SLICE_S = 0.02
"""Time spent reading before the engine gets its turn, seconds."""

_REPORTED = 20
"""Skipped lines whose number and reason are kept."""

_FOREIGN = 100_000
"""Lines without a single signal after which a file is no recording."""


class FileSource:
    """Reads a recording into the store, in slices.

    Args:
        path: the recording.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.skipped: list[tuple[int, str]] = []
        """Number and reason of the first lines that were no frames."""
        self.skipped_count = 0
        self._lines: Iterator[RecordedLine] = iter(())
        self._size = max(1, path.stat().st_size)
        self._read = 0
        self._last_at = 0.0

    def open(self, session: Session) -> None:
        """Read until the first frame, so that a file without any is refused at once.

        Raises:
            RecordingError: there is no frame in it, or it cannot be read.
        """
        try:
            self._lines = read_recording(self.path)
            while len(session.store) == 0:
                line = next(self._lines, None)
                if line is None or self.skipped_count >= _FOREIGN:
                    raise self._nothing()
                self._take(session, line)
            session.timeline.growing = True
        except OSError as error:
            raise RecordingError(self.path, f"cannot be read: {error.strerror or error}") from error

    def load(self, session: Session, budget_s: float) -> bool:
        """Read for about `budget_s` seconds. True when there is more."""
        stop_at = time.perf_counter() + budget_s
        detail = ""
        with session.lock:
            try:
                for line in self._lines:
                    self._take(session, line)
                    if time.perf_counter() >= stop_at:
                        loaded = min(1.0, self._read / self._size)
                        session.report("loading", loaded=loaded, skipped=self.skipped_count)
                        return True
            except OSError as error:
                detail = f"{self.path}: reading stopped: {error.strerror or error}"
            session.timeline.growing = False
            session.report("replay", detail=detail, loaded=1.0, skipped=self.skipped_count)
        return False

    async def run(self, session: Session) -> None:
        """Read everything."""
        more = True
        while more:
            more = self.load(session, _SLICE_S)
            await asyncio.sleep(0)

    def _take(self, session: Session, line: RecordedLine) -> None:
        self._read += len(line.frame) + 60
        if line.problem:
            self.skipped_count += 1
            if len(self.skipped) < _REPORTED:
                self.skipped.append((line.number, line.problem))
            return
        at, subject = line.at, line.subject
        if at is None or subject is None:
            header = read_header(line.frame)
            if at is None:
                moment = read_timestamp(header.ts)
                at = self._last_at if moment is None else moment.timestamp()
            if subject is None:
                # Bare envelopes do not say where they were published; the type is what subjects end with.
                subject = f"cosmonapse.replay.{header.type or 'UNKNOWN'}"
        self._last_at = max(self._last_at, at)
        session.store.append(at, subject, line.frame)

    def _nothing(self) -> RecordingError:
        if not self.skipped:
            return RecordingError(self.path, "the file is empty; record one with: cosmo record -o FILE")
        number, reason = self.skipped[0]
        return RecordingError(
            self.path,
            f"{reason}; a recording has one JSON signal per line, and none of {self.skipped_count} lines read is one",
            number,
        )


def open_replay(path: Path, *, speed: float = 1.0, paused: bool = False) -> Session:
    """A session on a recording, not started yet.

    Args:
        path: the `.ndjson` file: ours, the peers' `--json` output, or bus lines.
        speed: 1.0 is as recorded, infinity as fast as possible.
        paused: do not play by itself.

    Raises:
        RecordingError: no such file, or no signal in it.
    """
    try:
        if not path.exists():
            raise RecordingError(path, "no such file; record one with: cosmo record -o FILE")
        if not path.is_file():
            raise RecordingError(path, "not a file; name one that `cosmo record` wrote")
        source = FileSource(path)
    except OSError as error:
        raise RecordingError(path, f"cannot be read: {error.strerror or error}") from error
    session = Session(
        source,
        kind="replay",
        title=path.name,
        read_only_reason="this is a recording: acting needs a live bus",
        speed=speed,
    )
    source.open(session)
    if paused:
        session.timeline.pause()
    return session


def load_all(session: Session) -> None:
    """Read the whole recording now and fold it to its end: for pictures, reports and tests, without a thread."""
    source = session.source
    if isinstance(source, FileSource):
        while source.load(session, 1.0):
            pass
    fold_all(session)


def fold_all(session: Session) -> None:
    """Move the playhead to the end of what is there, now."""
    with session.lock:
        session.timeline.to_end()
        while session.timeline.seeking is not None:
            session.timeline.pump(0.0, 1.0)
