"""Why something cannot be opened as a recording, and what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

from cosmo_bus.recording_files import COMPRESSED
from cosmo_doppler.errors import RecordingError
from cosmo_doppler.session.pipes import name_of, pipe_of

_BEGINNINGS = {
    b"\x28\xb5\x2f\xfd": f"compressed with zstd: give it a name that ends with {COMPRESSED}",
    b"\x1f\x8b": "compressed with gzip: unpack it with gunzip first",
    b"PK\x03\x04": "a zip archive: unpack it first",
    b"SQLite format 3\x00": "a SQLite database; a coordination store is opened with --store",
}
"""How files begin that are something else, and what they are."""

_LIST = re.compile(rb"\s*\[\s*\{")
_OBJECT = re.compile(rb"\s*\{\s*\n")
"""How JSON begins that is not one object a line, as other tools write it."""

_LINES = "write one signal a line: jq -c"


def refuse_misplaced(path: Path) -> None:
    """Refuse a path where there can be no recording, before anything is read.

    Raises:
        RecordingError: there is none, or nobody may look there.
    """
    try:
        reason = _misplaced(path)
    except OSError as error:
        raise RecordingError(name_of(path), f"cannot be read: {error.strerror or error}") from error
    if reason:
        raise RecordingError(path, reason)


def _misplaced(path: Path) -> str:
    if path.is_file():
        return ""
    if not path.exists():
        return "no such file; record one with: cosmo record -o FILE"
    if path.is_dir():
        return "not a file but a directory; name the recordings in it"
    if path.is_fifo():
        return "not a file but a pipe, where nobody can go back; write it to a file first"
    return "not a file; name one that `cosmo record` wrote"


def looks_like(path: Path) -> str:
    """What a file without a signal is by its first bytes; empty when they tell nothing.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    pipe = pipe_of(path)
    name = path.name if pipe is None else "FILE"
    for beginning, kind in _BEGINNINGS.items():
        if start.startswith(beginning) and pipe is not None:
            return f"{kind.partition(':')[0]}: unpack it on its way here"
        if start.startswith(beginning):
            return "" if path.suffix == COMPRESSED and COMPRESSED in kind else kind
    if path.suffix == COMPRESSED:
        return f"not compressed, though its name ends with {COMPRESSED}: leave that out"
    if _LIST.match(start):
        return f"a JSON list; {_LINES} '.[]' {name} > session.ndjson"
    return f"JSON on several lines; {_LINES} . {name} > session.ndjson" if _OBJECT.match(start) else ""
