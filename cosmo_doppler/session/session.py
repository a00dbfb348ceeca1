"""A session: a source that fills the store, a timeline that folds it, and the thread that runs both.

The engine thread owns the source's sockets, the recorder and the fold, because a stalled terminal may freeze the
screen's loop for seconds, and a bus must never feel that. The screen takes `lock` to read, briefly.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

import msgspec

from cosmo_doppler.errors import RecordingError
from cosmo_doppler.model.bus_events import event_subjects, gap_event, loss_event
from cosmo_doppler.model.interventions import GATE_PREFIX, VIEW
from cosmo_doppler.redaction import Redaction
from cosmo_doppler.session.losses import Losses
from cosmo_doppler.session.marks import Marks
from cosmo_doppler.session.pace import TICK_S, Pace
from cosmo_doppler.session.pausing import PauseBreak
from cosmo_doppler.session.recorder import Recorder
from cosmo_doppler.session.sharing import SharedLock
from cosmo_doppler.session.status import RateMeter, SessionState, SessionStatus
from cosmo_doppler.session.timeline import Timeline
from cosmo_doppler.store import Arrived, Store

if TYPE_CHECKING:
    from cosmo_doppler.controls import Operator
    from cosmo_doppler.person import Person
    from cosmo_doppler.stepping.stepper import Stepper

logger = logging.getLogger(__name__)

R = TypeVar("R")

SessionKind = Literal["live", "demo", "replay"]

_AT_ONCE = 256
"""Frames put into the store while the lock is held."""

_GIVE_WAY_S = 0.0001
"""Long enough for a thread that waits for the lock to get it."""

_SWITCH_S = 0.001
"""How long the engine computes before another thread that wants to gets its turn; Python's own 5 ms can be seen."""

ELSEWHERE = "this bus is not on this machine: ! lets you send to it"
"""Why acting is off on a bus that others share, until a person says so."""

_LAID_DOWN = "you chose to look only: ! lets you send again"

_FELT = 2_000
"""Signals the board may lack without anybody noticing."""

_LAST_WORDS_S = 10.0
"""How long the source may take to say goodbye."""


class Source(Protocol):
    """Where signals come from."""

    async def run(self, session: Session) -> None:
        """Feed `session.ingest` and report with `session.report` until cancelled, or until there is no more.

        Runs on the engine's loop. Must release everything it holds when cancelled.
        """
        ...


@runtime_checkable
class SlicedSource(Protocol):
    """A source that can also be worked by hand, without a thread."""

    def load(self, session: Session, budget_s: float) -> bool:
        """Feed the session for about `budget_s` seconds. True when there is more."""
        ...


class Gap(NamedTuple):
    """A time during which nothing could be seen."""

    position: int
    """Signals that had been seen before it."""
    lost_at: float
    """Epoch seconds."""
    back_at: float
    """Epoch seconds."""


