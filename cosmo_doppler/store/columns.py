"""The store: where every frame is, and what lists and filters need in arrays beside it.

No object per signal is kept: a million signals are a few arrays, which the garbage collector never walks. Frames that
come from a recording stay in their file; those that come from a bus stay in memory up to a cap. Only the headers of
the last few are kept, because whoever follows a bus folds a signal right after it came.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal, Protocol

from cosmo_bus.recording import read_line
from cosmo_doppler.model.bus_events import is_event, read_any
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.redaction import Redaction
from cosmo_doppler.store.facts import NameTables, add_names, read_facts
from cosmo_doppler.store.memory import DEFAULT_CAP, FrameMemory
from cosmo_doppler.store.names import Names
from cosmo_doppler.store.rows import FRAME, FRAME_LINE, PLACE_BITS, Rows
from cosmo_sdk.header import Header, read_headers

_FRESH = 512
"""Headers kept."""

_FRESH_BYTES = 16_384
"""Those of longer frames are not: each holds its whole frame."""

Arrived = tuple[float, str, bytes]
"""When a frame was received, epoch seconds; the subject it was published on; the frame."""

_FRAME_LINES = FRAME_LINE << PLACE_BITS

_ADDRESS = (1 << PLACE_BITS) - 1

_READ_AT_ONCE = 4 << 20
"""Most bytes of lines read in one go."""


class Shelf(Protocol):
    """Where lines are kept."""

    def read(self, start: int, length: int, /) -> bytes:
        """The bytes there; fewer when they are gone."""
        ...


_GONE = Header(problem="it cannot be read any more: its file was emptied or taken away")
"""Stands for a frame whose file holds it no longer."""


class Store:
    """Append-only. Rows are numbered from 0 without gaps; the number is a signal's `seq`.

    Args:
        cap: bytes of frames kept in memory; the oldest beyond it move to a file without a name.
    """

    def __init__(self, *, cap: int = DEFAULT_CAP) -> None:
        self.names = NameTables()
        """Text of the columns, by number."""
        self.memory = FrameMemory(cap)
        # Twice: what is kept there may be lines of a recording, or lines that are frames as they came.
        self._shelves: list[Shelf] = [self.memory, self.memory]
        self._rows = Rows()
        self._fresh: deque[Header | None] = deque(maxlen=_FRESH)
        self.redaction = Redaction()
        """What is taken out of frames before anybody is shown them."""
        self.unreadable = 0
        """Frames asked for whose file could not be read any more."""

    def __len__(self) -> int:
        return len(self._rows.length)

    @property
    def size(self) -> int:
        """Bytes of frames held in memory or moved out of it; those in recordings are not counted."""
        return self.memory.size

    @property
    def moved(self) -> int:
        """Bytes of the oldest frames that were moved from memory to disk."""
        return self.memory.moved

    def append(self, at: float, subject: str, frame: bytes) -> None:
        """Add one frame.

        Args:
            at: when it was received, epoch seconds; a time before the last row's counts as that row's.
            subject: what it was published on.
            frame: the envelope's JSON, or whatever arrived in its place.
        """
        header = read_any(subject, self.redaction.apply(frame))
        rows, names = self._rows, self.names
        if rows.at and at < rows.at[-1]:
            at = rows.at[-1]
        rows.at.append(at)
        rows.place.append(FRAME | self.memory.append(frame))
        rows.subject.append(names.subjects[subject])
        rows.type.append(names.types[header.type])
        rows.who.append(names.whos[header.who])
        rows.trace.append(names.traces[header.trace_id])
        self._fresh.append(header if len(frame) <= _FRESH_BYTES else None)
        # Last: whoever asks how many rows there are finds all of them whole.
        rows.length.append(len(frame))

    def append_many(self, arrived: Sequence[Arrived]) -> None:
        """Add frames that came one after the other, as `append` would each; where possible together."""
        lines = b"\n".join([*[frame for _, _, frame in arrived], b""])
        if len(arrived) > 1 and lines.count(b"\n") == len(arrived):
            self.append_lines([at for at, _, _ in arrived], [subject for _, subject, _ in arrived], lines)
            return
        for at, subject, frame in arrived:
            self.append(at, subject, frame)

    def append_lines(self, times: Sequence[float], subjects: Sequence[str], lines: bytes) -> bool:
        """Add frames that came together, as `append` would each, at a fraction of the cost.

        Args:
            times: when each was received, epoch seconds.
            subjects: what each was published on.
            lines: the frames, with a newline behind each and none within.

        Returns:
            Whether they could be read together; then each is a JSON object.
        """
        own = set(subjects)
        facts = None if self.redaction or any(map(is_event, own)) else read_facts(lines, len(subjects))
        if facts is None:
            for at, subject, frame in zip(times, subjects, lines.split(b"\n"), strict=False):
                self.append(at, subject, frame)
            return False
        rows, numbers = self._rows, {subject: self.names.subjects[subject] for subject in own}
        lengths = [len(frame) + 1 for frame in lines.split(b"\n")]
        lengths.pop()
        ends = list(accumulate(lengths, initial=_FRAME_LINES | self.memory.append(lines)))
        ends.pop()
        self._fresh.clear()
        earliest = rows.at[-1] if rows.at else 0.0
        rows.at.extend(accumulate((max(times[0], earliest), *times[1:]), max))
        rows.place.extend(ends)
        rows.subject.extend([numbers[subject] for subject in subjects])
        add_names(rows, facts, self.names)
        # Last: whoever asks how many rows there are finds all of them whole.
        rows.length.extend(lengths)
        return True

    def add_shelf(self, shelf: Shelf) -> int:
        """Make lines kept somewhere else readable. Returns the number that rows of it carry."""
        self._shelves.append(shelf)
        return len(self._shelves) - 1

    @property
    def memory_shelf(self) -> int:
        """The number of lines that are kept in `memory`."""
        return 0

    def extend(self, rows: Rows, first: int = 0, last: int | None = None) -> None:
        """Add indexed rows, from `first` until before `last`, as `append` would one by one."""
        held = self._rows
        if held.at and first < len(rows) and rows.at[first] < held.at[-1]:
            rows.in_order(held.at[-1])
        self._fresh.clear()
        held.extend(rows, first, last)

    def frame(self, seq: int) -> bytes:
        """The frame as it arrived, less what is redacted; empty when the file it is in cannot be read any more.

        Raises:
            IndexError: no such row.
        """
        return self.redaction.apply(self.true_frame(seq))

    def true_frame(self, seq: int) -> bytes:
        """The frame as it arrived, for those who answer it; never to be shown or written.

        Raises:
            IndexError: no such row.
        """
        kind, data = self._kept(seq)
        return data if kind == FRAME else read_line(0, data).frame

    def header(self, seq: int) -> Header:
        """Its envelope, read again unless it came just now; payload and meta stay raw.

        Raises:
            IndexError: no such row.
        """
        fresh = self._fresh
        place = seq - len(self) + len(fresh)
        known = fresh[place] if 0 <= place < len(fresh) else None
        if known is not None:
            return known
        data = self.frame(seq)
        return read_any(self.subject(seq), data) if data or not self._rows.length[seq] else _GONE

    def observed(self, seq: int) -> Observed:
        """The row as the model folds it.

        Raises:
            IndexError: no such row.
        """
        header = self.header(seq)
        return Observed(seq, self._rows.at[seq], self.subject(seq), header)

    def observe(self, first: int, last: int) -> list[Observed]:
        """Rows `first` until before `last`, as `observed` gives each, but read together where that is possible."""
        headers = self._headers_together(first, last)
        if headers is None:
            return [self.observed(seq) for seq in range(first, last)]
        rows, subjects = self._rows, self.names.subjects.texts
        return [
            Observed(seq, at, subjects[subject], header)
            for seq, at, subject, header in zip(
                range(first, last), rows.at[first:last], rows.subject[first:last], headers, strict=True
            )
        ]

    def at(self, seq: int) -> float:
        """When it was received, epoch seconds."""
        return self._rows.at[seq]

    def subject(self, seq: int) -> str:
        """The subject it was published on."""
        return self.names.subjects.texts[self._rows.subject[seq]]

    def type(self, seq: int) -> str:
        """Its type as sent; empty when it has none."""
        return self.names.types.texts[self._rows.type[seq]]

    def who(self, seq: int) -> str:
        """The participant it names; empty when none."""
        return self.names.whos.texts[self._rows.who[seq]]

    def trace_id(self, seq: int) -> str:
        """Its trace; empty when it has none."""
        return self.names.traces.texts[self._rows.trace[seq]]

    def column(self, name: Literal["type", "who", "trace", "subject"]) -> tuple[Sequence[int], list[str]]:
        """A column as numbers, and the text of each number. Both grow; neither is the caller's to change."""
        numbers: Sequence[int] = getattr(self._rows, name)
        names: dict[str, Names] = {
            "type": self.names.types,
            "who": self.names.whos,
            "trace": self.names.traces,
            "subject": self.names.subjects,
        }
        return numbers, names[name].texts

    def together(self, first: int, last: int) -> tuple[bytes, list[int]] | None:
        """What is kept of rows `first` until before `last`, in one piece, and where each row ends in it.

        None when they do not lie one after the other, or something is redacted: then read frame by frame. What is
        kept of a row may be its line in a recording, which contains the frame.
        """
        rows = self._rows
        if self.redaction or not 0 <= first < last <= len(self):
            return None
        begin, ends = rows.place[first], list(accumulate(rows.length[first:last]))
        kind = begin >> PLACE_BITS
        if (kind != FRAME and kind % 2 == 0) or ends[-1] > _READ_AT_ONCE:
            return None
        if rows.place[first + 1 : last].tolist() != [begin + end for end in ends[:-1]]:
            return None
        data = self._read(kind, begin & _ADDRESS, ends[-1])
        return (data, ends) if len(data) == ends[-1] else None

    def position_at(self, at: float) -> int:
        """How many rows had arrived by `at`, epoch seconds."""
        return bisect_right(self._rows.at, at, 0, len(self))

    def close(self) -> None:
        """Give back the file that frames were moved to."""
        self.memory.close()

    def _kept(self, seq: int) -> tuple[int, bytes]:
        """What is kept of a row, and what that is."""
        if not 0 <= seq < len(self):
            raise IndexError(f"no signal {seq} among {len(self)}")
        place, length = self._rows.place[seq], self._rows.length[seq]
        kind = place >> PLACE_BITS
        data = self._read(kind, place & _ADDRESS, length)
        return (FRAME, data[:-1]) if kind == FRAME_LINE else (kind, data)

    def _read(self, kind: int, address: int, length: int) -> bytes:
        try:
            data = self._shelves[max(0, kind - 1) // 2].read(address, length)
        except (OSError, ValueError):
            data = b""
        if len(data) != length:
            self.unreadable += 1
        return data

    def _headers_together(self, first: int, last: int) -> list[Header] | None:
        """Headers of rows that are plain lines, one after the other; None when they are anything else."""
        if last - first < 2 or last > len(self) or self.redaction:
            return None
        rows = self._rows
        begin, end = rows.place[first], rows.place[last - 1]
        kind, span = begin >> PLACE_BITS, end - begin + rows.length[last - 1]
        if kind % 2 == 0 or end >> PLACE_BITS != kind or not 0 < span <= _READ_AT_ONCE:
            return None
        if sum(rows.length[first:last]) != span or any(
            is_event(self.names.subjects.texts[number]) for number in set(rows.subject[first:last])
        ):
            return None
        headers = read_headers(self._read(kind, begin & _ADDRESS, span))
        return headers if headers is not None and len(headers) == last - first else None
