"""What the operations of a memory mean (PROTOCOL 8.4, 8.5), apart from where it keeps its entries.

Both backends run this code, each on its own `Shelf`, so a rollback or a repeated IMPRINT means the same on both.
Nothing here waits: a backend calls it inside whatever makes a write atomic.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from cosmo_sdk.ids import new_engram_id


class Refused(ValueError):
    """A write that cannot be done. Its text is for the asker."""


class Entry(msgspec.Struct, kw_only=True):
    """One thing remembered."""

    id: str
    content: Any = None
    tags: list[str] = msgspec.field(default_factory=list)
    meta: dict[str, Any] = msgspec.field(default_factory=dict)
    merge_key: str | None = None
    version: int = 1
    created_at: str = ""
    """ISO 8601, UTC."""
    updated_at: str = ""
    """ISO 8601, UTC."""
    order: int = 0
    """Its place among the entries, from 1; 0 until it is on the shelf."""

    def to_dict(self) -> dict[str, Any]:
        """The entry as others see it; a copy."""
        seen: dict[str, Any] = {
            "id": self.id,
            "content": copy.deepcopy(self.content),
            "tags": list(self.tags),
            "version": self.version,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }
        if self.merge_key is not None:
            seen["merge_key"] = self.merge_key
        if self.meta:
            seen["meta"] = copy.deepcopy(self.meta)
        return seen


class Change(msgspec.Struct, frozen=True):
    """One line of the journal: an entry that was written, and what was there before."""

    id: str
    before: Entry | None


class Outcome(msgspec.Struct, frozen=True):
    """What became of a write."""

    id: str | None = None
    version: int | None = None
    error: str | None = None


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One request to write."""

    op: str
    entry: dict[str, Any]
    merge_key: Any = None
    imprint_id: str | None = None
    trace_id: str | None = None


class Shelf(Protocol):
    """Where entries are kept, and what is remembered about writes."""

    def get(self, id: str) -> Entry | None:
        """The entry with this id."""
        ...

    def last(self, merge_key: str) -> Entry | None:
        """The latest entry with this merge key."""
        ...

    def put(self, entry: Entry) -> None:
        """Keep an entry, in the place its `order` says or at the end when that is 0."""
        ...

    def remove(self, id: str) -> None:
        """Drop an entry."""
        ...

    def outcome_of(self, imprint_id: str) -> Outcome | None:
        """What became of an earlier request with this id."""
        ...

    def remember(self, imprint_id: str, outcome: Outcome) -> None:
        """Note what became of a request; the oldest notes may be forgotten."""
        ...

    def note(self, trace_id: str, change: Change) -> None:
        """Write a line into a trace's journal; the journals of the oldest traces may be given up."""
        ...

    def gave_up(self, trace_id: str) -> bool:
        """Whether lines of this trace's journal were given up, as far as that is remembered."""
        ...

    def take_journal(self, trace_id: str) -> list[Change]:
        """A trace's journal in the order of writing, which ends with this."""
        ...


def now_iso() -> str:
    """The time as entries carry it."""
    return datetime.now(UTC).isoformat()


def imprint(shelf: Shelf, write: Write) -> Outcome:
    """Do a write once, however often it is asked for. A refusal is an outcome, not an exception."""
    if write.imprint_id is not None:
        earlier = shelf.outcome_of(write.imprint_id)
        if earlier is not None:
            return earlier
    try:
        outcome = _perform(shelf, write)
    except Refused as refusal:
        outcome = Outcome(error=str(refusal))
    if write.imprint_id is not None:
        shelf.remember(write.imprint_id, outcome)
    return outcome


class Undone(msgspec.Struct, frozen=True):
    """What a rollback did."""

    count: int
    """Writes undone."""
    complete: bool
    """Whether that was all the trace wrote, as far as is known."""


def compensate(shelf: Shelf, trace_id: str) -> Undone:
    """Undo a trace's writes, latest first. Versions go on rising: no number is used twice."""
    complete = not shelf.gave_up(trace_id)
    changes = shelf.take_journal(trace_id)
    for change in reversed(changes):
        current = shelf.get(change.id)
        if change.before is None:
            if current is not None:
                shelf.remove(change.id)
            continue
        before = change.before
        version = max(before.version, 0 if current is None else current.version) + 1
        shelf.put(msgspec.structs.replace(before, version=version, updated_at=now_iso()))
    return Undone(len(changes), complete)


