"""What other programs of the person's choice show or change, while the screen steps aside."""

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


DEFAULT_EDITOR = "vi"
"""When neither VISUAL nor EDITOR is set."""

LARGEST_EDITED = 1 << 20
"""Bytes of a text that is taken back from an editor."""


def show_outside(app: App[Any], frame: bytes) -> None:
    """Open the payload of a signal, or a whole frame that is none, in `$PAGER`, else in `$EDITOR`.

    The file is readable by its owner only and goes when the program ends.

    Args:
        app: whose screen steps aside meanwhile.
        frame: as it arrived.

    Raises:
        OutsideError: there is no terminal to give away, or no such program.
    """
    program = os.environ.get("PAGER") or os.environ.get("EDITOR") or DEFAULT_PAGER
    with tempfile.TemporaryDirectory(prefix="doppler-") as directory:
        path = Path(directory) / "payload.json"
        path.write_text(escaped(frame), encoding="ascii")
        _run(app, program, path, "PAGER or EDITOR")


def edit_outside(app: App[Any], text: str, *, name: str = "answer.json") -> str:
    """Let a person change a text in `$VISUAL`, else in `$EDITOR`. Returns it without the line breaks at its end.

    The file is readable by its owner only and goes when the program ends.

    Args:
        app: whose screen steps aside meanwhile.
        text: what is there at first.
        name: of the file; editors tell by its end what it holds.

    Raises:
        OutsideError: there is no terminal to give away, no such program, or what it left is too large or no text.
    """
    program = os.environ.get("VISUAL") or os.environ.get("EDITOR") or DEFAULT_EDITOR
    with tempfile.TemporaryDirectory(prefix="doppler-") as directory:
        path = Path(directory) / name
        path.write_text(text + "\n", encoding="utf-8")
        _run(app, program, path, "VISUAL or EDITOR")
        try:
            if path.stat().st_size > LARGEST_EDITED:
                raise OutsideError(
                    f"The edited text is larger than {LARGEST_EDITED >> 20} MiB; nothing changed"
                )
            return path.read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise OutsideError(f"The edited text cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise OutsideError("The edited text is not UTF-8; nothing changed") from None


def _run(app: App[Any], program: str, path: Path, variables: str) -> None:
    """Run a program on a file, on the terminal.

    Raises:
        OutsideError: there is no terminal to give away, or no such program.
    """
    try:
        command = shlex.split(program)
    except ValueError:
        command = []
    if not command:
        raise OutsideError(f"{program!r} is no command; set {variables}")
    try:
        with app.suspend():
            subprocess.run([*command, str(path)], check=False)
    except SuspendNotSupported:
        raise OutsideError("There is no terminal here that could be given to another program") from None
    except OSError as error:
        raise OutsideError(f"Cannot start {command[0]}: {error.strerror}; set {variables}") from None


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
