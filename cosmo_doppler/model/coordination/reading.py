"""Values out of payloads that anybody may have written: each is what it should be, within bounds, or nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from cosmo_doppler.model.wording import finite, format_bytes, say, shorten

NAME = 256
"""Characters of an id or a name at the most (COORDINATION 3.1)."""

MOST_LEAVES = 64
"""Parts of a value that are told apart."""

_DEEPEST = 6
"""Levels of a value that are told apart."""

_GREATEST = 1 << 53

Leaf = tuple[str, str]
"""One part of a value: the path to it, and what is there."""


def name(value: Any) -> str:
    """An id or a name; empty when it is none. Cut where nothing of the kind may be so long."""
    return value[:NAME] if isinstance(value, str) else ""


def short_name(id: str) -> str:
    """An id as people tell it: the last 8 characters of one that was generated (COORDINATION 3.1), else all of it."""
    head, sep, rest = id.partition("_")
    generated = sep and len(head) == 3 and len(rest) == 26 and rest.isalnum()
    return rest[-8:] if generated else id


def names(value: Any, most: int) -> tuple[str, ...]:
    """Names in a list, in its order, each once; at most so many."""
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(each[:NAME] for each in value if isinstance(each, str)))[:most]


def whole(value: Any) -> int | None:
    """A whole number that a clock or a counter can show; None when it is none. JSON booleans are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int) or not -_GREATEST < value < _GREATEST:
        return None
    return value


def moment(value: Any) -> int | None:
    """Epoch milliseconds, or None."""
    number = whole(value)
    return number if number is not None and number >= 0 else None


def one_of(value: Any, words: Collection[str]) -> str:
    """The value when it is one of these; empty otherwise."""
    return value if isinstance(value, str) and value in words else ""


def table(value: Any) -> dict[str, Any]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def option_of(value: Any) -> str:
    """An option of a vote as text: equal options have equal texts."""
    if isinstance(value, str):
        return shorten(value, 120)
    try:
        return shorten(msgspec.json.encode(value, order="deterministic").decode(), 120)
    except (TypeError, ValueError, RecursionError):
        return "?"


def is_cut(value: Any) -> bool:
    """Whether a mirror left a value out because it was too long (COORDINATION 15.2)."""
    return isinstance(value, dict) and value.get("$truncated") is True


def told(value: Any, limit: int = 240) -> str:
    """Any value in one line, also one that a mirror cut."""
    if is_cut(value):
        size = whole(value.get("bytes"))
        whole_size = f" of {format_bytes(size)}" if size is not None and size >= 0 else ""
        return f"{say(value.get('preview'), limit)} (cut{whole_size})"
    return say(value, limit)


def leaves(value: Any) -> tuple[Leaf, ...]:
    """The parts of a value, by path, so that two values can be held against each other; the first ones of a large value."""
    found: list[Leaf] = []
    for leaf in _walk(value, "", 0):
        found.append(leaf)
        if len(found) == MOST_LEAVES:
            break
    return tuple(found)


def _walk(value: Any, path: str, depth: int) -> Iterator[Leaf]:
    inner: Iterator[tuple[str, Any]]
    if isinstance(value, dict) and value and depth < _DEEPEST and not is_cut(value):
        inner = iter(value.items())
    elif isinstance(value, list) and value and depth < _DEEPEST:
        inner = ((f"{place}", each) for place, each in enumerate(value, 1))
    else:
        yield path, _plain(value)
        return
    for key, each in inner:
        yield from _walk(each, f"{path}.{key[:60]}" if path else key[:60], depth + 1)


def _plain(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    number = finite(value)
    return f"{number:.12g}" if number is not None else told(value, 120) or '""'


def differences(before: tuple[Leaf, ...], now: tuple[Leaf, ...]) -> list[tuple[str, str, str]]:
    """What changed between two values: path, what was there, what is there now; empty text where nothing was or is."""
    was, here = dict(before), dict(now)
    changed = [(path, was.get(path, ""), text) for path, text in now if was.get(path) != text]
    return changed + [(path, text, "") for path, text in before if path not in here]