def _perform(shelf: Shelf, write: Write) -> Outcome:
    operation = _OPERATIONS.get(write.op)
    if operation is None:
        raise Refused(f"op {write.op[:40]!r} is not one of {', '.join(_OPERATIONS)}")
    if write.merge_key is not None and not isinstance(write.merge_key, str):
        raise Refused("merge_key is not text")
    if write.op in ("merge", "upsert") and not write.merge_key:
        raise Refused(f"{write.op} needs a merge_key")
    return operation(shelf, write, _read(write))


class _Given(msgspec.Struct):
    """An entry as the asker gave it: nothing is known of what was left out."""

    id: str | None = None
    content: Any = None
    tags: list[str] | None = None
    meta: dict[str, Any] | None = None


def _read(write: Write) -> _Given:
    try:
        return copy.deepcopy(msgspec.convert(write.entry, _Given))
    except msgspec.ValidationError as error:
        raise Refused(f"entry is not usable: {error}") from None


def _store(shelf: Shelf, write: Write, before: Entry | None, after: Entry) -> Outcome:
    if write.trace_id is not None:
        shelf.note(write.trace_id, Change(after.id, before))
    shelf.put(after)
    return Outcome(after.id, after.version)


def _insert(shelf: Shelf, write: Write, given: _Given, id: str) -> Outcome:
    now = now_iso()
    entry = Entry(
        id=id,
        content=given.content,
        tags=given.tags or [],
        meta=given.meta or {},
        merge_key=write.merge_key,
        created_at=now,
        updated_at=now,
    )
    return _store(shelf, write, None, entry)


def _add(shelf: Shelf, write: Write, given: _Given) -> Outcome:
    if given.id is not None and shelf.get(given.id) is not None:
        raise Refused(f"entry id {given.id!r} already exists")
    return _insert(shelf, write, given, given.id or new_engram_id())


def _append(shelf: Shelf, write: Write, given: _Given) -> Outcome:
    free = given.id is not None and shelf.get(given.id) is None
    return _insert(shelf, write, given, given.id if free and given.id else new_engram_id())


def _upsert(shelf: Shelf, write: Write, given: _Given) -> Outcome:
    known = shelf.last(write.merge_key or "")
    if known is None:
        return _add(shelf, write, given)
    after = msgspec.structs.replace(
        known,
        content=given.content,
        tags=given.tags or [],
        meta=given.meta or {},
        version=known.version + 1,
        updated_at=now_iso(),
    )
    return _store(shelf, write, known, after)


def _merge(shelf: Shelf, write: Write, given: _Given) -> Outcome:
    known = shelf.last(write.merge_key or "")
    if known is None:
        raise Refused(f"no entry for merge_key={write.merge_key!r}")
    after = msgspec.structs.replace(
        known,
        content=merged(known.content, given.content),
        tags=merged(known.tags, given.tags),
        meta=merged(known.meta, given.meta),
        version=known.version + 1,
        updated_at=now_iso(),
    )
    return _store(shelf, write, known, after)


def _delete(shelf: Shelf, write: Write, given: _Given) -> Outcome:
    if given.id is not None:
        known = shelf.get(given.id)
    else:
        known = shelf.last(write.merge_key) if write.merge_key else None
    if known is None:
        return Outcome()
    if write.trace_id is not None:
        shelf.note(write.trace_id, Change(known.id, known))
    shelf.remove(known.id)
    return Outcome(known.id)


_OPERATIONS: dict[str, Callable[[Shelf, Write, _Given], Outcome]] = {
    "add": _add,
    "append": _append,
    "merge": _merge,
    "upsert": _upsert,
    "delete": _delete,
}


def merged(old: Any, new: Any) -> Any:
    """Old and new together, as a new value.

    Objects merge key by key, lists are joined without repeating anything, of scalars the new one stays, and null
    says nothing.
    """
    if new is None:
        return old
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: merged(old.get(key), new.get(key)) for key in _union(old, new)}
    if isinstance(old, list) and isinstance(new, list):
        return _union(old, new)
    return new


def _union(one: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    union: list[Any] = []
    for item in (*one, *other):
        # JSON values compare, but 1 == True: those two are not the same thing to have remembered.
        if not any(item == present and type(item) is type(present) for present in union):
            union.append(item)
    return union
