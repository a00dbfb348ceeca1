"""The recording format: one JSON object per line, each the frame as it arrived (`.ndjson`).

A line is the envelope with `"rx"` (receive time, RFC 3339) and `"subject"` spliced in front of its own keys, its own
bytes untouched. So a recording is input for any tool that reads envelopes. What is no JSON object is kept as
`{"rx":...,"subject":...,"raw":"..."}`. Reading also takes bare envelopes and the `msg` lines of the bus.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from cosmo_bus.journal import note
from cosmo_bus.recording_files import COMPRESSED, Source, open_to_write

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


class _Foreign(msgspec.Struct):
    """The keys that tell what a line we did not write is."""

    rx: str | None = None
    subject: str | None = None
    op: str | None = None
    frame: str | None = None
    type: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    trace_id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


# What `record_line` puts in front. Read as bytes, because the envelope behind it may use the same keys.
_LEAD = re.compile(rb'\{"rx":"([0-9T:.Z+-]{10,40})","subject":("(?:[^"\\]|\\.)*")(,"raw":|,|(?=\}))')

_read_foreign = msgspec.json.Decoder(_Foreign)
_read_text = msgspec.json.Decoder(str)
_read_any = msgspec.json.Decoder()
_skim = msgspec.json.Decoder(msgspec.Raw)


def record_line(at: float, subject: str, frame: bytes) -> bytes:
    """The line for one frame, newline included.

    Args:
        at: receive time, epoch seconds.
        subject: what it was published on.
        frame: as it arrived.
    """
    lead = _lead(at) + _encode(subject)
    body = frame.strip()
    if _is_object(body) and b"\n" not in body and b"\r" not in body:
        rest = body[1:].lstrip()
        # An envelope that begins like a raw line must not be taken for one.
        if not rest.startswith(b'"raw"'):
            return lead + (b"" if rest == b"}" else b",") + rest + b"\n"
    return lead + b',"raw":' + _encode(frame.decode("utf-8", "backslashreplace")) + b"}\n"


def record_lines(at: float, subjects: Sequence[str], lines: bytes) -> bytes:
    """The lines for many frames of one moment, as `record_line` makes each, at a fraction of the cost.

    Args:
        at: receive time, epoch seconds.
        subjects: what each was published on.
        lines: the frames, with a newline behind each and none within. They are known to be JSON objects in UTF-8.
    """
    lead = _lead(at)
    leads = {subject: b"%b%b," % (lead, _encode(subject)) for subject in set(subjects)}
    frames = lines.split(b"\n")
    del frames[-1]
    if b"\r" in lines or b'{"raw"' in lines or {frame[:2] for frame in frames} - {b'{"'}:
        return b"".join(map(record_line, repeat(at), subjects, frames))
    return b"".join(
        [leads[subject] + frame[1:].rstrip() + b"\n" for subject, frame in zip(subjects, frames, strict=True)]
    )


def _lead(at: float) -> bytes:
    """How the lines of one moment begin."""
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")[:26]
    return b'{"rx":"%bZ","subject":' % moment.encode()


def _is_object(body: bytes) -> bool:
    if body[:1] != b"{":
        return False
    try:
        _skim.decode(body)
        # What is skimmed is not decoded: whether its texts are UTF-8 is another question.
        return body.isascii() or bool(body.decode())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


class RecordingWriter:
    """Appends frames to a file. Its owner calls `flush()` at least every 200 ms, and `close()` at the end.

    Args:
        path: the file; compressed when its name ends with `.zst`.
        rotate_bytes: go on in another file, `name.001.ndjson` and so on, once this much was written to one.

    Raises:
        OSError: the file cannot be opened for appending.
        NeedsZstandard: it is to be compressed, and the extra `zstd` is not installed.
    """

    def __init__(self, path: Path, *, rotate_bytes: int | None = None) -> None:
        self.path = path
        """The file written now."""
        self.lines = 0
        """Frames written since it was opened, over all files."""
        self.bytes_written = 0
        """Bytes written since it was opened, over all files, before compression."""
        self._first = path
        self._rotate_bytes = rotate_bytes
        self._files = 1
        self._in_file = 0
        cut_short = path.suffix != COMPRESSED and path.is_file() and not _ends_with_newline(path)
        self._file = open_to_write(path)
        if cut_short:
            # A recording cut short by a crash: what follows must not be glued to its torn line.
            self._file.write(b"\n")

    def write(self, at: float, subject: str, frame: bytes) -> None:
        """Append one frame. Buffered until `flush()`.

        Args:
            at: when it arrived, epoch seconds.
            subject: what it was published on.
            frame: as it arrived; text that is no JSON object is kept as it is.

        Raises:
            OSError: the disk takes no more.
        """
        self._append(record_line(at, subject, frame), 1)

    def write_lines(self, at: float, subjects: Sequence[str], lines: bytes) -> None:
        """Append many frames of one moment, as `record_lines` says; they go into one file together.

        Raises:
            OSError: the disk takes no more.
        """
        self._append(record_lines(at, subjects, lines), len(subjects))

    def _append(self, data: bytes, lines: int) -> None:
        if (
            self._rotate_bytes is not None
            and self._in_file
            and self._in_file + len(data) > self._rotate_bytes
        ):
            self._rotate()
        self._file.write(data)
        self.lines += lines
        self.bytes_written += len(data)
        self._in_file += len(data)

    def flush(self) -> None:
        """Hand everything to the operating system: a crash of this process loses nothing before."""
        self._file.flush()

    def close(self) -> None:
        """Flush and close. Calling it again does nothing."""
        self._file.close()

    def _rotate(self) -> None:
        """Go on in the next file whose name is free: an older recording is nobody's to overwrite."""
        self._file.close()
        while True:
            path = numbered(self._first, self._files)
            self._files += 1
            if not path.exists():
                break
        self._file, self.path, self._in_file = open_to_write(path), path, 0
        note("recording_rotated", path=str(path), lines=self.lines, bytes=self.bytes_written)


