"""Recordings that commands write."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.redaction import Redaction
from cosmo_doppler.session import Recorder

FLUSH_S = 0.2
"""How long a signal may wait before it is on disk, seconds."""


def new_recording(
    path: Path, redaction: Redaction, *, force: bool = False, rotate_bytes: int | None = None
) -> Recorder:
    """Open a recording that does not exist yet.

    Args:
        path: where.
        redaction: what is taken out of everything before it is written.
        force: empty a file that exists.
        rotate_bytes: go on in another file once this much was written to one.

    Raises:
        CommandError: it exists and `force` is off.
        RecordingError: it cannot be written.
    """
    refuse_existing(path, force=force)
    if path.is_file() and path.stat().st_size:
        with suppress(OSError):
            os.truncate(path, 0)  # what the recorder cannot open it will say
    recorder = Recorder(path, rotate_bytes=rotate_bytes)
    recorder.redaction = redaction
    return recorder


def refuse_existing(path: Path, *, force: bool = False) -> None:
    """Protect what was recorded before.

    Raises:
        CommandError: the file exists and holds something, and `force` is off.
    """
    if not force and path.exists() and path.stat().st_size > 0:
        raise CommandError(
            f"{path} exists", "name another file, or use --force where there is one to replace it"
        )


async def until_fault(recorder: Recorder) -> None:
    """Put on disk what was recorded, again and again. Returns when the disk takes no more."""
    while not recorder.fault:
        await asyncio.sleep(FLUSH_S)
        recorder.pump(FLUSH_S)
