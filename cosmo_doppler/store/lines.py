"""A recording as blocks of whole lines, each with its place in the file."""

from __future__ import annotations

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
            wanted *= 4
        if not cut:
            return None
        block = Block(self.position, data if cut == len(data) else data[:cut])
        self.position += cut
        return block

    def next_line_ended(self) -> bool:
        """Whether the line that comes next has its newline by now."""
        return b"\n" in self.file.read(self.position, MAX_LINE)

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
    """The lines of a compressed file. They can be read once, so whoever wants them again keeps them.

    Raises:
        OSError: it cannot be opened.
        NeedsZstandard: the extra `zstd` is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._source = Source(path)
        self._path = path
        self._rest = b""
        self._start = 0
        self._ended = False
        self._skipping = False
        """What comes is the rest of a line that is too long."""

    @property
    def position(self) -> int:
        """Bytes of the file read."""
        return self.size if self._ended else self._source.position

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._path.stat().st_size

    def next(self, *, torn: bool) -> Block | None:
        """The lines that follow; None when there are none.

        Args:
            torn: also give out a last line without newline.

        Raises:
            OSError: the file cannot be read.
        """
        parts, held = [self._rest], len(self._rest)
        while not self._ended:
            try:
                data = self._source.read(BLOCK)
            except self._source.damage as error:
                self._end()
                self._rest = b""
                lines = b"".join(parts)
                return self._damaged(lines[: lines.rfind(b"\n") + 1], error)
            if not data:
                self._end()
            if self._skipping:
                data = self._past_the_line(data)
            parts.append(data)
            held += len(data)
            if b"\n" in data or held > MAX_LINE:
                break
        lines = b"".join(parts)
        cut = lines.rfind(b"\n") + 1
        if held > MAX_LINE and not cut:
            self._rest, self._skipping = b"", True
            return self._given(len(lines), b"", f"longer than {MAX_LINE >> 20} MiB")
        if self._ended and torn:
            cut = len(lines)
        self._rest = lines[cut:]
        return self._given(cut, lines[:cut]) if cut else None

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def _end(self) -> None:
        self._ended = True
        self._source.close()

    def _past_the_line(self, data: bytes) -> bytes:
        cut = data.find(b"\n") + 1
        self._skipping = not cut
        self._start += cut or len(data)
        return data[cut:] if cut else b""

    def _given(self, length: int, data: bytes, problem: str = "") -> Block:
        block = Block(self._start, data, problem)
        self._start += length
        return block

    def _damaged(self, lines: bytes, error: Exception) -> Block:
        return self._given(len(lines), lines, f"the compressed data is damaged from here on: {error}")


Blocks = PlainBlocks | PackedBlocks


def open_blocks(path: Path) -> Blocks:
    """A recording to read, compressed when its name says so.

    Raises:
        OSError: it cannot be opened.
        NeedsZstandard: it is compressed, and the extra `zstd` is not installed.
    """
    return PackedBlocks(path) if path.suffix == COMPRESSED else PlainBlocks(path)
