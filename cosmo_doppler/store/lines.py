"""A recording as blocks of whole lines, each with its place in the file."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import NamedTuple

from cosmo_bus.recording_files import COMPRESSED, Source
from cosmo_doppler.store.files import RandomFile

BLOCK = 256 << 10
"""Bytes read at once."""

MAX_LINE = 64 << 20
"""Longest line read, bytes; a longer one is skipped and reported."""


class Block(NamedTuple):
    """Some lines of a file."""

    start: int
    """Where the first begins, bytes from the beginning of the file (of what it decompresses to)."""
    data: bytes
    """Whole lines; only the last of a file may lack its newline."""
    problem: str = ""
    """Why there are no lines here but something else; empty for lines."""


class PlainBlocks:
    """The lines of a plain file, which may still grow.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.file = RandomFile.open(path)
        self.position = 0
        """Bytes given out."""

    @property
    def size(self) -> int:
        """Bytes of the file now."""
        return self.file.size

    def next(self, *, torn: bool) -> Block | None:
        """The lines that follow; None when there are none.

        Args:
            torn: also give out a last line without newline.

        Raises:
            OSError: the file cannot be read.
        """
        wanted = BLOCK
        while True:
            data = self.file.read(self.position, wanted)
            cut = data.rfind(b"\n") + 1
            if cut:
                break
            if len(data) < wanted:
                cut = len(data) if torn else 0
                break
            if wanted > MAX_LINE:
                return self._skip_line(self.position, len(data))
            wanted = min(wanted * 4, MAX_LINE + 1)
        if not cut:
            return None
        block = Block(self.position, data if cut == len(data) else data[:cut])
        self.position += cut
        return block

    def tail(self) -> bytes:
        """The line after those given out, as far as it is there; it has no newline yet."""
        return self.file.read(self.position, MAX_LINE)

    def next_line_grew(self) -> bool:
        """Whether the line that comes next has its newline by now."""
        return b"\n" in self.tail()

    def is_at(self, path: Path) -> bool:
        """Whether a path leads to this very file.

        Raises:
            OSError: nothing is there.
        """
        return self.file.is_at(path)

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def _skip_line(self, start: int, seen: int) -> Block:
        """Pass over a line that nobody can have meant."""
        self.position += seen
        while data := self.file.read(self.position, BLOCK):
            cut = data.find(b"\n") + 1
            self.position += cut or len(data)
            if cut:
                break
        return Block(start, b"", f"longer than {MAX_LINE >> 20} MiB")


class PackedBlocks:
    """The lines of a compressed file, which may still grow. They can be read once, so whoever wants them again keeps them.

    Raises:
        OSError: it cannot be opened.
        NeedsZstandard: the extra `zstd` is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._source = Source(path)
        # Sessions are dropped without ceremony by whoever only wanted a picture: the file goes with them.
        self._close = weakref.finalize(self, self._source.close)
        self._rest = b""
        self._start = 0
        self._damaged = False
        """What comes cannot be read."""
        self._skipping = False
        """What comes is the rest of a line that is too long."""

    @property
    def position(self) -> int:
        """Bytes of the file read."""
        return self.size if self._damaged else self._source.position

    @property
    def size(self) -> int:
        """Bytes of the file now."""
        return self._source.size

    def next(self, *, torn: bool) -> Block | None:
        """The lines that follow; None when there are none for now.

        Args:
            torn: also give out a last line without newline.

        Raises:
            OSError: the file cannot be read.
        """
        problem = self._fill()
        cut = self._rest.rfind(b"\n") + 1
        if problem:
            lines, self._rest = self._rest[:cut], b""
            return self._given(cut, lines, problem)
        if len(self._rest) > MAX_LINE and not cut:
            length, self._rest, self._skipping = len(self._rest), b"", True
            return self._given(length, b"", f"longer than {MAX_LINE >> 20} MiB")
        if torn and not cut:
            cut = len(self._rest)
        lines, self._rest = self._rest[:cut], self._rest[cut:]
        return self._given(cut, lines) if cut else None

    def tail(self) -> bytes:
        """The line after those given out, as far as it was read; it has no newline yet."""
        return self._rest

    def next_line_grew(self) -> bool:
        """Whether the line that comes next may have its newline by now."""
        return not self._damaged and self.size > self.position

    def is_at(self, path: Path) -> bool:
        """Whether a path leads to this very file.

        Raises:
            OSError: nothing is there.
        """
        return self._source.is_at(path)

    def close(self) -> None:
        """Close the file. Calling it again does nothing."""
        self._close()

    def _fill(self) -> str:
        """Read until there are enough lines for a block, or no more. Why there will never be more; empty usually."""
        parts, held = [self._rest], len(self._rest)
        whole = b"\n" in self._rest
        problem = ""
        while not self._damaged and (held < BLOCK or (not whole and held <= MAX_LINE)):
            try:
                data = self._source.read_some(BLOCK)
            except self._source.damage as error:
                self._damaged = True
                problem = f"the compressed data is damaged from here on: {error}"
                break
            if not data:
                break
            if self._skipping:
                data = self._past_the_line(data)
            whole = whole or b"\n" in data
            parts.append(data)
            held += len(data)
        self._rest = b"".join(parts)
        return problem

    def _past_the_line(self, data: bytes) -> bytes:
        cut = data.find(b"\n") + 1
        self._skipping = not cut
        self._start += cut or len(data)
        return data[cut:] if cut else b""

    def _given(self, length: int, data: bytes, problem: str = "") -> Block:
        block = Block(self._start, data, problem)
        self._start += length
        return block


Blocks = PlainBlocks | PackedBlocks


def open_blocks(path: Path) -> Blocks:
    """A recording to read, compressed when its name says so.

    Raises:
        OSError: it cannot be opened.
        NeedsZstandard: it is compressed, and the extra `zstd` is not installed.
    """
    return PackedBlocks(path) if path.suffix == COMPRESSED else PlainBlocks(path)
