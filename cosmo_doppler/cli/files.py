"""Recordings that commands write."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cosmo_bus.recording import RecordingWriter
from cosmo_doppler.cli.exits import CommandError

FLUSH_S = 0.2
"""How long a signal may wait before it is on disk, seconds."""


def new_recording(path: Path, *, force: bool = False) -> RecordingWriter:
    """Open a recording that does not exist yet.

    Args:
        path: where.
        force: replace a file that exists.

    Raises:
        CommandError: it exists and `force` is off, or it cannot be written.
    """
    refuse_existing(path, force=force)
    try:
        if force:
            path.unlink(missing_ok=True)
        return RecordingWriter(path)
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror or error}", "name another file") from None


def refuse_existing(path: Path, *, force: bool = False) -> None:
    """Protect what was recorded before.

    Raises:
        CommandError: the file exists and holds something, and `force` is off.
    """
    if not force and path.exists() and path.stat().st_size > 0:
        raise CommandError(
            f"{path} exists", "name another file, or use --force where there is one to replace it"
        )


async def keep_flushed(writer: RecordingWriter) -> None:
    """Put on disk what was written, again and again, until cancelled."""
    while True:
        await asyncio.sleep(FLUSH_S)
        writer.flush()
