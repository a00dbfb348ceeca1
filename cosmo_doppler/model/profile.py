"""Where the time of a trace went, by what was done for whom: spans with the same way down to them are one entry."""

from __future__ import annotations

from cosmo_doppler.model.outline import Outline, Placed
from cosmo_doppler.model.spans import OWN, Part, Span

MAX_ENTRIES = 2048
"""Ways that are told apart; what comes down other ones counts for the last entry it has in common with these."""

_Way = tuple["Entry | None", str, str]


class Entry(Placed):
    """Spans of one type, for one participant, inside the same others."""

    __slots__ = ("_open_since", "children", "count", "open", "own", "parent", "part", "total", "type", "who")

    def __init__(self, parent: Entry | None, type: str, who: str, part: Part) -> None:
        self.block = self.end = None
        self.parent = parent
        self.type = type
        self.who = who
        self.part = part
        self.children: list[Entry] = []
        """By first appearance."""
        self.count = 0
        """How often."""
        self.open = 0
        """How many of them go on."""
        self.total = 0.0
        """Seconds from beginning to end, of those that ended."""
        self.own = 0.0
        """Seconds of these in which nothing inside them was waited for."""
        self._open_since = 0.0
        """Beginnings of those that go on, added up."""

    def begin(self, span: Span) -> None:
        """One more."""
        self.count += 1
        self.open += 1
        self._open_since += span.start

    def finish(self, span: Span) -> None:
        """One ended."""
        self.open -= 1
        self._open_since -= span.start
        self.total += (span.end or span.start) - span.start
        self.own += span.took[OWN]

    def again(self, span: Span, end: float, own: float) -> None:
        """One that had ended at `end`, with that much time of its own, ended later."""
        self.total += (span.end or end) - end
        self.own += span.took[OWN] - own

    def lasted(self, now: float) -> float:
        """Seconds up to now, what goes on included."""
        return self.total + max(0.0, self.open * now - self._open_since)


class Profile:
    """The entries of one trace."""

    def __init__(self) -> None:
        self.outline: Outline[Entry] = Outline()
        """Every entry below the one it is inside of."""
        self.roots: list[Entry] = []
        self._entries: dict[_Way, Entry] = {}
        self._of: dict[int, Entry] = {}

    def begin(self, span: Span) -> None:
        """Something that lasts began."""
        node = span.node
        if node is None:
            return
        above = self.entry_of(span.over)
        way = (above, node.type, node.who)
        entry = self._entries.get(way)
        if entry is None:
            if len(self._entries) >= MAX_ENTRIES:
                return
            entry = self._entries[way] = Entry(above, node.type, node.who, span.part)
            (self.roots if above is None else above.children).append(entry)
            self.outline.add(entry, above)
        self._of[node.seq] = entry
        entry.begin(span)

    def entry_of(self, span: Span | None) -> Entry | None:
        """The entry a span counts for."""
        while span is not None and span.node is not None:
            entry = self._of.get(span.node.seq)
            if entry is not None:
                return entry
            span = span.over
        return None

    def finish(self, span: Span, end: float | None, own: float) -> None:
        """Something that lasted ended.

        Args:
            span: what did.
            end: when it had ended before, if it had.
            own: how much time of its own it had had then.
        """
        entry = self._of.get(span.node.seq) if span.node is not None else None
        if entry is None:
            return
        if end is None:
            entry.finish(span)
        else:
            entry.again(span, end, own)
