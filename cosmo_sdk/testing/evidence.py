"""What a failing test leaves behind: a recording of everything that crossed its bus."""

from __future__ import annotations

import re
import threading
import time
from hashlib import blake2b
from pathlib import Path

from cosmo_bus.recording import RecordingWriter

_LONGEST = 150


class Evidence:
    """Writes frames to a file of the test's own. Safe to call from any thread.

    The file appears with the first frame, and every frame is on its way to the disk before the next: a test that
    takes its process down leaves its evidence all the same.

    Args:
        directory: made when there is something to write.
        test: the test's id, which names the file.
    """

    def __init__(self, directory: Path, test: str) -> None:
        self.path = directory / f"{file_name(test)}.ndjson"
        """Where the frames go."""
        self.frames = 0
        """Frames written."""
        self._writer: RecordingWriter | None = None
        self._closed = False
        self._lock = threading.Lock()
        # What an earlier run left says nothing about this one.
        self.path.unlink(missing_ok=True)

    def note(self, subject: str, frame: bytes) -> None:
        """Write one frame. Nothing after `close`."""
        with self._lock:
            if self._closed:
                return
            if self._writer is None:
                _prepare(self.path.parent)
                self._writer = RecordingWriter(self.path)
            self._writer.write(time.time(), subject, frame)
            self._writer.flush()
            self.frames += 1

    def close(self, *, keep: bool) -> None:
        """Write no more, and keep the file or not. Calling it again does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._writer is not None:
                self._writer.close()
                if not keep:
                    self.path.unlink(missing_ok=True)


def file_name(test: str) -> str:
    """A readable file name for a test id, different for different tests.

    `tests/test_market.py::test_bids[ann]` becomes `tests.test_market.py--test_bids[ann]`.
    """
    plain = test.replace("::", "--").replace("/", ".").replace("\\", ".")
    safe = re.sub(r"[^A-Za-z0-9._\[\]=,+-]", "_", plain)[:_LONGEST].lstrip(".")
    if safe == plain:
        return safe
    return f"{safe}-{blake2b(test.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"


def _prepare(directory: Path) -> None:
    if not directory.exists():
        directory.mkdir(parents=True, exist_ok=True)
        # Recordings are for looking at, not for committing.
        (directory / ".gitignore").write_text("*\n", encoding="utf-8")
