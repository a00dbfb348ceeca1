"""Identifiers: `evt_`, `trc_` and `eng_` followed by a ULID (PROTOCOL 1.2).

A ULID is 26 Crockford base-32 characters: 48 bits of milliseconds, then 80 random bits. Inside one
millisecond the random part counts up, so ids of one process sort in the order they were made.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple, Protocol

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS = frozenset(_ALPHABET)
_TO_BASE_32 = str.maketrans(_ALPHABET, "0123456789abcdefghijklmnopqrstuv")
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_RANDOM_BITS = 80
_LOW_BITS = 20
"""The last four characters."""
_LOW_MASK = (1 << _LOW_BITS) - 1


class Ids(Protocol):
    """Where new identifiers come from. Tests replace it with a counter."""

    def event(self) -> str:
        """A fresh `evt_` id."""
        ...

    def trace(self) -> str:
        """A fresh `trc_` id."""
        ...

    def engram(self) -> str:
        """A fresh `eng_` id."""
        ...


def encode_ulid(value: int) -> str:
    """Write a 128-bit number as the 26 characters of a ULID."""
    pairs = _PAIRS
    return "".join([pairs[(value >> shift) & 0x3FF] for shift in range(120, -1, -10)])


def decode_ulid(text: str) -> int | None:
    """The 128-bit number that the 26 characters of a ULID stand for; None when these are none."""
    if len(text) != 26 or not _CHARACTERS.issuperset(text) or text[0] > "7":
        return None
    return int(text.translate(_TO_BASE_32), 32)


class _Block(NamedTuple):
    """Ids that differ in their last four characters."""

    millisecond: int
    high: int
    """The random part, without those four."""
    prefix: str
    """The other 22 characters."""
    low: Iterator[int]
    """Counts through those four. One step of it is one operation, also between threads."""


class Ulids:
    """Monotonic ULIDs. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._block = _Block(-1, 0, "", count(_LOW_MASK + 1))

    def __repr__(self) -> str:
        return "ULIDS"

    def next(self) -> str:
        """The next ULID, larger than every one before it."""
        now = time.time_ns() // 1_000_000
        # Inside a millisecond only the last characters change; nothing above them is computed again.
        millisecond, _, prefix, lows = self._block
        if now <= millisecond and (low := next(lows)) <= _LOW_MASK:
            return prefix + _PAIRS[low >> 10] + _PAIRS[low & 0x3FF]
        self._turn_page(now)
        return self.next()

    def _turn_page(self, now: int) -> None:
        """Begin a new block, for a new millisecond or because the old one is used up."""
        with self._lock:
            millisecond, high, _, lows = self._block
            if now > millisecond:
                # The top bit stays free, so that counting up inside a millisecond cannot overflow.
                random = int.from_bytes(os.urandom(10), "big") >> 1
                millisecond, high, low = now, random >> _LOW_BITS, random & _LOW_MASK
            elif next(lows) > _LOW_MASK:
                high, low = high + 1, 0
            else:
                # Another thread was here first.
                return
            prefix = encode_ulid(millisecond << _RANDOM_BITS | high << _LOW_BITS)[:22]
            self._block = _Block(millisecond, high, prefix, count(low))

    def event(self) -> str:
        """A fresh `evt_` id."""
        return "evt_" + self.next()

    def trace(self) -> str:
        """A fresh `trc_` id."""
        return "trc_" + self.next()

    def engram(self) -> str:
        """A fresh `eng_` id."""
        return "eng_" + self.next()


ULIDS = Ulids()
"""The process-wide source; `new_event_id` and its siblings read it."""


def new_event_id() -> str:
    """A fresh event id, `evt_` and a ULID."""
    return ULIDS.event()


def new_trace_id() -> str:
    """A fresh trace id, `trc_` and a ULID."""
    return ULIDS.trace()


def new_engram_id() -> str:
    """A fresh Engram entry id, `eng_` and a ULID."""
    return ULIDS.engram()