class Session:
    """What a screen shows, and where it may act.

    Args:
        source: fills the store once the engine runs.
        kind: live, demo or replay.
        title: the address or file name.
        namespace: of the bus; empty for a recording.
        recorder: gets a copy of everything seen.
        read_only_reason: why acting is off; empty when the source provides an operator.
        speed: of a replay.
    """

    def __init__(
        self,
        source: Source,
        *,
        kind: SessionKind,
        title: str,
        namespace: str = "",
        recorder: Recorder | None = None,
        read_only_reason: str = "",
        speed: float = 1.0,
    ) -> None:
        self.kind: SessionKind = kind
        self.title = title
        self.namespace = namespace
        self.store = Store()
        self.timeline = Timeline(self.store, live=kind != "replay", wall=self.wall, speed=speed)
        self.lock = SharedLock()
        self.timeline.give_way = lambda: self.lock.wanted
        if kind != "replay":
            self.timeline.breaks.tell = self._note_break
        self.pace = Pace()
        self.recorder = recorder
        self.operator: Operator | None = None
        self.stepper: Stepper | None = None
        """Holds signals of the bus; None where there is no bus, or one without gates."""
        self._lost_in_recordings = 0
        """Frames that recordings which were ended could not write."""
        self.read_only_reason = read_only_reason
        self.source = source
        self.marks = Marks(self.store, recorder.path if recorder is not None else None)
        self.gaps: list[Gap] = []
        """Outages survived while watching, by time."""
        self.losses = Losses()
        """Frames lost on their way to us or to the recording."""
        self.count_lost: Callable[[], int] = int
        """Frames the source knows to be lost on their way to us."""
        self._status = SessionStatus(state="loading" if kind == "replay" else "connecting")
        self._meter = RateMeter()
        self._retry_at: float | None = None
        self._offset = time.time() - time.monotonic()
        self._pumped_at = time.monotonic()
        self._arrived: list[Arrived] = []
        """What came in this turn of the engine's loop and is not in the store yet."""
        self._thread: threading.Thread | None = None
        self._engine_ident = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self.failure: BaseException | None = None
        """What ended the engine, when it was not `stop()`."""

    # -- the engine

    def start(self) -> None:
        """Run the source and the fold in a thread of their own. Once."""
        if self._thread is not None:
            return
        sys.setswitchinterval(_SWITCH_S)
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="doppler-engine", daemon=True)
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """End the source, close the recording, join the thread. Calling it again does nothing."""
        thread, loop, main = self._thread, self._loop, self._main
        if thread is not None and thread.is_alive() and loop is not None and main is not None:
            with suppress(RuntimeError):
                # Raised when the engine's loop ended by itself just now; there is nothing left to cancel then.
                loop.call_soon_threadsafe(main.cancel)
            thread.join(timeout=_LAST_WORDS_S)
            if thread.is_alive():
                logger.error("the engine did not end within %g s", _LAST_WORDS_S)
        self._land()
        with self.lock:
            if self.recorder is not None:
                self.recorder.close()
        self.report("closed")

    def _run(self, ready: threading.Event) -> None:
        try:
            asyncio.run(self._engine(ready))
        except asyncio.CancelledError:
            logger.debug("the engine was stopped")
        except BaseException as error:
            cause = _the_one(error)
            self.report("unreachable", detail=f"internal error: {cause!r}")
            # Last: whoever sees it may also read why.
            self.failure = cause
            logger.exception("the engine failed")
        finally:
            self.operator = self.stepper = None
            self._engine_ident = 0
            ready.set()

    async def _engine(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        self._engine_ident = threading.get_ident()
        ready.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.source.run(self))
            while True:
                self.pump(self.pace.fold_s(len(self.store)))
                await asyncio.sleep(self.pace.rest_s(self.behind))
                await self.pace.take_in(lambda: len(self.store) + len(self._arrived))

    @property
    def behind(self) -> bool:
        """Whether the board does not yet know what it is on its way to."""
        timeline = self.timeline
        return timeline.seeking is not None or (timeline.following and not timeline.at_end)

    @property
    def lags(self) -> bool:
        """Whether that is so much that it is felt: then the engine needs the processor more than the screen does."""
        timeline = self.timeline
        far = timeline.length - timeline.position > _FELT
        return timeline.seeking is not None or (timeline.following and far)

    def pump(self, budget_s: float = 0.008) -> None:
        """One turn: move the playhead, flush the recording. What the thread calls; without one, call it yourself.

        Args:
            budget_s: about how long to fold, seconds.
        """
        now = time.monotonic()
        elapsed, self._pumped_at = now - self._pumped_at, now
        if self._thread is None and isinstance(self.source, SlicedSource):
            self.source.load(self, TICK_S)
        with self.lock:
            self.timeline.pump(elapsed, budget_s)
            if self.recorder is not None:
                self.recorder.pump(elapsed)
            noticed_at = self.wall()
            lost = self.losses.note(self._lost(), len(self.store), noticed_at)
            if lost and self.recorder is not None and not self.recorder.fault:
                self.recorder.write(noticed_at, *loss_event(self.namespace, lost))

    def _lost(self) -> int:
        now = self.recorder.lost if self.recorder is not None else 0
        return self.count_lost() + self._lost_in_recordings + now

    # -- what sources call

    def limit_memory(self, most: int) -> None:
        """Keep at most about so many bytes of frames in memory; the oldest beyond it move to disk."""
        with self.lock:
            self.store.memory.cap = most

    @property
    def armed(self) -> bool:
        """Whether signals may be sent."""
        return not self.read_only_reason

    @property
    def person(self) -> Person | None:
        """The person as a participant of the bus; None while it is not connected."""
        operator = self.operator
        return operator.person if operator is not None else None

    def arm(self, armed: bool) -> None:
        """Let a person send signals, or look only. A recording can only be looked at."""
        if self.kind != "replay":
            self.read_only_reason = "" if armed else _LAID_DOWN

    def redact(self, redaction: Redaction) -> None:
        """Take values out of everything that is shown or recorded from now on. Call it before `start`."""
        self.store.redaction = redaction
        if self.recorder is not None:
            self.recorder.redaction = redaction

    def record_to(self, path: Path) -> None:
        """Also write what comes from now on to a new file, redacted like everything else.

        Raises:
            RecordingError: this is a recording itself, the file is there already, or it cannot be written.
        """
        if self.kind == "replay":
            raise RecordingError(path, "what is shown is a recording already; x writes a part of it")
        if path.exists():
            raise RecordingError(path, "is there already; choose another name")
        recorder = Recorder(path)
        recorder.redaction = self.store.redaction
        self.end_recording()
        with self.lock:
            self.recorder = recorder

    def end_recording(self) -> Recorder | None:
        """Write no more; returns what wrote, with its counts. None when nothing was recorded."""
        with self.lock:
            recorder, self.recorder = self.recorder, None
            if recorder is not None:
                recorder.close()
                self._lost_in_recordings += recorder.lost
        return recorder

    def ingest(self, subject: str, frame: bytes) -> None:
        """Take in one frame that just arrived."""
        arrived = (self.wall(), subject, frame)
        if threading.get_ident() != self._engine_ident:
            with self.lock:
                self._put([arrived])
            return
        if not self._arrived:
            asyncio.get_running_loop().call_soon(self._land)
        self._arrived.append(arrived)

    def ingest_lines(self, subjects: Sequence[str], lines: bytes) -> None:
        """Take in frames that just came together, a newline behind each. Only sources call it, on the engine's loop."""
        self._land()
        times = [self.wall()] * len(subjects)
        self._give_way()
        with self.lock:
            alike = self.store.append_lines(times, subjects, lines)
            if self.recorder is not None and alike:
                self.recorder.write_lines(times[0], subjects, lines)
            elif self.recorder is not None:
                for at, subject, frame in zip(times, subjects, lines.split(b"\n"), strict=False):
                    self.recorder.write(at, subject, frame)

    def _land(self) -> None:
        """Put what arrived in this turn of the loop into the store: together, that costs less than one by one."""
        arrived, self._arrived = self._arrived, []
        for first in range(0, len(arrived), _AT_ONCE):
            self._give_way()
            with self.lock:
                self._put(arrived[first : first + _AT_ONCE])

    def _give_way(self) -> None:
        """Let a thread have the lock that waits for it: without this the screen might wait through a whole burst."""
        if self.lock.wanted:
            # A lock goes to whoever asks in the right moment, and that is who just gave it back.
            time.sleep(_GIVE_WAY_S)

    def _put(self, arrived: Sequence[Arrived]) -> None:
        self.store.append_many(arrived)
        if self.recorder is not None:
            for at, subject, frame in arrived:
                self.recorder.write(at, subject, frame)

    def _note_break(self, changed: PauseBreak, event: str) -> None:
        """A break that pauses this view came or went. It holds nothing and no bus knows of it, so its recording says it."""
        told = {"gate": f"{GATE_PREFIX}{VIEW}{changed.number} {changed.text}", "event": event}
        frame = msgspec.json.encode(told | ({"reason": "cleared"} if event == "gone" else {}))
        subject, loop = event_subjects(self.namespace)[0], self._loop
        if loop is None or loop.is_closed():
            self.ingest(subject, frame)
        else:
            loop.call_soon_threadsafe(self.ingest, subject, frame)

    def report(self, state: SessionState, *, retry_in_s: float | None = None, **facts: Any) -> None:
        """Say how the source stands. Facts not named keep their value, except the reason and the countdown.

        Args:
            state: the new state.
            retry_in_s: seconds to the next attempt to connect.
            facts: other fields of `SessionStatus`.
        """
        with self.lock:
            self._retry_at = None if retry_in_s is None else time.monotonic() + retry_in_s
            self._status = replace(self._status, **{"state": state, "detail": "", **facts})

    def mark_gap(self, position: int, lost_at: float) -> None:
        """Say that nothing could be seen from `lost_at`, after `position` signals, until now."""
        self._land()
        gap = Gap(position, lost_at, self.wall())
        with self.lock:
            self.gaps.append(gap)
            if self.recorder is not None:
                self.recorder.write(gap.back_at, *gap_event(self.namespace, lost_at))

    # -- what screens call

    def status(self) -> SessionStatus:
        """How the session stands now."""
        now = time.monotonic()
        with self.lock:
            recorder = self.recorder
            return replace(
                self._status,
                retry_in_s=None if self._retry_at is None else max(0.0, self._retry_at - now),
                signals=len(self.store),
                rate=self._meter.rate(now, len(self.store)) if self.kind != "replay" else 0.0,
                malformed=self.timeline.board.malformed,
                dropped=self._lost(),
                gaps=len(self.gaps),
                moved=self.store.moved,
                memory_fault=self.store.memory.fault,
                recording=str(recorder.path) if recorder else "",
                recorded_bytes=recorder.bytes_written if recorder else 0,
                recording_fault=recorder.fault if recorder else "",
            )

    async def act(self, call: Callable[[Operator], Coroutine[Any, Any, R]]) -> R:
        """Run `call(operator)` on the engine's loop and await its result on this one.

        Raises:
            ControlError: acting is off, or the operator could not do it.
        """
        # A recording is opened without all that sending takes.
        from cosmo_doppler.controls import ControlError

        operator, loop = self.operator, self._loop
        if operator is None or loop is None or loop.is_closed() or self.read_only_reason:
            raise ControlError(self.read_only_reason or "not connected to a bus")
        pending = asyncio.run_coroutine_threadsafe(call(operator), loop)
        result: Awaitable[R] = asyncio.wrap_future(pending)
        try:
            return await result
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if waiting is not None and waiting.cancelling():
                raise
            raise ControlError("the session ended before that was done") from None

    def wall(self) -> float:
        """Epoch seconds that never run backwards."""
        return self._offset + time.monotonic()


def _the_one(error: BaseException) -> BaseException:
    """What went wrong, without the group that a task group puts around it."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
