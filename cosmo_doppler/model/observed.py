"""What every source yields: one frame that crossed the bus, and when it was seen."""

from __future__ import annotations

import msgspec

from cosmo_sdk.header import Header


class Observed(msgspec.Struct, frozen=True):
    """One frame as seen. Live, replayed or from the demo: downstream nothing can tell."""

    seq: int
    """Position in the store, from 0, without gaps."""
    at: float
    """When it was received, epoch seconds, never decreasing inside one session."""
    subject: str
    """The subject it was published on."""
    header: Header
    """Its envelope; `header.problem` says why it is no valid Signal."""
