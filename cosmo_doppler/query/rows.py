"""One signal as an expression looks at it: cheap facts at once, payload and meta only when asked for."""

from __future__ import annotations

from collections.abc import Container
from functools import cached_property
from typing import Any

from msgspec import Struct

from cosmo_doppler.model.board import Board
from cosmo_doppler.store import Store
from cosmo_sdk.header import Header, read_header


class Known(Struct, frozen=True):
    """What else is known while signals are looked at. Without a board no trace or auction is."""

    board: Board | None = None
    now: float = 0.0
    """The moment that ages count from, epoch seconds; 0: they are all 0."""
    bookmarks: Container[int] = ()
    """Positions in the store that a person marked."""


NOTHING_ELSE = Known()


class FrameRow:
    """A frame that has just come.

    Args:
        at: when it was received, epoch seconds.
        subject: what it was published on.
        frame: as it came.
        header: of it, when somebody read it already.
        seq: its number, from 0; -1 when nobody counts.
        known: what else is known by now.
    """

    def __init__(
        self,
        at: float,
        subject: str,
        frame: bytes,
        header: Header | None = None,
        *,
        seq: int = -1,
        known: Known = NOTHING_ELSE,
    ) -> None:
        self.at = at
        self.subject = subject
        self.frame = frame
        self.header = read_header(frame) if header is None else header
        self.seq = seq
        self.known = known

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
    """A row of the store. One object serves a whole search: move it and ask again.

    Args:
        store: where the signals are.
        known: what else is known by now.
    """

    def __init__(self, store: Store, known: Known = NOTHING_ELSE) -> None:
        self.known = known
        self.seq = 0
        self._store = store
        self._header: Header | None = None
        self._payload: dict[str, Any] | None = None
        self._meta: dict[str, Any] | None = None

    def move(self, seq: int) -> None:
        """Go to another row."""
        self.seq = seq
        self._header = self._payload = self._meta = None

    @property
    def type(self) -> str:
        """Its type as sent; empty when it has none."""
        return self._store.type(self.seq)

    @property
    def who(self) -> str:
        """The participant it names; empty when none."""
        return self._store.who(self.seq)

    @property
    def trace_id(self) -> str:
        """Its trace; empty when it has none."""
        return self._store.trace_id(self.seq)

    @property
    def subject(self) -> str:
        """The subject it was published on."""
        return self._store.subject(self.seq)

    @property
    def at(self) -> float:
        """When it was received, epoch seconds."""
        return self._store.at(self.seq)

    @property
    def frame(self) -> bytes:
        """As it came, less what is redacted."""
        return self._store.frame(self.seq)

    @property
    def header(self) -> Header:
        """Its envelope, read when first asked for."""
        if self._header is None:
            self._header = self._store.header(self.seq)
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
