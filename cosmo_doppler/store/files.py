"""A file that is read at any place, and closed when nobody holds it any more."""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path
from typing import Self


class RandomFile:
    """Reads and writes at given places, from any thread.

    Args:
        descriptor: of an open file; owned from now on.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        # Sessions are dropped without ceremony by whoever only wanted a picture: the file goes with them.
        self._close = weakref.finalize(self, os.close, descriptor)

    @classmethod
    def open(cls, path: Path) -> Self:
        """A file to read.

        Raises:
            OSError: it cannot be opened.
        """
        return cls(os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)))

    @classmethod
    def nameless(cls) -> Self:
        """A new file to write and read that is gone with the process, however that ends.

        Raises:
            OSError: there is no place for it.
        """
        descriptor, name = tempfile.mkstemp(prefix="cosmo-doppler-")
        Path(name).unlink()
        return cls(descriptor)

    @property
    def size(self) -> int:
        """Bytes it has now."""
        return os.fstat(self._descriptor).st_size

    def is_at(self, path: Path) -> bool:
        """Whether a path leads to this very file.

        Raises:
            OSError: nothing is there.
        """
        return os.path.samestat(os.fstat(self._descriptor), path.stat())

    def read(self, start: int, length: int) -> bytes:
        """The bytes there; fewer when the file ends before.

        Raises:
            OSError: it cannot be read.
        """
        return os.pread(self._descriptor, length, start)

    def write(self, start: int, data: memoryview) -> int:
        """Put bytes there. Returns how many it took.

        Raises:
            OSError: it takes none.
        """
        return os.pwrite(self._descriptor, data, start)

    def close(self) -> None:
        """Close it. Calling it again does nothing."""
        self._close()
