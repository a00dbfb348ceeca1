"""The store: raw frames in one buffer, and what lists and filters need in arrays beside it.

No object per signal is kept: a million signals are a few arrays, which the garbage collector never walks. Only the
headers of the last few are, because whoever follows a bus folds a signal right after it came.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque

from cosmo_doppler.model.bus_events import read_any
from cosmo_doppler.model.observed import Observed
from cosmo_sdk.header import Header

_FRESH = 512
"""Headers kept."""

_FRESH_BYTES = 16_384
"""Those of longer frames are not: each holds its whole frame."""


class _Names:
    """Text as small numbers: a column of 4 bytes instead of one of strings."""

    __slots__ = ("_numbers", "texts")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        known = self._numbers.get(text)
        if known is None:
            known = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return known


class Store:
    """Append-only. Rows are numbered from 0 without gaps; the number is a signal's `seq`."""

    def __init__(self) -> None:
        self._raw = bytearray()
        self._at = array("d")
        self._end = array("Q")
        self._subject = array("I")
        self._type = array("I")
        self._who = array("I")
        self._trace = array("I")
        self._problem = bytearray()
        self._fresh: deque[Header | None] = deque(maxlen=_FRESH)
        self._subjects = _Names()
        self._types = _Names()
        self._whos = _Names()
        self._traces = _Names()

    def __len__(self) -> int:
        return len(self._end)

    @property
    def size(self) -> int:
        """Bytes of raw frames held."""
        return len(self._raw)

    def append(self, at: float, subject: str, frame: bytes) -> None:
        """Add one frame.

        Args:
            at: when it was received, epoch seconds; a time before the last row's counts as that row's.
            subject: what it was published on.
            frame: the envelope's JSON, or whatever arrived in its place.
        """
        header = read_any(subject, frame)
        if self._at and at < self._at[-1]:
            at = self._at[-1]
        self._raw += frame
        self._at.append(at)
        self._end.append(len(self._raw))
        self._subject.append(self._subjects.number(subject))
        self._type.append(self._types.number(header.type))
        self._who.append(self._whos.number(header.who))
        self._trace.append(self._traces.number(header.trace_id))
        self._problem.append(1 if header.problem else 0)
        self._fresh.append(header if len(frame) <= _FRESH_BYTES else None)

    def frame(self, seq: int) -> bytes:
        """The frame as it arrived.

        Raises:
            IndexError: no such row.
        """
        if not 0 <= seq < len(self._end):
            raise IndexError(f"no signal {seq} among {len(self._end)}")
        return bytes(self._raw[self._end[seq - 1] if seq else 0 : self._end[seq]])

    def header(self, seq: int) -> Header:
        """Its envelope, read again unless it came just now; payload and meta stay raw.

        Raises:
            IndexError: no such row.
        """
        fresh = self._fresh
        place = seq - len(self._end) + len(fresh)
        known = fresh[place] if 0 <= place < len(fresh) else None
        return read_any(self.subject(seq), self.frame(seq)) if known is None else known

    def observed(self, seq: int) -> Observed:
        """The row as the model folds it.

        Raises:
            IndexError: no such row.
        """
        return Observed(seq, self._at[seq], self.subject(seq), self.header(seq))

    def at(self, seq: int) -> float:
        """When it was received, epoch seconds."""
        return self._at[seq]

    def subject(self, seq: int) -> str:
        """The subject it was published on."""
        return self._subjects.texts[self._subject[seq]]

    def type(self, seq: int) -> str:
        """Its type as sent; empty when it has none."""
        return self._types.texts[self._type[seq]]

    def who(self, seq: int) -> str:
        """The participant it names; empty when none."""
        return self._whos.texts[self._who[seq]]

    def trace_id(self, seq: int) -> str:
        """Its trace; empty when it has none."""
        return self._traces.texts[self._trace[seq]]

    def malformed(self, seq: int) -> bool:
        """Whether it is no valid Signal; its header says why."""
        return self._problem[seq] == 1

    def position_at(self, at: float) -> int:
        """How many rows had arrived by `at`, epoch seconds."""
        return bisect_right(self._at, at)
