"""Frames in memory, up to a cap: beyond it the oldest move to a file of their own, where they stay readable."""

from __future__ import annotations

from cosmo_doppler.store.files import RandomFile

DEFAULT_CAP = 512_000_000
"""Bytes of frames kept in memory when nobody says otherwise."""

_MOVED = 1 << 20
"""Bytes moved at once: what a disk takes without being felt."""


class FrameMemory:
    """Bytes under growing addresses. Nothing is ever lost: what is not in memory is in the file.

    Args:
        cap: bytes kept in memory.
    """

    def __init__(self, cap: int = DEFAULT_CAP) -> None:
        self.cap = cap
        self.fault = ""
        """Why nothing moves to disk any more; everything stays in memory then."""
        self._held = bytearray()
        self._first = 0
        """Address of the first byte still in memory: what is before it is in the file."""
        self._file: RandomFile | None = None

    @property
    def size(self) -> int:
        """Bytes held, wherever they are."""
        return self._first + len(self._held)

    @property
    def moved(self) -> int:
        """How many of them are on disk."""
        return self._first

    def append(self, data: bytes) -> int:
        """Hold more bytes. Returns their address."""
        held = self._held
        address = self._first + len(held)
        held += data
        if len(held) > self.cap + _MOVED and not self.fault:
            self._move()
        return address

    def read(self, address: int, length: int) -> bytes:
        """The bytes at an address."""
        start = address - self._first
        if start >= 0:
            return bytes(self._held[start : start + length])
        if self._file is None:
            return b""
        on_disk = min(length, -start)
        data = self._file.read(address, on_disk)
        return data if on_disk == length else data + bytes(self._held[: length - on_disk])

    def close(self) -> None:
        """Give the file back. What was in it cannot be read any more."""
        if self._file is not None:
            self._file.close()

    def _move(self) -> None:
        """Put what is over the cap on disk."""
        try:
            if self._file is None:
                self._file = RandomFile.nameless()
            count = len(self._held) - self.cap
            with memoryview(self._held) as view:
                written = self._file.write(self._first, view[:count])
            # From the front this only moves a pointer.
            del self._held[:written]
            self._first += written
        except OSError as error:
            self.fault = error.strerror or str(error)
