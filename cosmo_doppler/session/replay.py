"""Replaying recordings: the same screens, fed from files."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cosmo_bus.recording_files import NeedsZstandard
from cosmo_doppler.errors import RecordingError
from cosmo_doppler.model.bus_events import Unseen
from cosmo_doppler.session.losses import Loss
from cosmo_doppler.session.marks import Marks
from cosmo_doppler.session.no_recording import looks_like, refuse_misplaced
from cosmo_doppler.session.pipes import Pipe, name_of, pipe_of
from cosmo_doppler.session.recorded_file import RecordedFile, Skips
from cosmo_doppler.session.session import Gap, Session

_SLICE_S = 0.02
"""Time spent reading before the engine gets its turn, seconds."""

_FOREIGN = 100_000
"""Lines without a single signal after which a file is no recording."""

LOOK_EVERY_S = 0.2
"""How often files that were read to their end are looked at again, seconds."""


class FileSource:
    """Reads recordings into the store, in slices: one to its end, several merged by time. Then it watches them grow.

    Args:
        paths: the recordings.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        self.skips = Skips()
        """What is no frame."""
        self._files: list[RecordedFile] = []
        self._faults: list[str] = []
        self._pipes: dict[Pipe, int | None] = {
            pipe: 0 for path in self.paths if (pipe := pipe_of(path)) is not None
        }
        """Those among them that come through pipes, and how much of each was looked at; None when its end was."""

    def open(self, session: Session) -> None:
        """Read each file until its first frame, so that one without any is refused at once.

        Raises:
            RecordingError: there is no frame in it, or it cannot be read.
        """
        for path in self.paths:
            try:
                file = RecordedFile(path, session.store, self.skips, frozenset(self.paths))
                while file.head is None and (file.read() or self._more_of(pipe_of(path))):
                    if self.skips.count >= _FOREIGN:
                        break
            except OSError as error:
                raise RecordingError(name_of(path), f"cannot be read: {error.strerror or error}") from error
            except NeedsZstandard as error:
                raise RecordingError(name_of(path), str(error)) from error
            if file.head is None:
                raise self._nothing(path)
            self._files.append(file)
        self._advance(session)
        session.timeline.growing = True

    def load(self, session: Session, budget_s: float) -> bool:
        """Read for about `budget_s` seconds. True when there is more."""
        stop_at = time.perf_counter() + budget_s
        while self._advance(session):
            if time.perf_counter() >= stop_at:
                read, size = (
                    sum(getattr(file, name) for file in self._files) for name in ("position", "size")
                )
                session.report("loading", loaded=min(1.0, read / max(1, size)), **self.skips.facts())
                return True
        with session.lock:
            for file in self._files:
                for _, at, unseen in file.take_unseen(len(file.rows) + 1):
                    _note_unseen(session, len(session.store), at, unseen)
            session.timeline.growing = False
            session.report("replay", detail=self._detail(), loaded=1.0, **self.skips.facts())
        return False

    @property
    def piped(self) -> bool:
        """Whether any of it comes through a pipe."""
        return bool(self._pipes)

    def wait(self) -> bool:
        """Wait until more comes through a pipe, which others than the engine do. False when nothing will."""
        return any(self._more_of(pipe) for pipe in self._pipes)

    async def run(self, session: Session) -> None:
        """Read everything, and what is written to the files afterwards."""
        while True:
            if self.load(session, _SLICE_S):
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(LOOK_EVERY_S)
                self._look()

    def close(self) -> None:
        """Close what is still being read."""
        for file in self._files:
            file.close()

    def _advance(self, session: Session) -> bool:
        """Move the rows that are next by time into the store, and read on where none are ready. False at the end."""
        ready = [file for file in self._files if file.head is not None or self._read(file)]
        if not ready:
            return False
        heads = [file.rows.at[file.taken] for file in ready]
        number = heads.index(min(heads))
        file, earlier, later = ready[number], heads[:number], heads[number + 1 :]
        # Of rows of the same moment those of the file named first come first.
        last = len(file.rows)
        if earlier:
            last = bisect_left(file.rows.at, min(earlier), file.taken, last)
        if later:
            last = bisect_right(file.rows.at, min(later), file.taken, last)
        with session.lock:
            before = len(session.store) - file.taken
            session.store.extend(file.rows, file.taken, last)
            for index, at, unseen in file.take_unseen(last):
                _note_unseen(session, before + index, at, unseen)
        file.taken = last
        return True

    def _more_of(self, pipe: Pipe | None) -> bool:
        """Wait until more came through a pipe than was looked at, or its end. False after that, and where there is none."""
        known = None if pipe is None else self._pipes[pipe]
        if pipe is None or known is None:
            return False
        # The last line may lack its newline, and is whole only once nothing follows: so the end is worth a look.
        self._pipes[pipe] = pipe.size if pipe.beyond(known) else None
        return True

    def _read(self, file: RecordedFile) -> bool:
        """Make rows of a file ready. False when it has no more for now."""
        try:
            while file.head is None:
                if not file.read():
                    return False
        except OSError as error:
            self._faults.append(f"{name_of(file.path)}: reading stopped: {error.strerror or error}")
            return False
        return True

    def _look(self) -> None:
        """See whether somebody went on writing."""
        for file in self._files:
            try:
                file.look()
            except (OSError, NeedsZstandard) as error:
                self._faults = [*self._faults[:3], f"{name_of(file.path)}: cannot be followed: {error}"]

    def _detail(self) -> str:
        cut = [
            f"{file.path} was emptied: what it held before cannot be shown"
            for file in self._files
            if file.cut
        ]
        broken = [pipe.fault for pipe in self._pipes if pipe.fault]
        return "; ".join(dict.fromkeys([*self._faults, *broken, *cut]))

    def _nothing(self, path: Path) -> RecordingError:
        pipe, name = pipe_of(path), name_of(path)
        if pipe is not None and not pipe.size:
            return RecordingError(name, pipe.fault or "ended before anything came")
        if not path.stat().st_size:
            return RecordingError(name, "the file is empty; record one with: cosmo record -o FILE")
        skipped = [skip for skip in self.skips.first if skip.path == name]
        kind = looks_like(path)
        if kind or not skipped:
            return RecordingError(name, kind or "there is no whole line in it")
        return RecordingError(
            name,
            f"{skipped[0].reason}; a recording has one JSON signal per line, and none of "
            f"{self.skips.count} lines read is one",
            skipped[0].number,
        )


