"""Patterns whose worst case is bounded.

Python's `re` goes back and tries again, and some patterns do that for years. So a pattern is looked at before it is
used: how many ways there are to match it, for a text of how many characters, and the text it sees is cut so that
their product stays small. What cannot be bounded is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

MAX_PATTERN = 500
"""Longest pattern, characters."""

MAX_SEEN = 65_536
"""A pattern without repeats sees this much of a text, characters."""

_MIN_SEEN = 256
_MAX_STEPS = 20_000_000
"""A few hundredths of a second."""

_SINGLE = frozenset({"LITERAL", "NOT_LITERAL", "ANY", "IN", "CATEGORY", "AT"})


def glob(pattern: str) -> Callable[[str], bool]:
    """Whether a text is like the pattern, in which `*` stands for any characters. Linear in the text."""
    first, *rest = pattern.split("*")
    if not rest:
        return lambda text: text == pattern
    *middle, last = rest

    def matches(text: str) -> bool:
        if not text.startswith(first) or len(text) < len(first) + len(last) or not text.endswith(last):
            return False
        place, end = len(first), len(text) - len(last)
        for piece in middle:
            found = text.find(piece, place, end)
            if found < 0:
                return False
            place = found + len(piece)
        return True

    return matches


class Search:
    """Whether a regular expression is found in a text.

    Args:
        compiled: the expression.
        seen: how much of a text it sees, characters.
    """

    def __init__(self, compiled: re.Pattern[str], seen: int) -> None:
        self.seen = seen
        self._find = compiled.search

    def __call__(self, text: str) -> bool:
        """Whether it is found."""
        return self._find(text, 0, self.seen) is not None


def search(pattern: str) -> Search:
    """Compile a regular expression.

    With one unbounded repeat it sees the first 4,472 characters of a text, with two 271, without any `MAX_SEEN`.

    Raises:
        ValueError: it is none, or its worst case cannot be bounded.
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"a pattern has at most {MAX_PATTERN} characters")
    try:
        compiled = re.compile(pattern)
        tree: Any = re._parser.parse(pattern)  # type: ignore[attr-defined]
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"no regular expression: {error}") from None
    ways, degree = _effort(tree)
    seen = min(MAX_SEEN, int((_MAX_STEPS / ways) ** (1 / (degree + 1)))) if ways < _MAX_STEPS else 0
    if seen < _MIN_SEEN:
        raise ValueError("this pattern can take too long: use fewer * + {} ? and |")
    return Search(compiled, seen)


def _effort(sequence: Any) -> tuple[int, int]:
    """In how many ways a sequence can match at one place, as `ways` times the length to the power of `degree`."""
    ways, degree = 1, 0
    for name, argument in ((str(op), argument) for op, argument in sequence):
        if name in _SINGLE:
            continue
        more, higher = _part(name, argument)
        ways, degree = min(ways * more, _MAX_STEPS), degree + higher
    return ways, degree


def _part(name: str, argument: Any) -> tuple[int, int]:
    if name == "SUBPATTERN":
        return _effort(argument[-1])
    if name == "BRANCH":
        efforts = [_effort(each) for each in argument[1]]
        return sum(ways for ways, _ in efforts), max(degree for _, degree in efforts)
    if name not in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        raise ValueError("a pattern can have no look-around, back reference or condition")
    low, high, body = argument
    inner = _effort(body)
    if high > 1 and inner != (1, 0):
        raise ValueError(
            "this pattern can take too long: it repeats something that itself can match in several ways"
        )
    if high <= 1:
        return inner[0] + 1, inner[1]
    return (1, 1) if high > MAX_SEEN else (int(high) - int(low) + 1, 0)
