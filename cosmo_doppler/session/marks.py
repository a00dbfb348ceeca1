"""Signals a person marked, each with a note, kept in a file beside the recording."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cosmo_doppler.errors import ExportError
from cosmo_doppler.store import Store

SUFFIX = ".marks.json"

_encode = msgspec.json.Encoder().encode


class Mark(msgspec.Struct, frozen=True):
    """One marked signal."""

    seq: int
    """Its position in the recording."""
    id: str
    """Its event id, by which it is known again."""
    note: str = ""


class Marks:
    """The marks of one recording, or of a bus while one watches it.

    Args:
        store: where the signals are.
        path: the recording; None keeps the marks for as long as the session lasts.
    """

    def __init__(self, store: Store, path: Path | None = None) -> None:
        self._store = store
        self._path = None if path is None else path.with_name(path.name + SUFFIX)
        self._marks: dict[int, Mark] = {}
        self._order: list[int] = []
        self.problem = ""
        """Why the file beside the recording is neither read nor written; empty when it is."""
        if self._path is not None:
            self._read(self._path)

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Mark]:
        return (self._marks[seq] for seq in self._order)

    def __contains__(self, seq: object) -> bool:
        return seq in self._marks

    @property
    def kept(self) -> bool:
        """Whether they outlast the session."""
        return self._path is not None and not self.problem

    def get(self, seq: int) -> Mark | None:
        """The mark on a signal."""
        return self._marks.get(seq)

    def put(self, seq: int, note: str = "") -> None:
        """Mark a signal, or change its note.

        Raises:
            IndexError: no such signal.
            ExportError: the file cannot be written; the mark holds for this session.
        """
        if seq not in self._marks:
            insort(self._order, seq)
        self._marks[seq] = Mark(seq, self._store.header(seq).id, note)
        self._write()

    def remove(self, seq: int) -> None:
        """Take a mark away.

        Raises:
            ExportError: the file cannot be written.
        """
        if self._marks.pop(seq, None) is not None:
            self._order.remove(seq)
            self._write()

    def after(self, seq: int, step: int) -> Mark | None:
        """The next mark after a signal, or with a negative step the last one before it."""
        place = bisect_right(self._order, seq) if step > 0 else bisect_left(self._order, seq) - 1
        return self._marks[self._order[place]] if 0 <= place < len(self._order) else None

    def _read(self, path: Path) -> None:
        try:
            marks = msgspec.json.decode(path.read_bytes(), type=list[Mark])
        except FileNotFoundError:
            return
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self.problem = f"{path}: is no list of marks ({error}); move it away to keep marks again"
            return
        for mark in marks:
            if mark.seq >= 0:
                self._marks[mark.seq] = mark
        self._order = sorted(self._marks)

    def _write(self) -> None:
        if self._path is None or self.problem:
            return
        unfinished = self._path.with_name(f".{self._path.name}.part")
        try:
            unfinished.write_bytes(msgspec.json.format(_encode(list(self)), indent=1) + b"\n")
            unfinished.replace(self._path)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise ExportError(f"cannot write {self._path}: {error.strerror or error}") from None

    def is_of(self, mark: Mark) -> bool:
        """Whether the signal there is still the one that was marked: recordings may be cut or merged."""
        return mark.seq < len(self._store) and self._store.header(mark.seq).id == mark.id
