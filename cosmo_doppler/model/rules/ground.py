"""What rules stand on: what the board knows, where they report, and what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cosmo_doppler.model.agenda import Agenda
from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.coordination.notice import LEAST_MARK
from cosmo_doppler.model.faults import FaultBook
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.roster import Roster
from cosmo_doppler.model.traces import Trace
from cosmo_doppler.model.wording import say, short_id
from cosmo_sdk.header import Header

Read = Callable[[Observed, Header], None]
"""What a rule does with a signal. It comes after the board has folded it."""

Reads = dict[str, Read]
"""By signal type."""


class Ground(NamedTuple):
    """The board as rules see it."""

    book: FaultBook
    agenda: Agenda
    roster: Roster
    auctions: Mapping[str, Auction]
    traces: Mapping[str, Trace]
    was_held: Callable[[str], bool]
    """Whether a signal was held on its way here, so that it came later than others that were sent after it."""


def subject_of(trace: Trace | None, trace_id: str) -> str:
    """What a trace is about, in a few words."""
    title = say(trace.title, 60) if trace is not None else ""
    return f"“{title}”" if title else f"trace {short_id(trace_id)}"


def is_mirrored(header: Header) -> bool:
    """Whether a signal only tells what happened in a store of pools, votes and auctions, so that nobody answers it."""
    return len(header.meta) >= LEAST_MARK and header.mentions(b'"coord"') and "coord" in header.read_meta()


def spell(seconds: float) -> str:
    """A span of time for a sentence: `80 ms`, `2.5 s`, `3 min`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 100:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    return f"{seconds / 60:.0f} min" if seconds < 5970 else f"{seconds / 3600:.0f} h"
