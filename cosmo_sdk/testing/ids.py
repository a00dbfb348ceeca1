"""Ids that can be predicted."""

from __future__ import annotations

from itertools import count

from cosmo_sdk.ids import encode_ulid


class FixedIds:
    """Ids that count: `evt_...1`, `evt_...2`; traces and engram entries have counts of their own."""

    def __init__(self) -> None:
        self._events, self._traces, self._engrams = count(1), count(1), count(1)

    def event(self) -> str:
        """The next event id."""
        return "evt_" + encode_ulid(next(self._events))

    def trace(self) -> str:
        """The next trace id."""
        return "trc_" + encode_ulid(next(self._traces))

    def engram(self) -> str:
        """The next Engram entry id."""
        return "eng_" + encode_ulid(next(self._engrams))
