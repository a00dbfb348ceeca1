"""Rows on their way into the store: the columns of one block of a recording."""

from __future__ import annotations

from array import array
from itertools import accumulate

PLACE_BITS = 48
"""A row's place is an address within a shelf; what is above these bits says which shelf, and what lies there."""

FRAME = 0
"""A frame in memory, as it came."""


def plain_line(shelf: int) -> int:
    """What marks a line that begins with our own keys and goes on with an envelope."""
    return 2 * shelf + 1


def odd_line(shelf: int) -> int:
    """What marks a line of another shape."""
    return 2 * shelf + 2


FRAME_LINE = plain_line(1)
"""A frame in memory, as it came, with a newline behind it: what follows it can be read together with it."""


class Rows:
    """Columns of signals, by time."""

    __slots__ = ("at", "length", "place", "subject", "trace", "type", "who")

    def __init__(self) -> None:
        self.at = array("d")
        """Receive times, epoch seconds."""
        self.place = array("Q")
        """Where each is kept: its mark above `PLACE_BITS`, its address below."""
        self.length = array("I")
        """Bytes there."""
        self.subject = array("I")
        self.type = array("I")
        self.who = array("I")
        self.trace = array("I")
        """Numbers of names."""

    def __len__(self) -> int:
        return len(self.at)

    def extend(self, other: Rows, first: int = 0, last: int | None = None) -> None:
        """Add rows of another, from `first` until before `last`."""
        whole = first == 0 and (last is None or last == len(other))
        for name in self.__slots__:
            column: array[float] = getattr(other, name)
            getattr(self, name).extend(column if whole else column[first:last])

    def in_order(self, earliest: float) -> None:
        """Let no time be before the one in front of it, nor before `earliest`."""
        if len(self.at) and (self.at[0] < earliest or sorted(self.at) != self.at.tolist()):
            self.at = array("d", [max(at, earliest) for at in accumulate(self.at, max)])