def _note_unseen(session: Session, position: int, at: float, unseen: Unseen) -> None:
    """Take over what whoever recorded did not see."""
    if unseen.lost_at is not None:
        session.gaps.append(Gap(position, unseen.lost_at, at))
    if unseen.frames:
        session.losses.add(Loss(position, at, unseen.frames))


def open_replay(path: Path | Sequence[Path], *, speed: float = 1.0, paused: bool = False) -> Session:
    """A session on a recording, not started yet.

    Args:
        path: the `.ndjson` file: ours, the peers' `--json` output, or bus lines; several are merged by time.
        speed: 1.0 is as recorded, infinity as fast as possible.
        paused: do not play by itself.

    Raises:
        RecordingError: no such file, or no signal in it.
    """
    paths = [path] if isinstance(path, Path) else list(dict.fromkeys(path))
    for each in paths:
        refuse_misplaced(each)
    source = FileSource(paths)
    piped = pipe_of(paths[0])
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    session = Session(
        source,
        kind="replay",
        title=(paths[0].name if piped is None else piped.name) + more,
        read_only_reason="this is a recording: acting needs a live bus",
        speed=speed,
    )
    source.open(session)
    if len(paths) == 1 and piped is None:
        session.marks = Marks(session.store, paths[0])
    if paused:
        session.timeline.pause()
    return session


def read_through(session: Session, waiting: Callable[[], object] = lambda: None) -> Iterator[int]:
    """Positions of all signals of a recording, in order, as soon as each is read; nothing is folded.

    Args:
        session: on the recording.
        waiting: called before it waits for more to come through a pipe.
    """
    source, store = session.source, session.store
    given, more = 0, True
    while more:
        more = isinstance(source, FileSource) and source.load(session, _SLICE_S)
        ready = len(store)
        yield from range(given, ready)
        given = ready
        if not more and isinstance(source, FileSource) and source.piped:
            waiting()
            more = source.wait()


def load_all(session: Session) -> None:
    """Read the whole recording now and fold it to its end: for pictures, reports and tests, without a thread."""
    _load(session)
    fold_all(session)


def _load(session: Session) -> None:
    source = session.source
    if isinstance(source, FileSource):
        while source.load(session, 1.0) or source.wait():
            pass


def load_start(session: Session) -> None:
    """Read the whole recording now and stand where playing begins."""
    _load(session)
    with session.lock:
        session.timeline.pump(0.0, 1.0)
        while session.timeline.seeking is not None:
            session.timeline.pump(0.0, 1.0)


def fold_all(session: Session) -> None:
    """Move the playhead to the end of what is there, now."""
    with session.lock:
        session.timeline.to_end()
        while session.timeline.seeking is not None:
            session.timeline.pump(0.0, 1.0)
