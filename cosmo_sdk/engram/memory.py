"""A memory in this process."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from cosmo_sdk.engram.base import Engram, Hit, ImprintReceipt, RollbackIncomplete
from cosmo_sdk.engram.operations import Change, Entry, Outcome, Undone, Write, compensate, imprint
from cosmo_sdk.engram.search import read_question, search

CAPABILITIES = ("substring", "tags", "merge_key")
"""What the backends here announce."""

SEEN_LIMIT = 10_000
"""How many IMPRINT ids are remembered, so that a repeated one is recognised."""

JOURNAL_LIMIT = 1_000
"""How many traces can be rolled back. The journals of those beyond that are given up."""

JOURNAL_LINES = 100_000
"""A trace can be rolled back as long as its first write is among the last so many with a trace."""

GIVEN_UP = 10
"""Of how many times `journal_limit` given up traces it is remembered, so that a rollback of them tells the truth."""


def counted(undone: Undone) -> int:
    """The number of writes undone.

    Raises:
        RollbackIncomplete: it was not all.
    """
    if not undone.complete:
        raise RollbackIncomplete("its journal was given up, so the trace's older writes stay", undone.count)
    return undone.count


class _DictShelf:
    """Entries, receipts and journals in dicts."""

    def __init__(self, seen_limit: int, journal_limit: int, journal_lines: int) -> None:
        self.entries: dict[str, Entry] = {}
        self.journals: OrderedDict[str, list[Change]] = OrderedDict()
        self.journals_dropped = 0
        self._journal_lines = journal_lines
        self._begun: dict[str, int] = {}
        """Of each journal, in the order they were begun: the number of its first line."""
        self._line = 0
        self._given_up: OrderedDict[str, None] = OrderedDict()
        self._by_key: dict[str, set[str]] = {}
        self._seen: OrderedDict[str, Outcome] = OrderedDict()
        self._seen_limit = seen_limit
        self._journal_limit = journal_limit
        self._order = 0

    def get(self, id: str) -> Entry | None:
        return self.entries.get(id)

    def last(self, merge_key: str) -> Entry | None:
        same = (self.entries[entry_id] for entry_id in self._by_key.get(merge_key, ()))
        return max(same, key=lambda entry: entry.order, default=None)

    def put(self, entry: Entry) -> None:
        if not entry.order:
            self._order += 1
            entry.order = self._order
        if entry.id in self.entries:
            self.remove(entry.id)
        self.entries[entry.id] = entry
        if entry.merge_key is not None:
            self._by_key.setdefault(entry.merge_key, set()).add(entry.id)

    def remove(self, id: str) -> None:
        key = self.entries.pop(id).merge_key
        if key is not None:
            self._by_key[key].discard(id)
            if not self._by_key[key]:
                del self._by_key[key]

    def outcome_of(self, imprint_id: str) -> Outcome | None:
        return self._seen.get(imprint_id)

    def remember(self, imprint_id: str, outcome: Outcome) -> None:
        self._seen[imprint_id] = outcome
        while len(self._seen) > self._seen_limit:
            self._seen.popitem(last=False)

    def note(self, trace_id: str, change: Change) -> None:
        self._line += 1
        self._begun.setdefault(trace_id, self._line)
        self.journals.setdefault(trace_id, []).append(change)
        self.journals.move_to_end(trace_id)
        if len(self.journals) > self._journal_limit:
            self._give_up(next(iter(self.journals)))
        eldest, first = next(iter(self._begun.items()))
        if first <= self._line - self._journal_lines:
            self._give_up(eldest)

    def _give_up(self, trace_id: str) -> None:
        self.take_journal(trace_id)
        self.journals_dropped += 1
        self._given_up[trace_id] = None
        if len(self._given_up) > GIVEN_UP * self._journal_limit:
            self._given_up.popitem(last=False)

    def gave_up(self, trace_id: str) -> bool:
        return trace_id in self._given_up

    def take_journal(self, trace_id: str) -> list[Change]:
        self._begun.pop(trace_id, None)
        return self.journals.pop(trace_id, [])


class InMemoryEngram(Engram):
    """A memory in dicts: it outlives `close` and ends with the object.

    Args:
        engram_id: its address.
        engram_kind: its kind.
        capabilities: what it announces.
        version: what it announces.
        seen_limit: how many IMPRINT ids are remembered.
        journal_limit: how many traces can be rolled back.
        journal_lines: how many writes with a trace may follow its first before a trace can no longer be rolled back.
    """

    def __init__(
        self,
        *,
        engram_id: str = "engram-memory",
        engram_kind: str = "keyvalue",
        capabilities: list[str] | None = None,
        version: str | None = None,
        seen_limit: int = SEEN_LIMIT,
        journal_limit: int = JOURNAL_LIMIT,
        journal_lines: int = JOURNAL_LINES,
    ) -> None:
        self.engram_id = engram_id
        self.engram_kind = engram_kind
        self.capabilities = list(CAPABILITIES if capabilities is None else capabilities)
        self.version = version
        self._shelf = _DictShelf(seen_limit, journal_limit, journal_lines)

    def __len__(self) -> int:
        return len(self._shelf.entries)

    def __bool__(self) -> bool:
        # A memory is there also when it is empty.
        return True

    @property
    def journals_dropped(self) -> int:
        """Traces that can no longer be rolled back because newer ones needed the room."""
        return self._shelf.journals_dropped

    async def recall(
        self,
        query: dict[str, Any],
        *,
        filters: dict[str, Any] | None = None,
        context_ref: str | None = None,
        deadline_ms: int | None = None,
        min_confidence: float | None = None,
    ) -> list[Hit]:
        """Find entries; see `cosmo_sdk.engram.search`."""
        return search(self._shelf.entries.values(), read_question(query, filters, min_confidence))

    async def imprint(
        self,
        op: str,
        entry: dict[str, Any],
        *,
        merge_key: str | None = None,
        imprint_id: str | None = None,
        trace_id: str | None = None,
    ) -> ImprintReceipt:
        """Write; see `cosmo_sdk.engram.operations`. What cannot be done is the receipt's `error`."""
        write = Write(op=op, entry=entry, merge_key=merge_key, imprint_id=imprint_id, trace_id=trace_id)
        outcome = imprint(self._shelf, write)
        return ImprintReceipt(self.engram_id, op, outcome.id, outcome.version, error=outcome.error)

    async def compensate(self, trace_id: str) -> int:
        """Undo what the trace wrote.

        Raises:
            RollbackIncomplete: its journal was given up to make room.
        """
        return counted(compensate(self._shelf, trace_id))

    async def commit(self, trace_id: str) -> None:
        """Forget how to undo the trace."""
        self._shelf.take_journal(trace_id)
