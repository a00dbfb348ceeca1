"""A forest written down as lines, however large it gets: which item stands in which line, and where it ends.

Items are kept in display order (depth first) in blocks of a few hundred, each item with children followed, after all
of them, by an end mark. So neither adding a child, nor moving a whole branch, nor finding a line looks at more than a
block and the list of blocks: nothing costs more because chains are deep or siblings many.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

BLOCK = 256
"""Marks a block holds before it is halved."""

_NEAR_END = 8
"""Marks looked at from the end of a block before all of it is searched: what grows, grows there."""


class _End:
    """Stands after the last line of an item's branch."""

    __slots__ = ("block",)

    def __init__(self) -> None:
        self.block: _Block | None = None


class Placed:
    """What can stand in an outline: at most in one at a time."""

    __slots__ = ("block", "end")

    def __init__(self) -> None:
        self.block: _Block | None = None
        """Where it stands; None while it stands nowhere."""
        self.end: _End | None = None
        """The mark after its branch, once it had children."""

    def stands_in(self, outline: Outline[Any]) -> bool:
        """Whether it is an item of that outline."""
        return self.block is not None and self.block.outline is outline


P = TypeVar("P", bound=Placed)


class _Block:
    __slots__ = ("first", "lines", "marks", "number", "outline")

    def __init__(self, outline: Outline[Any], marks: list[Placed | _End]) -> None:
        self.outline = outline
        self.marks = marks
        self.number = 0
        """Which block it is; as of the last `Outline._number`."""
        self.first = 0
        """Line of its first item; as of then, too."""
        self.lines: list[Placed] | None = None
        """Its items alone; None when they have to be picked out again."""
        for mark in marks:
            mark.block = self

    def items(self) -> list[Placed]:
        if self.lines is None:
            self.lines = [mark for mark in self.marks if isinstance(mark, Placed)]
        return self.lines

    def offset(self, mark: Placed | _End) -> int:
        marks = self.marks
        for offset in range(len(marks) - 1, max(-1, len(marks) - 1 - _NEAR_END), -1):
            if marks[offset] is mark:
                return offset
        return marks.index(mark)


