"""A JSON value as lines that fold, of which only the beginning is read when it is very large."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec

from cosmo_sdk.dialects import read_odd_json

READ_BYTES = 64 * 1024
"""Most of a value that is laid out; the whole of it can be copied and opened."""

OPEN_ITEMS = 40
"""Lists and objects with more items than this are folded until somebody unfolds them."""

Path = tuple[str | int, ...]
"""Keys and positions that lead to a value."""

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],]', re.DOTALL)
_CLOSING = {0x7B: b"}", 0x5B: b"]"}
_CUT_ESCAPE = re.compile(rb"(?<!\\)((?:\\\\)*)\\(?:u[0-9a-fA-F]{0,3})?$")


class Part(NamedTuple):
    """As much of a value as was read."""

    value: Any
    whole: bool
    """Whether that is all of it."""
    text: str = ""
    """What stands there, when it is no JSON."""


class Line(NamedTuple):
    """One value of a document."""

    path: Path
    depth: int
    label: str
    """Key or position; not yet safe for a terminal."""
    value: Any
    """None for a container that is unfolded below, too."""
    items: int | None
    """How many items a container has; None for anything else."""
    folded: bool


def read_part(raw: bytes, limit: int = READ_BYTES) -> Part:
    """Read the beginning of a JSON text. Never raises.

    Args:
        raw: the text.
        limit: bytes looked at.
    """
    whole = len(raw) <= limit
    found, value = _decoded(raw if whole else _closed(raw[:limit]))
    return Part(value, whole) if found else Part(None, whole, raw[:limit].decode("utf-8", "replace"))


def lines_of(value: Any, folded: set[Path], unfolded: set[Path]) -> list[Line]:
    """The lines of a document.

    Args:
        value: what was read.
        folded: containers that somebody folded.
        unfolded: large containers that somebody unfolded.
    """
    lines: list[Line] = []
    stack: list[tuple[Path, int, str, Any]] = []
    _push(stack, (), -1, value)
    if not stack:
        stack.append(((), 0, "", value))
    while stack:
        path, depth, label, each = stack.pop()
        items = len(each) if isinstance(each, dict | list) else None
        if not items:
            lines.append(Line(path, depth, label, each, items, False))
            continue
        closed = path in folded or (items > OPEN_ITEMS and path not in unfolded)
        lines.append(Line(path, depth, label, each, items, closed))
        if not closed:
            _push(stack, path, depth, each)
    return lines


def value_at(value: Any, path: Path) -> Any:
    """The value a path leads to."""
    for step in path:
        value = value[step]
    return value


def _push(stack: list[tuple[Path, int, str, Any]], path: Path, depth: int, value: Any) -> None:
    if isinstance(value, dict):
        inner = [((*path, key), depth + 1, str(key), each) for key, each in value.items()]
    elif isinstance(value, list):
        inner = [((*path, place), depth + 1, str(place), each) for place, each in enumerate(value)]
    else:
        return
    stack.extend(reversed(inner))


def _decoded(raw: bytes) -> tuple[bool, Any]:
    """Whether it is JSON, and its value."""
    try:
        return True, msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return True, read_odd_json(raw)
    except (ValueError, RecursionError):
        return False, None


def _closed(beginning: bytes) -> bytes:
    """The beginning of a JSON text, made into a whole one: cut after its last complete item, or inside a long string."""
    stack: list[int] = []
    safe, still_open = 0, b""
    end = 0
    for token in _TOKEN.finditer(beginning):
        glyph = beginning[token.start()]
        end = token.end()
        if glyph in _CLOSING:
            stack.append(glyph)
        elif glyph in b"}]":
            if stack:
                stack.pop()
        elif glyph == 0x2C:
            safe, still_open = token.start(), bytes(stack)
    rest = beginning[end:]
    quote = rest.find(b'"')
    if quote >= 0 and (b":" in rest[:quote] or not stack or stack[-1] == 0x5B):
        # Cut inside a text that is a value: as much of it as there is.
        text = _CUT_ESCAPE.sub(rb"\1", beginning.decode("utf-8", "ignore").encode())
        return text + '…"'.encode() + _closers(bytes(stack))
    return beginning[:safe] + _closers(still_open)


def _closers(stack: bytes) -> bytes:
    return b"".join(_CLOSING[glyph] for glyph in reversed(stack))
