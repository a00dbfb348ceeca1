"""The baseline of a sitting: a recording read and folded in the background, or a trace taken from the screen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from cosmo_doppler.model.baseline import Baseline, Filling, baseline_of
from cosmo_doppler.model.board import Board
from cosmo_doppler.redaction import Redaction
from cosmo_doppler.session.replay import load_all, open_replay
from cosmo_doppler.session.session import Session

_FOLDED = 0.95
"""The part of the work that is reading and folding, as progress is told."""


def read_baseline(
    path: Path, redaction: Redaction | None = None, told: Callable[[Session], None] | None = None
) -> Baseline:
    """A recording as a baseline, read and folded to its end now.

    Args:
        path: the recording.
        redaction: what of it is not to be shown.
        told: given the session once it was read, to say which lines of it were not.

    Raises:
        RecordingError: it cannot be read, or holds no signal.
    """
    session = _open(path, redaction)
    try:
        load_all(session)
        if told is not None:
            told(session)
        return baseline_of(session.timeline.board, session.title)
    finally:
        session.stop()


class Reference:
    """What is held against: nothing, a baseline, or one that is on its way.

    Args:
        baseline: to begin with.
    """

    def __init__(self, baseline: Baseline | None = None) -> None:
        self.baseline = baseline
        self.fault = ""
        """Why the recording asked for is no baseline; empty when nothing is wrong."""
        self._session: Session | None = None
        self._filling: Filling | None = None

    @property
    def name(self) -> str:
        """Of the baseline, or of the one on its way; empty when there is none. Not yet safe for a terminal."""
        if self._session is not None:
            return self._session.title
        return "" if self.baseline is None else self.baseline.name

    @property
    def done(self) -> float | None:
        """How much of the recording has been read and folded, 0 to 1; None when nothing is on its way."""
        if self._session is None:
            return None
        if self._filling is not None:
            return _FOLDED + (1 - _FOLDED) * self._filling.done
        seeking = self._session.timeline.seeking
        folded = 1.0 if seeking is None else min(1.0, seeking)
        return _FOLDED * self._session.status().loaded * folded

    def read(self, path: Path | Sequence[Path], redaction: Redaction | None = None) -> None:
        """Have a recording read and folded in a thread of its own; until then what was held against stays.

        Args:
            path: the recording, or several that are one.
            redaction: what of it is not to be shown.

        Raises:
            RecordingError: it cannot be read, or holds no signal.
        """
        session = _open(path, redaction)
        self._let_go()
        self.fault = ""
        self._session = session
        session.timeline.to_end()
        session.start()

    def take(self, baseline: Baseline | None) -> None:
        """Hold against this, or against nothing."""
        self._let_go()
        self.baseline, self.fault = baseline, ""

    def turn(self, out_of_time: Callable[[], bool]) -> bool:
        """Take the recording over once it has been folded. True when something else is held against now."""
        session = self._session
        if session is None:
            return False
        if session.failure is not None:
            self.fault = f"{session.title} is no baseline: {session.failure}"
            self._let_go()
            return True
        if self._filling is None and not _folded(session):
            return False
        if self._filling is None:
            # Nothing is folded any more, so nobody needs the lock.
            self._filling = Filling(session.timeline.board, session.title)
        if not self._filling.turn(out_of_time):
            return False
        self.take(self._filling.baseline)
        return True

    def stop(self) -> None:
        """Read no further. Calling it again does nothing."""
        self._let_go()

    def _let_go(self) -> None:
        session, self._session, self._filling = self._session, None, None
        if session is not None:
            threading.Thread(target=_dispose, args=(session,), name="doppler-baseline", daemon=True).start()


def _open(path: Path | Sequence[Path], redaction: Redaction | None) -> Session:
    session = open_replay(path, paused=True)
    if redaction is not None:
        session.redact(redaction)
    return session


def _folded(session: Session) -> bool:
    """Whether the recording has been read and folded to its end."""
    with session.lock:
        timeline = session.timeline
        return session.status().state == "replay" and timeline.seeking is None and timeline.at_end


def _dispose(session: Session) -> None:
    """End a session whose board nobody needs any more. Run it in a thread: neither is done in the time of a frame."""
    session.stop()
    take_apart(session.timeline.board)


def take_apart(board: Board) -> None:
    """Cut what holds the signals of a board together.

    Folding takes it out of the garbage collector's sight, so what refers to itself in a circle would stay for good.
    """
    for trace in board.traces.values():
        trace.let_go()