class Outline(Generic[P]):
    """Items in display order."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = [_Block(self, [])]
        self._firsts: list[int] = [0]
        self._numbered = True
        self._size = 0
        self.version = 0
        """Grows with every change."""

    def __len__(self) -> int:
        return self._size

    # What stands where

    def at(self, line: int) -> P:
        """The item in a line.

        Raises:
            IndexError: there is no such line.
        """
        if not 0 <= line < self._size:
            raise IndexError(line)
        self._number()
        block = self._blocks[bisect_right(self._firsts, line) - 1]
        return block.items()[line - block.first]  # type: ignore[return-value]

    def line(self, item: P) -> int:
        """The line of an item that stands here."""
        self._number()
        block = _block_of(item)
        return block.first + block.items().index(item)

    def last(self, item: P) -> int:
        """The line after the last one of an item's branch."""
        if item.end is None:
            return self.line(item) + 1
        self._number()
        block = _block_of(item.end)
        before = block.marks[: block.offset(item.end)]
        return block.first + sum(isinstance(mark, Placed) for mark in before)

    def holds(self, ancestor: P, item: P) -> bool:
        """Whether `item` is `ancestor` or stands in its branch."""
        return self.line(ancestor) <= self.line(item) < self.last(ancestor)

    # Changing it

    def add(self, item: P, under: P | None) -> None:
        """Put a new item after everything under `under`, or at the very end."""
        block, offset = self._tail(under)
        self._insert(block, offset, [item])
        self._size += 1

    def add_first(self, item: P) -> None:
        """Put a new item before everything."""
        self._insert(self._blocks[0], 0, [item])
        self._size += 1

    def add_before(self, item: P, other: P) -> None:
        """Put a new item right before another one, as its sibling."""
        block = _block_of(other)
        self._insert(block, block.offset(other), [item])
        self._size += 1

    def remove(self, item: P) -> None:
        """Take out an item with its branch."""
        block = _block_of(item)
        if item.end is None and len(block.marks) > 1:
            # Nearly always. The numbers of blocks may wait until somebody asks for one.
            del block.marks[block.offset(item)]
            block.lines = None
            item.block = None
            self._size -= 1
            self.version += 1
            self._numbered = False
            return
        for taken in self._take(item):
            self._size -= len(taken.items())
            for mark in taken.marks:
                mark.block = None

    def move(self, item: P, under: P | None, before: P | None = None) -> None:
        """Put an item with its branch elsewhere: before a sibling, or else after everything under `under`.

        Args:
            item: stands here already; neither `under` nor `before` may be in its branch.
            under: its new parent; None makes it a root.
            before: the sibling it comes before; None for the last place.
        """
        taken = self._take(item)
        if before is not None:
            block = _block_of(before)
            offset = block.offset(before)
        else:
            block, offset = self._tail(under)
        if len(taken) == 1:
            self._insert(block, offset, taken[0].marks)
        else:
            self._splice(block, offset, taken)

    # Blocks

    def _tail(self, under: P | None) -> tuple[_Block, int]:
        """Where the next child of `under` goes."""
        if under is None:
            return self._blocks[-1], len(self._blocks[-1].marks)
        if under.end is None:
            under.end = _End()
            block = _block_of(under)
            self._insert(block, block.offset(under) + 1, [under.end])
        block = _block_of(under.end)
        return block, block.offset(under.end)

    def _insert(self, block: _Block, offset: int, marks: Sequence[Placed | _End]) -> None:
        block.marks[offset:offset] = marks
        block.lines = None
        for mark in marks:
            mark.block = block
        self.version += 1
        if block is not self._blocks[-1]:
            self._numbered = False
        if len(block.marks) > BLOCK:
            self._number()
            half = len(block.marks) // 2
            rest = _Block(self, block.marks[half:])
            del block.marks[half:]
            block.lines = None
            self._blocks.insert(block.number + 1, rest)
            self._numbered = False

    def _take(self, item: P) -> list[_Block]:
        """Cut an item's branch out. Blocks that are wholly its own are taken as they are."""
        self.version += 1
        self._number()
        self._numbered = False
        first, last = _block_of(item), _block_of(item.end or item)
        begin, finish = first.offset(item), last.offset(item.end or item) + 1
        if first is last:
            taken = [_Block(self, first.marks[begin:finish])]
            left = [first] if len(first.marks) > finish - begin else []
            del first.marks[begin:finish]
        else:
            between = self._blocks[first.number + 1 : last.number]
            taken = [_Block(self, first.marks[begin:]), *between, _Block(self, last.marks[:finish])]
            del first.marks[begin:], last.marks[:finish]
            left = _joined(first, last)
        first.lines = last.lines = None
        self._blocks[first.number : last.number + 1] = left
        if not self._blocks:
            self._blocks.append(_Block(self, []))
        return taken

    def _splice(self, block: _Block, offset: int, taken: list[_Block]) -> None:
        """Put whole blocks in."""
        self.version += 1
        self._numbered = False
        self._number()
        after = _Block(self, block.marks[offset:])
        del block.marks[offset:]
        block.lines = None
        self._blocks[block.number : block.number + 1] = [
            *_joined(block, taken[0]),
            *taken[1:-1],
            *_joined(taken[-1], after),
        ]
        self._numbered = False

    def _number(self) -> None:
        if self._numbered:
            return
        line = 0
        firsts = self._firsts
        firsts.clear()
        for number, block in enumerate(self._blocks):
            block.number, block.first = number, line
            firsts.append(line)
            line += len(block.items())
        self._numbered = True


def _joined(one: _Block, other: _Block) -> list[_Block]:
    """Two neighbours as one block if they fit, without empty ones."""
    if len(one.marks) + len(other.marks) <= BLOCK:
        for mark in other.marks:
            mark.block = one
        one.marks += other.marks
        one.lines = None
        return [one] if one.marks else []
    return [block for block in (one, other) if block.marks]


def _block_of(mark: Placed | _End) -> _Block:
    if mark.block is None:
        raise ValueError("stands in no outline")
    return mark.block
