"""What is wrong with an expression, where, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 40
"""Longest piece of an expression that a message repeats, characters."""


class QueryError(ValueError):
    """An expression that cannot be understood. Its text is one line.

    Args:
        text: the whole expression.
        position: where the trouble begins, from 0.
        problem: what is wrong and what was expected.
    """

    def __init__(self, text: str, position: int, problem: str) -> None:
        super().__init__(f"{problem} (at character {position + 1})")
        self.text = text
        self.position = position
        self.problem = problem


def shown(text: str) -> str:
    """A piece of an expression as a message repeats it: quoted, short and printable."""
    return ascii(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}...")


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean cost?`, or nothing when no known word is near."""
    folded = {name.lower(): name for name in known}
    near = get_close_matches(word[:_SHOWN].lower(), folded, n=1, cutoff=0.6)
    return f"; did you mean {folded[near[0]]}?" if near else ""
