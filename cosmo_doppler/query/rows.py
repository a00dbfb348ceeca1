"""One signal as an expression looks at it: cheap facts at once, payload and meta only when asked for."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from cosmo_doppler.store import Store
from cosmo_sdk.header import Header, read_header


class FrameRow:
    """A frame that has just come.

    Args:
        at: when it was received, epoch seconds.
        subject: what it was published on.
        frame: as it came.
        header: of it, when somebody read it already.
    """

    def __init__(self, at: float, subject: str, frame: bytes, header: Header | None = None) -> None:
        self.at = at
        self.subject = subject
        self.size = len(frame)
        self.header = read_header(frame) if header is None else header

    @property
    def type(self) -> str:
        """Its type as sent; empty when it has none."""
        return self.header.type

    @property
    def who(self) -> str:
        """The participant it names; empty when none."""
        return self.header.who

    @property
    def trace_id(self) -> str:
        """Its trace; empty when it has none."""
        return self.header.trace_id

    @cached_property
    def payload(self) -> dict[str, Any]:
        """Decoded when first asked for."""
        return self.header.read_payload()

    @cached_property
    def meta(self) -> dict[str, Any]:
        """Decoded when first asked for."""
        return self.header.read_meta()


class StoreRow:
    """A row of the store. One object serves a whole search: set `seq` and ask again.

    Args:
        columns: where the signals are.
    """

    def __init__(self, columns: Store) -> None:
        self._columns = columns
        self._seq = 0
        self._header: Header | None = None
        self._payload: dict[str, Any] | None = None
        self._meta: dict[str, Any] | None = None

    def move(self, seq: int) -> None:
        """Go to another row."""
        self._seq = seq
        self._header = self._payload = self._meta = None

    @property
    def type(self) -> str:
        """Its type as sent; empty when it has none."""
        return self._columns.type(self._seq)

    @property
    def who(self) -> str:
        """The participant it names; empty when none."""
        return self._columns.who(self._seq)

    @property
    def trace_id(self) -> str:
        """Its trace; empty when it has none."""
        return self._columns.trace_id(self._seq)

    @property
    def subject(self) -> str:
        """The subject it was published on."""
        return self._columns.subject(self._seq)

    @property
    def at(self) -> float:
        """When it was received, epoch seconds."""
        return self._columns.at(self._seq)

    @property
    def size(self) -> int:
        """Bytes of its frame."""
        return len(self._columns.frame(self._seq))

    @property
    def header(self) -> Header:
        """Its envelope, read when first asked for."""
        if self._header is None:
            self._header = self._columns.header(self._seq)
        return self._header

    @property
    def payload(self) -> dict[str, Any]:
        """Decoded when first asked for."""
        if self._payload is None:
            self._payload = self.header.read_payload()
        return self._payload

    @property
    def meta(self) -> dict[str, Any]:
        """Decoded when first asked for."""
        if self._meta is None:
            self._meta = self.header.read_meta()
        return self._meta


Row = FrameRow | StoreRow
"""What a condition looks at."""
