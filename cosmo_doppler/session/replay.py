"""Replaying a recording: the same screens, fed from a file."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from cosmo_bus.recording_files import NeedsZstandard
from cosmo_doppler.errors import RecordingError
from cosmo_doppler.session.recorded import RecordedFrames
from cosmo_doppler.session.session import Session

_SLICE_S = 0.02
"""Time spent reading before the engine gets its turn, seconds."""

_FOREIGN = 100_000
"""Lines without a single signal after which a file is no recording."""


class FileSource:
    """Reads a recording into the store, in slices.

    Args:
        path: the recording.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recording = RecordedFrames(path)
        self._frames = iter(self.recording)

    def open(self, session: Session) -> None:
        """Read until the first frame, so that a file without any is refused at once.

        Raises:
            RecordingError: there is no frame in it, or it cannot be read.
        """
        try:
            for frame in self._frames:
                if frame is not None:
                    session.store.append(frame.at, frame.subject, frame.frame)
                    break
                if self.recording.skipped_count >= _FOREIGN:
                    break
            if len(session.store) == 0:
                raise self._nothing()
            session.timeline.growing = True
        except OSError as error:
            raise RecordingError(self.path, f"cannot be read: {error.strerror or error}") from error
        except NeedsZstandard as error:
            raise RecordingError(self.path, str(error)) from error

    def load(self, session: Session, budget_s: float) -> bool:
        """Read for about `budget_s` seconds. True when there is more."""
        stop_at = time.perf_counter() + budget_s
        detail = ""
        with session.lock:
            try:
                for frame in self._frames:
                    if frame is not None:
                        session.store.append(frame.at, frame.subject, frame.frame)
                    if time.perf_counter() >= stop_at:
                        loaded = min(1.0, self.recording.read / self.recording.size)
                        session.report("loading", loaded=loaded, skipped=self.recording.skipped_count)
                        return True
            except OSError as error:
                detail = f"{self.path}: reading stopped: {error.strerror or error}"
            session.timeline.growing = False
            session.report("replay", detail=detail, loaded=1.0, skipped=self.recording.skipped_count)
        return False

    async def run(self, session: Session) -> None:
        """Read everything."""
        more = True
        while more:
            more = self.load(session, _SLICE_S)
            await asyncio.sleep(0)

    def _nothing(self) -> RecordingError:
        recording = self.recording
        if not recording.skipped:
            return RecordingError(self.path, "the file is empty; record one with: cosmo record -o FILE")
        number, reason = recording.skipped[0]
        return RecordingError(
            self.path,
            f"{reason}; a recording has one JSON signal per line, and none of {recording.skipped_count} lines read is one",
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
