"""One recording on its way into the store: read to its end, and further when somebody still writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cosmo_bus.recording import numbered, read_line
from cosmo_bus.recording_files import COMPRESSED
from cosmo_doppler.model.bus_events import Unseen
from cosmo_doppler.session.pipes import name_of, pipe_of
from cosmo_doppler.session.status import Skipped
from cosmo_doppler.store import Blocks, Indexer, Rows, Store, open_blocks
from cosmo_doppler.store.files import RandomFile
from cosmo_doppler.store.lines import MAX_LINE, PlainBlocks

_REPORTED = 20
"""Skipped lines of which file, number and reason are kept."""

_OVERLAP_S = 1.0
"""How much earlier than the end of a recording its next file may begin, seconds."""


class Skips:
    """What was passed over: all of it counted, the first ones named."""

    def __init__(self) -> None:
        self.first: list[Skipped] = []
        self.count = 0

    def add(self, path: Path, number: int, reason: str) -> None:
        """A line was no frame."""
        self.count += 1
        if len(self.first) < _REPORTED:
            self.first.append(Skipped(name_of(path), number, reason))

    def facts(self) -> dict[str, Any]:
        """What a session's status says of them."""
        return {"skipped": self.count, "first_skipped": tuple(self.first)}

    def take_back(self, path: Path, number: int) -> None:
        """It was only half written when it was read."""
        self.count -= 1
        torn = name_of(path), number
        self.first = [skip for skip in self.first if (skip.path, skip.number) != torn]


class _CutFile:
    """Lines of a file that was cut since: what stands in their place now is not theirs."""

    def __init__(self, file: RandomFile) -> None:
        self._file: RandomFile | None = file

    def read(self, start: int, length: int) -> bytes:
        return b"" if self._file is None else self._file.read(start, length)

    def forget(self) -> None:
        self._file = None


class RecordedFile:
    """Reads a recording block by block.

    Args:
        path: the file; those that `--rotate` wrote after it are read too.
        store: where its lines will be readable, and where names get their numbers.
        skips: told what is no frame.
        others: files that are read by somebody else.

    Raises:
        OSError: it cannot be opened.
        NeedsZstandard: it is compressed, and the extra `zstd` is not installed.
    """

    def __init__(self, path: Path, store: Store, skips: Skips, others: frozenset[Path] = frozenset()) -> None:
        self.path = path
        """The file read now."""
        self.rows = Rows()
        """Rows read and not yet taken."""
        self.taken = 0
        """How many of them are in the store already."""
        self._unseen: list[tuple[int, float, Unseen]] = []
        self.cut = 0
        """How often the file was emptied while it was read; signals before that can be listed but not shown."""
        self._store = store
        self._skips = skips
        self._others = others
        self._first = path
        self._number = 1
        self._done = self._done_size = 0
        self._torn: int | None = None
        self._open(path)

    @property
    def size(self) -> int:
        """Bytes of all its files, as far as they are known."""
        return self._done_size + self._blocks.size

    @property
    def position(self) -> int:
        """Bytes of them read."""
        return self._done + self._blocks.position

    @property
    def head(self) -> float | None:
        """When the next row came; None when none is ready."""
        return self.rows.at[self.taken] if self.taken < len(self.rows) else None

    def read(self) -> bool:
        """Make more rows ready. False when there are no more for now.

        Raises:
            OSError: the file cannot be read.
        """
        if self._torn is not None:
            return self._go_on()
        pipe = pipe_of(self.path)
        ended = pipe is None or pipe.ended
        block = self._blocks.next(torn=False)
        if block is None and not ended:
            return False  # the rest of a line that was begun is on its way
        if block is None and self._tail_is_whole():
            block = self._blocks.next(torn=True)
        elif block is None:
            return self._go_on()
        if block is not None:
            at = self._store.memory.append(block.data) if self._in_memory else block.start
            self.rows, self.taken = self._indexer.index(block, at), 0
            # The signal behind what ended the last block is in this one.
            self._unseen = [(0, at, unseen) for _, at, unseen in self._unseen] + self._indexer.unseen
        return True

    def take_unseen(self, last: int) -> list[tuple[int, float, Unseen]]:
        """What was not seen before row `last`, once each: how many rows came before, and when that was noticed."""
        count = sum(index < last for index, _, _ in self._unseen)
        taken, self._unseen = self._unseen[:count], self._unseen[count:]
        return taken

    def look(self) -> None:
        """Notice what happened to the file since it was read to its end: its last line, another file in its place.

        Raises:
            OSError: the file cannot be looked at.
        """
        blocks = self._blocks
        if blocks.size < blocks.position:
            if not self._in_memory:
                self.cut += 1
                self._shelf.forget()
            self._open(self.path)
        elif self._torn is not None and blocks.next_line_grew():
            self._skips.take_back(self.path, self._torn)
            self._torn = None
        elif blocks.size == blocks.position and self.path.exists() and not blocks.is_at(self.path):
            self._leave()
            self._open(self.path)

    def close(self) -> None:
        """Close the file read now. Lines that were indexed stay readable."""
        if self._in_memory:
            self._blocks.close()

    def _open(self, path: Path) -> None:
        self.path = path
        self._torn = None
        self._blocks: Blocks = open_blocks(path)
        self._in_memory = not isinstance(self._blocks, PlainBlocks)
        if isinstance(self._blocks, PlainBlocks):
            self._shelf = _CutFile(self._blocks.file)
            shelf = self._store.add_shelf(self._shelf)
        else:
            shelf = self._store.memory_shelf
        self._indexer = Indexer(self._store.names, shelf, lambda *line: self._skips.add(path, *line))

    def _tail_is_whole(self) -> bool:
        """Whether the last line, which has no newline, is whole. One that is not is reported, and read again later."""
        tail = self._blocks.tail()
        if not tail:
            return False
        number = self._indexer.lines + 1
        problem = read_line(number, tail).problem if tail.strip() else ""
        if problem:
            self._torn = number
            self._skips.add(self.path, number, problem)
        return not problem

    def _leave(self) -> None:
        """The file is read; another one follows."""
        self._done, self._done_size = self.position, self.size
        self.close()

    def _go_on(self) -> bool:
        """Open the file that `--rotate` wrote next, when there is one."""
        while (path := numbered(self._first, self._number)).is_file() and path not in self._others:
            self._number += 1
            begins_at = _begins_at(path)
            if begins_at is not None and begins_at >= self._indexer.last_at - _OVERLAP_S:
                self._leave()
                self._open(path)
                return True
        return False


def _begins_at(path: Path) -> float | None:
    """When the first signal of a recording came; None when its first line is no line of a recording."""
    if path.suffix == COMPRESSED:
        blocks = open_blocks(path)
        block = blocks.next(torn=True)
        blocks.close()
        start = b"" if block is None else block.data
    else:
        start = RandomFile.open(path).read(0, MAX_LINE)
    line, _, _ = start.partition(b"\n")
    read = read_line(1, line)
    return read.at if not read.problem else None
