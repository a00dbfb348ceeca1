"""Frames in memory, up to a cap: beyond it the oldest move to a file of their own, where they stay readable."""

from __future__ import annotations

from cosmo_doppler.store.files import RandomFile

DEFAULT_CAP = 512_000_000
"""Bytes of frames kept in memory when nobody says otherwise."""

PIECE = 1 << 20
"""Bytes that lie together, and move together: what a disk takes without being felt. One long array would be copied as a
whole whenever it grows beyond its room, which stops every thread for a second."""


class FrameMemory:
    """Bytes under growing addresses. Nothing is ever lost: what is not in memory is in the file.

    Args:
        cap: bytes kept in memory, but for a piece.
    """

    def __init__(self, cap: int = DEFAULT_CAP) -> None:
        self.cap = cap
        self.fault = ""
        """Why nothing moves to disk any more; everything stays in memory then."""
        self._piece = PIECE
        self._pieces = [bytearray()]
        """What is in memory; all but the last are full."""
        self._first = 0
        """Address of the first byte still in memory: what is before it is in the file."""
        self._file: RandomFile | None = None

    @property
    def size(self) -> int:
        """Bytes held, wherever they are."""
        return self._first + (len(self._pieces) - 1) * self._piece + len(self._pieces[-1])

    @property
    def moved(self) -> int:
        """How many of them are on disk."""
        return self._first

    def append(self, data: bytes) -> int:
        """Hold more bytes. Returns their address."""
        address = self.size
        room = self._piece - len(self._pieces[-1])
        if len(data) < room:
            self._pieces[-1] += data
            return address
        self._pieces[-1] += data[:room]
        for start in range(room, len(data) + 1, self._piece):
            self._pieces.append(bytearray(data[start : start + self._piece]))
        while self.size - self._first > self.cap + self._piece and not self.fault:
            self._move()
        return address

    def read(self, address: int, length: int) -> bytes:
        """The bytes at an address."""
        end = address + length
        if address >= self._first:
            return self._held(address, end)
        if self._file is None:
            return b""
        moved = self._file.read(address, min(end, self._first) - address)
        return moved if end <= self._first else moved + self._held(self._first, end)

    def close(self) -> None:
        """Give the file back. What was in it cannot be read any more."""
        if self._file is not None:
            self._file.close()

    def _held(self, address: int, end: int) -> bytes:
        """What is in memory between two addresses."""
        number, start = divmod(address - self._first, self._piece)
        stop = start + end - address
        if stop <= self._piece:
            return bytes(self._pieces[number][start:stop]) if number < len(self._pieces) else b""
        last = -(-stop // self._piece)
        return b"".join(self._pieces[number : number + last])[start:stop]

    def _move(self) -> None:
        """Put the oldest piece on disk."""
        try:
            if self._file is None:
                self._file = RandomFile.nameless()
            with memoryview(self._pieces[0]) as piece:
                written = 0
                while written < len(piece):
                    written += self._file.write(self._first + written, piece[written:])
        except OSError as error:
            self.fault = error.strerror or str(error)
            return
        del self._pieces[0]
        self._first += self._piece
