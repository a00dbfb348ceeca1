"""The recording format: one JSON object per line, each the frame as it arrived (`.ndjson`).

A line is the envelope with `"rx"` (receive time, RFC 3339) and `"subject"` spliced in front of its own keys, its own
bytes untouched. So a recording is input for any tool that reads envelopes. What is no JSON object is kept as
`{"rx":...,"subject":...,"raw":"..."}`. Reading also takes bare envelopes and the `msg` lines of the bus.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

import msgspec

MAX_LINE = 64 << 20
"""Longest line read, bytes; a longer one is skipped and reported."""

_BOM = b"\xef\xbb\xbf"
_encode = msgspec.json.Encoder().encode


class RecordedLine(NamedTuple):
    """One line of a recording."""

    number: int
    """Counted from 1."""
    at: float | None
    """Receive time, epoch seconds, where the line says it."""
    subject: str | None
    """The subject, where the line says it."""
    frame: bytes
    """The envelope, or what stood in its place; empty when the line is no frame."""
    problem: str
    """Why the line was skipped; empty for a good one."""


class _Spliced(msgspec.Struct):
    """The keys of a line that are ours or the bus's; everything else belongs to the envelope."""

    rx: str | None = None
    subject: str | None = None
    raw: str | None = None
    op: str | None = None
    frame: str | None = None
    type: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_read_spliced = msgspec.json.Decoder(_Spliced)
_read_any = msgspec.json.Decoder()


def record_line(at: float, subject: str, frame: bytes) -> bytes:
    """The line for one frame, newline included.

    Args:
        at: receive time, epoch seconds.
        subject: what it was published on.
        frame: as it arrived.
    """
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    lead = b'{"rx":"%b","subject":%b' % (moment.encode(), _encode(subject))
    body = frame.strip()
    if _is_object(body) and b"\n" not in body and b"\r" not in body:
        rest = body[1:].lstrip()
        return lead + (b"}" if rest == b"}" else b"," + rest) + b"\n"
    return lead + b',"raw":' + _encode(frame.decode("utf-8", "backslashreplace")) + b"}\n"


def _is_object(body: bytes) -> bool:
    if body[:1] != b"{":
        return False
    try:
        return isinstance(_read_any.decode(body), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


class RecordingWriter:
    """Appends frames to a file. Its owner calls `flush()` at least every 200 ms, and `close()` at the end.

    Raises:
        OSError: the file cannot be opened for appending.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        """Frames written since it was opened."""
        self.bytes_written = 0
        self._file: IO[bytes] = path.open("ab", buffering=1 << 18)
        if self._file.tell() and not _ends_with_newline(path):
            # A recording cut short by a crash: what follows must not be glued to its torn line.
            self._file.write(b"\n")

    def write(self, at: float, subject: str, frame: bytes) -> None:
        """Append one frame. Buffered until `flush()`."""
        line = record_line(at, subject, frame)
        self._file.write(line)
        self.lines += 1
        self.bytes_written += len(line)

    def flush(self) -> None:
        """Hand everything to the operating system: a crash of this process loses nothing before."""
        self._file.flush()

    def close(self) -> None:
        """Flush and close. Calling it again does nothing."""
        self._file.close()


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"


def read_recording(path: Path) -> Iterator[RecordedLine]:
    """Read a recording line by line. What a line holds never raises: `problem` says why it was skipped.

    Raises:
        OSError: the file cannot be opened or read.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE):
            number += 1
            if not line.endswith(b"\n") and len(line) >= MAX_LINE:
                while (more := file.readline(MAX_LINE)) and not more.endswith(b"\n"):
                    pass
                yield RecordedLine(number, None, None, b"", f"longer than {MAX_LINE >> 20} MiB")
                continue
            if number == 1:
                line = line.removeprefix(_BOM)
            if line.strip():
                yield read_line(number, line)


def read_line(number: int, line: bytes) -> RecordedLine:
    """Read one line, whichever of the accepted shapes it has."""
    torn = "" if line.endswith(b"\n") else " (the last line, cut short)"
    try:
        spliced = _read_spliced.decode(line)
    except msgspec.ValidationError:
        spliced = _Spliced(type=msgspec.Raw(b"0"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return RecordedLine(number, None, None, b"", f"not JSON{torn}: {error}")
    at = _epoch(spliced.rx)
    if spliced.op == "msg" and spliced.frame is not None:
        return RecordedLine(number, at, spliced.subject, spliced.frame.encode("utf-8", "replace"), "")
    if spliced.raw is not None and spliced.rx is not None:
        return RecordedLine(number, at, spliced.subject, spliced.raw.encode("utf-8", "replace"), "")
    frame = line.strip()
    if frame[:1] != b"{":
        return RecordedLine(number, None, None, b"", "JSON, but not an object")
    if spliced.type is msgspec.UNSET and at is None:
        return RecordedLine(number, None, None, b"", "an object without a signal type")
    return RecordedLine(number, at, spliced.subject, _without_lead(frame) if at is not None else frame, "")


def _without_lead(frame: bytes) -> bytes:
    """The envelope's own bytes, when the line starts with exactly what `record_line` puts there."""
    if not frame.startswith(b'{"rx":"'):
        return frame
    comma = frame.find(b'","subject":"')
    end = comma + 13
    while comma >= 0:
        end = frame.find(b'"', end)
        if end < 0:
            return frame
        backslashes = len(frame[:end]) - len(frame[:end].rstrip(b"\\"))
        if backslashes % 2 == 0:
            break
        end += 1
    if comma < 0 or frame[end + 1 : end + 2] not in (b",", b"}"):
        return frame
    return b"{" + frame[end + 1 :].removeprefix(b",")


def _epoch(rx: str | None) -> float | None:
    if rx is None:
        return None
    try:
        moment = datetime.fromisoformat(rx)
    except ValueError:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
