"""Streams of records, taken apart as their bytes come: server-sent events, and JSON by the line. No I/O."""

from __future__ import annotations

from typing import Protocol

LINE_LIMIT = 8 << 20
"""Bytes of one line."""


class LineTooLong(ValueError):
    """A line without an end."""


class Lines:
    """Cuts bytes into lines. Where chunks begin and end does not matter, be it within a character."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that are complete with this chunk, without their ends.

        Raises:
            LineTooLong: a line exceeds the limit.
        """
        self._rest += chunk
        if b"\n" not in chunk:
            if len(self._rest) > LINE_LIMIT:
                raise LineTooLong(f"a line of more than {LINE_LIMIT} bytes")
            return []
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        return [line.removesuffix(b"\r") for line in lines]

    def end(self) -> list[bytes]:
        """What is left when no more comes."""
        rest, self._rest = bytes(self._rest), bytearray()
        return [rest] if rest else []


class Format(Protocol):
    """Makes records of lines."""

    def line(self, line: bytes) -> bytes | None:
        """The record that is complete with this line, or None."""
        ...

    def end(self) -> bytes | None:
        """The record that the end completes, or None."""
        ...


class ServerSentEvents:
    """The data of each event. Names of events are left out: those who give them repeat them in the data."""

    def __init__(self) -> None:
        self._data: list[bytes] = []

    def line(self, line: bytes) -> bytes | None:
        """A line: `data:`, the empty one that ends an event, or something nobody here needs."""
        if not line:
            return self.end()
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" "))
        return None

    def end(self) -> bytes | None:
        """What there is of the last event."""
        data, self._data = self._data, []
        return b"\n".join(data) or None


class JsonLines:
    """One record a line."""

    def line(self, line: bytes) -> bytes | None:
        """A record, unless it is blank."""
        return line.strip() or None

    def end(self) -> bytes | None:
        """Nothing: a line is whole or none."""
        return None
