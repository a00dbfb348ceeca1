"""The files behind recordings: plain, or compressed with Zstandard when their name ends with `.zst`."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import IO, Any, Protocol, cast

from cosmo_bus.errors import BusError

COMPRESSED = ".zst"
"""The ending of a compressed recording."""

_BUFFER = 1 << 18

_PIECE = 4096
"""Bytes decompressed at once: few, because each may stand for tens of thousands."""


class NeedsZstandard(BusError, ImportError):
    """A compressed recording, and the package that reads and writes them is not installed."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is compressed: pip install 'cosmo-doppler[zstd]'")


class Sink(Protocol):
    """What a recording is written to."""

    def write(self, data: bytes, /) -> int:
        """Take bytes; they may wait for `flush`."""
        ...

    def flush(self) -> None:
        """Hand everything to the operating system, in a form that can be read if nothing follows."""
        ...

    def close(self) -> None:
        """Flush and close."""
        ...


class _CompressedSink:
    """Each flush ends a block, so that what was flushed can be read after a crash."""

    def __init__(self, file: IO[bytes], zstandard: Any) -> None:
        self._file = file
        self._end_of_block: int = zstandard.FLUSH_BLOCK
        self._writer = zstandard.ZstdCompressor().stream_writer(file, closefd=False)

    def write(self, data: bytes) -> int:
        return cast(int, self._writer.write(data))

    def flush(self) -> None:
        self._writer.flush(self._end_of_block)
        self._file.flush()

    def close(self) -> None:
        if not self._file.closed:
            self._writer.close()
            self._file.close()


def open_to_write(path: Path) -> Sink:
    """Open a recording to append to it.

    Raises:
        OSError: it cannot be opened, or is compressed and holds something: that could not be gone on with.
        NeedsZstandard: it is to be compressed, and the extra `zstd` is not installed.
    """
    if path.suffix != COMPRESSED:
        return path.open("ab", buffering=_BUFFER)
    zstandard = _zstandard(path)
    file = path.open("ab", buffering=_BUFFER)
    if file.tell():
        file.close()
        raise FileExistsError(17, "a compressed recording cannot be appended to", str(path))
    return _CompressedSink(file, zstandard)


class _Unpacked(io.RawIOBase):
    """What a compressed file holds so far. Unlike zstandard's own reader it goes on after the end when the file grows."""

    def __init__(self, file: IO[bytes], zstandard: Any) -> None:
        self._file = file
        self._decompressor = zstandard.ZstdDecompressor().decompressobj(read_across_frames=True)
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            piece = self._file.read(_PIECE)
            if not piece:
                return 0
            self._ready = memoryview(self._decompressor.decompress(piece))
        given = self._ready[: len(buffer)]
        buffer[: len(given)] = given
        self._ready = self._ready[len(given) :]
        return len(given)


class Source:
    """A recording to read, and how far into the file that is.

    Raises:
        OSError: it cannot be opened.
        NeedsZstandard: it is compressed, and the extra `zstd` is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._damage: tuple[type[Exception], ...] = ()
        if path.suffix != COMPRESSED:
            self._file: IO[bytes] = path.open("rb", buffering=_BUFFER)
            self._lines: IO[bytes] = self._file
            return
        zstandard = _zstandard(path)
        self._damage = (zstandard.ZstdError,)
        self._file = path.open("rb", buffering=_BUFFER)
        self._lines = cast(IO[bytes], io.BufferedReader(_Unpacked(self._file, zstandard), _BUFFER))

    @property
    def damage(self) -> tuple[type[Exception], ...]:
        """What `readline` raises when the compressed data is damaged."""
        return self._damage

    @property
    def position(self) -> int:
        """Bytes of the file read so far."""
        return 0 if self._file.closed else self._file.tell()

    def readline(self, limit: int) -> bytes:
        """The next line, or `limit` bytes of it."""
        return self._lines.readline(limit)

    def read_some(self, limit: int) -> bytes:
        """Up to `limit` bytes more, as many as come at once; none at the end, for now: the file may grow."""
        return cast(io.BufferedReader, self._lines).read1(limit)

    @property
    def size(self) -> int:
        """Bytes of the file now."""
        return os.fstat(self._file.fileno()).st_size

    def is_at(self, path: Path) -> bool:
        """Whether a path leads to this very file.

        Raises:
            OSError: nothing is there.
        """
        return os.path.samestat(os.fstat(self._file.fileno()), path.stat())

    def close(self) -> None:
        """Close the file."""
        self._lines.close()
        self._file.close()


def _zstandard(path: Path) -> Any:
    try:
        import zstandard
    except ImportError:
        raise NeedsZstandard(path) from None
    return zstandard