def numbered(path: Path, number: int) -> Path:
    """The name of a further file of a recording: `session.001.ndjson` after `session.ndjson`."""
    endings = "".join(path.suffixes[-2:] if path.suffix == COMPRESSED else path.suffixes[-1:])
    return path.with_name(f"{path.name.removesuffix(endings)}.{number:03d}{endings}")


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            return True
        file.seek(-1, 2)
        return file.read(1) == b"\n"


class RecordingReader:
    """Reads a recording line by line. What a line holds never raises: `problem` says why it was skipped.

    Args:
        path: the file; compressed when its name ends with `.zst`.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._source: Source | None = None

    @property
    def position(self) -> int:
        """Bytes of the file read so far."""
        return 0 if self._source is None else self._source.position

    def __iter__(self) -> Iterator[RecordedLine]:
        """Every line that is not empty, from the beginning.

        Raises:
            OSError: the file cannot be opened or read.
            NeedsZstandard: it is compressed, and the extra `zstd` is not installed.
        """
        number = 0
        self._source = source = Source(self._path)
        try:
            while line := source.readline(MAX_LINE):
                number += 1
                if not line.endswith(b"\n") and len(line) >= MAX_LINE:
                    while (more := source.readline(MAX_LINE)) and not more.endswith(b"\n"):
                        pass
                    yield RecordedLine(number, None, None, b"", f"longer than {MAX_LINE >> 20} MiB")
                    continue
                if number == 1:
                    line = line.removeprefix(_BOM)
                if line.strip():
                    yield read_line(number, line)
        except source.damage as error:
            yield RecordedLine(
                number + 1, None, None, b"", f"the compressed data is damaged from here on: {error}"
            )
        finally:
            source.close()


def read_recording(path: Path) -> Iterator[RecordedLine]:
    """Read a recording line by line; see `RecordingReader`."""
    return iter(RecordingReader(path))


def read_line(number: int, line: bytes) -> RecordedLine:
    """Read one line, whichever of the accepted shapes it has."""
    body = line.strip()
    try:
        ours = _LEAD.match(body)
        return _read_own(number, body, ours) if ours is not None else _read_other(number, body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if (odd := _read_odd(number, body)) is not None:
            return odd
        torn = "" if line.endswith(b"\n") else " (the last line, cut short)"
        reason = str(error).removeprefix("JSON is malformed: ")
        return RecordedLine(number, None, None, b"", f"not JSON{torn}: {reason}")


def _read_odd(number: int, body: bytes) -> RecordedLine | None:
    """A line that is JSON to released peers: with NaN, or half a surrogate pair. None when it is none to anybody."""
    try:
        told = json.loads(body.decode())
    except (ValueError, RecursionError):
        return None
    lead = _LEAD.match(body)
    if lead is not None and not lead[3].endswith(b":"):
        at, subject = _epoch(lead[1].decode()), _clean(json.loads(lead[2]))
        return RecordedLine(number, at, subject, b"{" + body[lead.end() :], "")
    if not isinstance(told, dict):
        return None
    rx, subject, frame = told.get("rx"), told.get("subject"), told.get("frame")
    at, subject = _epoch(rx) if isinstance(rx, str) else None, _clean(subject)
    if told.get("op") == "msg" and isinstance(frame, str):
        return RecordedLine(number, at, subject, frame.encode("utf-8", "replace"), "")
    if "type" not in told or not ("id" in told or "trace_id" in told):
        return None
    return RecordedLine(number, at, subject, body, "")


def _clean(subject: Any) -> str | None:
    """A subject that can be written down, or None."""
    return subject.encode("utf-8", "replace").decode() if isinstance(subject, str) else None


def _read_own(number: int, body: bytes, lead: re.Match[bytes]) -> RecordedLine:
    at, subject, rest = _epoch(lead[1].decode()), _read_text.decode(lead[2]), body[lead.end() :]
    if lead[3].endswith(b":"):
        return RecordedLine(number, at, subject, _read_text.decode(rest[:-1]).encode("utf-8", "replace"), "")
    _skim.decode(body)
    return RecordedLine(number, at, subject, b"{" + rest, "")


def _read_other(number: int, body: bytes) -> RecordedLine:
    """A bare envelope, as the peers' own tools write it, or a `msg` line of the bus."""
    try:
        told = _read_foreign.decode(body)
    except msgspec.ValidationError:
        if not isinstance(_read_any.decode(body), dict):
            return RecordedLine(number, None, None, b"", "JSON, but not an object")
        # An envelope with odd values under one of our keys. Whoever folds it says what is wrong.
        return RecordedLine(number, None, None, body, "")
    if told.op == "msg" and told.frame is not None:
        frame = told.frame.encode("utf-8", "replace")
        return RecordedLine(number, _epoch(told.rx), told.subject, frame, "")
    if told.type is msgspec.UNSET or (told.id is msgspec.UNSET and told.trace_id is msgspec.UNSET):
        return RecordedLine(number, None, None, b"", "an object that is no signal")
    return RecordedLine(number, _epoch(told.rx), told.subject, body, "")


def _epoch(rx: str | None) -> float | None:
    if rx is None:
        return None
    try:
        moment = datetime.fromisoformat(rx)
    except ValueError:
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
