"""What is done with the signals of one type: looked up once for each of them, instead of by everybody who reads some."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cosmo_doppler.model.coordination.notice import TELLING
from cosmo_doppler.model.topology import DRAWN, Draw
from cosmo_doppler.model.traces import DECISIVE
from cosmo_sdk.signal_types import ADDRESSED_TYPES, MANAGEMENT_TYPES

if TYPE_CHECKING:
    from cosmo_doppler.model.board import Board
    from cosmo_doppler.model.observed import Observed
    from cosmo_doppler.model.rules.ground import Read
    from cosmo_doppler.model.rules.presence import Sent
    from cosmo_doppler.model.traces import Trace

_MANAGEMENT = frozenset(str(member) for member in MANAGEMENT_TYPES)
_ADDRESSED = frozenset(str(member) for member in ADDRESSED_TYPES)


class Way:
    """Where the signals of one type go on a board, and how many came.

    Args:
        kind: their type; empty for all types that are not of the protocol.
        ring: where they are counted by the second (`Rates`).
    """

    __slots__ = (
        "count",
        "draw",
        "fold",
        "is_decisive",
        "is_heard",
        "is_presence",
        "kind",
        "reads",
        "ring",
        "sent",
        "takes",
        "tells",
    )

    def __init__(self, kind: str, ring: list[int]) -> None:
        self.kind = kind
        self.count = 0
        """Signals that came."""
        self.ring = ring
        self.is_presence = kind in _MANAGEMENT
        """They tell who is there, and belong to no work."""
        self.is_heard = kind not in _ADDRESSED and kind not in _MANAGEMENT
        """They name who sent them, who is there, then."""
        self.is_decisive = kind in DECISIVE
        """They may change how their trace stands."""
        self.tells = kind in TELLING
        """They may tell of coordination."""
        self.draw: Draw | None = DRAWN.get(kind)
        """How they are drawn in the topology."""
        self.fold: Callable[[Board, Trace, Observed], None] | None = None
        """What the board does with them in their trace."""
        self.takes: tuple[Read, ...] = ()
        """Who measures them."""
        self.sent: Sent | None = None
        """What judges the clock of their sender, where they name it."""
        self.reads: tuple[Read, ...] = ()
        """Rules that look for faults in them, where they have an id and a trace."""
