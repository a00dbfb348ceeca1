"""What other programs of the person's choice show: an escaped copy of a payload, while the screen steps aside."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from cosmo_doppler.errors import OutsideError
from cosmo_doppler.model.document import read_part
from cosmo_sdk.header import read_header

DEFAULT_PAGER = "less"
"""When neither PAGER nor EDITOR is set."""


def show_outside(app: App[Any], frame: bytes) -> None:
    """Open the payload of a signal, or a whole frame that is none, in `$PAGER`, else in `$EDITOR`.

    The file is readable by its owner only and goes when the program ends.

    Args:
        app: whose screen steps aside meanwhile.
        frame: as it arrived.

    Raises:
        OutsideError: there is no terminal to give away, or no such program.
    """
    command = shlex.split(os.environ.get("PAGER") or os.environ.get("EDITOR") or DEFAULT_PAGER)
    with tempfile.TemporaryDirectory(prefix="doppler-") as directory:
        path = Path(directory) / "payload.json"
        path.write_text(escaped(frame), encoding="ascii")
        try:
            with app.suspend():
                subprocess.run([*command, str(path)], check=False)
        except SuspendNotSupported:
            raise OutsideError("There is no terminal here that could be given to another program") from None
        except OSError as error:
            raise OutsideError(f"Cannot start {command[0]}: {error.strerror}; set PAGER or EDITOR") from None


def escaped(frame: bytes) -> str:
    """The payload laid out as JSON in ASCII: no terminal can be harmed by it, and every reader takes it for the same."""
    header = read_header(frame)
    raw = bytes(header.payload) if header.type else frame
    part = read_part(raw, len(raw))
    if part.text:
        return (
            "".join(
                [
                    glyph if glyph == "\n" or " " <= glyph <= "~" else json.dumps(glyph)[1:-1]
                    for glyph in part.text
                ]
            )
            + "\n"
        )
    return json.dumps(part.value, indent=2) + "\n"
