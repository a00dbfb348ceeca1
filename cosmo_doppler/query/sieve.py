"""A filter over many rows of a store at once.

Three stages, each for what the one before left: names in columns are decided once for each name; the bytes of frames
are searched, many frames in one go; and only what then remains is decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cosmo_doppler.query.compiler import AllOf, AnyOf, Filter, NotOf, Step
from cosmo_doppler.query.conditions import Condition
from cosmo_doppler.query.rows import NOTHING_ELSE, Known, StoreRow
from cosmo_doppler.query.searched import hides
from cosmo_doppler.store import Store

_TOGETHER = 8
"""Rows one after the other that are worth reading in one piece."""


class _Verdicts(dict[int, bool]):
    """What a condition says about each name, decided when first asked."""

    def __init__(self, decide: Callable[[str], bool], texts: list[str]) -> None:
        self._decide = decide
        self._texts = texts

    def __missing__(self, number: int) -> bool:
        verdict = self[number] = self._decide(self._texts[number])
        return verdict


class Sieve:
    """Picks the rows that a filter means.

    What conditions that change with time say about a name is asked once, so such a filter wants a new sieve for
    every look.

    Args:
        wanted: the filter.
        store: where the rows are.
        known: what else is known.
    """

    def __init__(self, wanted: Filter, store: Store, known: Known = NOTHING_ELSE) -> None:
        self._step = wanted.step
        self._store = store
        self._known = known
        self._row = StoreRow(store, known)
        self._verdicts: dict[int, _Verdicts] = {}

    def pick(self, first: int, last: int) -> list[int]:
        """The rows from `first` until before `last` that match, in order."""
        return self._pick(self._step, range(first, last))

    def _pick(self, step: Step, rows: Iterable[int]) -> list[int]:
        match step:
            case Condition():
                return self._decide(step, rows)
            case NotOf():
                rows = list(rows)
                gone = set(self._pick(step.part, rows))
                return [row for row in rows if row not in gone]
            case AllOf():
                for part in step.parts:
                    rows = self._pick(part, rows)
                    if not rows:
                        return []
                return list(rows)
            case AnyOf():
                return self._any(step, list(rows))

    def _any(self, step: AnyOf, rows: list[int]) -> list[int]:
        found: set[int] = set()
        for part in step.parts:
            found.update(self._pick(part, [row for row in rows if row not in found] if found else rows))
        return sorted(found)

    def _decide(self, condition: Condition, rows: Iterable[int]) -> list[int]:
        if condition.column is not None and condition.of_name is not None:
            numbers, _ = self._store.column(condition.column)
            verdicts = self._verdicts_of(condition)
            return [row for row in rows if verdicts[numbers[row]]]
        if condition.hint:
            rows = self._hinted(condition, list(rows))
        at, matches = self._row, condition.matches
        found = []
        for row in rows:
            at.move(row)
            if matches(at):
                found.append(row)
        return found

    def _verdicts_of(self, condition: Condition) -> _Verdicts:
        verdicts = self._verdicts.get(id(condition))
        if verdicts is None:
            of_name, known = condition.of_name, self._known
            if condition.column is None or of_name is None:
                raise ValueError("no condition on a column")
            _, texts = self._store.column(condition.column)
            verdicts = self._verdicts[id(condition)] = _Verdicts(lambda name: of_name(name, known), texts)
        return verdicts

    # -- bytes

    def _hinted(self, condition: Condition, rows: list[int]) -> list[int]:
        """Rows whose frames contain the hint, or may do so behind something."""
        if len(rows) >= _TOGETHER and rows[-1] - rows[0] == len(rows) - 1:
            together = self._store.together(rows[0], rows[-1] + 1)
            if together is not None:
                return [rows[0] + place for place in _places(condition, *together)]
        return [row for row in rows if _may_contain(condition, self._store.frame(row))]


def _may_contain(condition: Condition, frame: bytes) -> bool:
    if condition.any_case:
        return condition.hint in frame.lower() or not frame.isascii() or hides(frame)
    return condition.hint in frame or hides(frame)


def _places(condition: Condition, data: bytes, ends: list[int]) -> list[int]:
    """Which of the pieces of `data`, each of which ends at one of `ends`, may contain the hint."""
    if condition.any_case and not data.isascii():
        begins = [0, *ends[:-1]]
        return [
            place
            for place, (begin, end) in enumerate(zip(begins, ends, strict=True))
            if _may_contain(condition, data[begin:end])
        ]
    found = set(_containing(data.lower() if condition.any_case else data, condition.hint, ends))
    found.update(_containing(data, b"\\u", ends))
    found.update(_containing(data, b"\\/", ends))
    return sorted(found)


def _containing(data: bytes, needle: bytes, ends: list[int]) -> Iterable[int]:
    """The pieces in which a needle begins."""
    place, count = 0, len(ends)
    at = data.find(needle)
    while at >= 0:
        while place < count and ends[place] <= at:
            place += 1
        if place == count:
            return
        yield place
        at = data.find(needle, ends[place])
