"""What differs between two JSON values, one by one. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

MOST = 200
"""Differences told."""

_LONGEST = 200
"""Characters of a value."""

_DEEPEST = 64
"""What is nested deeper is compared as a whole."""

_NOT_THERE = "nothing"
_MISSING: Any = object()


class Difference(NamedTuple):
    """One value that is not as it was."""

    path: str
    """Names joined by dots: `payload.cost`."""
    before: str
    """As JSON; `nothing` where there was none."""
    after: str


def differences(before: Any, after: Any, *, most: int = MOST) -> list[Difference]:
    """What changed, in the order of the first value. Lists are compared as wholes.

    Args:
        before: decoded JSON.
        after: decoded JSON.
        most: how many to tell.
    """
    return list(islice(_compare("", before, after, 0), most))


def _compare(path: str, before: Any, after: Any, depth: int) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict) and depth < _DEEPEST:
        for name in dict.fromkeys((*before, *after)):
            below = f"{path}.{name}" if path else name
            yield from _compare(below, before.get(name, _MISSING), after.get(name, _MISSING), depth + 1)
    elif not _same(before, after):
        yield Difference(path, _shown(before), _shown(after))


def _same(before: Any, after: Any) -> bool:
    try:
        return bool(before == after) and isinstance(before, bool) == isinstance(after, bool)
    except RecursionError:
        return False


def _shown(value: Any) -> str:
    if value is _MISSING:
        return _NOT_THERE
    try:
        return json.dumps(value, ensure_ascii=False)[:_LONGEST]
    except (RecursionError, ValueError):
        return "something nested deep"
