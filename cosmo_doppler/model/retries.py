"""Attempts at the same work: each goes out again, as a rule on a trace of its own (PROTOCOL 6.16)."""

from __future__ import annotations

from collections.abc import Container

from cosmo_doppler.model.observed import Observed

MAX_SERIES = 10_000
"""Series kept; beyond that the oldest go."""

_Key = tuple[str | None, str, int]


class Attempts:
    """One piece of work and how often it was tried."""

    __slots__ = ("seqs", "traces")

    def __init__(self) -> None:
        self.seqs: list[int] = []
        """Positions of the TASKs, the first attempt first."""
        self.traces: list[str] = []
        """Their traces."""


class Retries:
    """Every series of attempts."""

    def __init__(self) -> None:
        self._by_work: dict[_Key, Attempts] = {}
        self._by_seq: dict[int, Attempts] = {}

    def fold(self, seen: Observed) -> Attempts | None:
        """A TASK was seen. The series it belongs to, if it says that it is an attempt."""
        header = seen.header
        if not header.mentions(b'"attempt"'):
            return None
        number = header.read_meta().get("attempt")
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            return None
        # What is tried again is the same in everything but its ids and its number.
        work = (header.parent_id, header.who, hash(bytes(header.payload)))
        series = self._by_work.get(work)
        if number == 0 or series is None:
            series = self._by_work[work] = Attempts()
        series.seqs.append(seen.seq)
        series.traces.append(header.trace_id)
        self._by_seq[seen.seq] = series
        if len(self._by_work) > MAX_SERIES:
            self._drop(next(iter(self._by_work)))
        return series

    def of(self, seq: int) -> tuple[int, int] | None:
        """Which attempt a TASK is, from 1, and how many were seen; None when there is only this one."""
        series = self._by_seq.get(seq)
        if series is None or len(series.seqs) < 2:
            return None
        return series.seqs.index(seq) + 1, len(series.seqs)

    def forget(self, trace_ids: Container[str]) -> None:
        """Drop what is about traces that are no longer kept."""
        for work in [work for work, series in self._by_work.items() if series.traces[-1] in trace_ids]:
            self._drop(work)

    def _drop(self, work: _Key) -> None:
        for seq in self._by_work.pop(work).seqs:
            self._by_seq.pop(seq, None)
