"""What a child process writes to its standard error: logged, and the end of it kept for when it dies."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import deque
from typing import TextIO

logger = logging.getLogger("cosmo_sdk.neurons")


class LastWords:
    """The reading end of a child's standard error, on a thread that keeps no process alive.

    Args:
        name: of the child, for the log.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lines: deque[str] = deque(maxlen=20)
        reading, writing = os.pipe()
        self.writing: TextIO = os.fdopen(writing, "w")
        """For the child; our own end is to be closed once it is started."""
        self._thread = threading.Thread(
            target=self._read, args=(reading,), name=f"{name} stderr", daemon=True
        )
        self._thread.start()

    def _read(self, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                text = line.rstrip()
                if text:
                    self._lines.append(text)
                    logger.info("%s: %s", self._name, text)

    async def last(self) -> str:
        """The last line, once the child is gone; `""` when it said nothing."""
        await asyncio.to_thread(self._thread.join, 0.5)
        return self._lines[-1] if self._lines else ""
