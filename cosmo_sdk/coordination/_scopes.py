"""What a delegation allows: words with `:` between them, and a final `*` for anything further."""

from __future__ import annotations

from typing import Any

from cosmo_sdk.coordination._values import check_id

ANYTHING = "*"


def check_scope(scope: Any) -> list[str]:
    """A scope as it is kept: in order, without repeats.

    Raises:
        TypeError: no list, or an entry that is no str.
        ValueError: one str instead of a list of them, empty, or an entry with empty segments or a `*` that is not the last.
    """
    if isinstance(scope, str):
        raise ValueError(f"scope must be a list such as [{scope!r}], not one str")  # noqa: TRY004 - a value a list may hold
    if not isinstance(scope, list | tuple):
        raise TypeError(f"scope must be a list of str, not {type(scope).__name__}")
    if not scope:
        raise ValueError("scope is empty: it would allow nothing")
    return [_check_pattern(each) for each in dict.fromkeys(scope)]


def _check_pattern(pattern: Any) -> str:
    segments = check_id("scope entry", pattern).split(":")
    if "" in segments:
        raise ValueError(f"scope entry {pattern!r} has an empty segment")
    if ANYTHING in segments[:-1]:
        raise ValueError(f"scope entry {pattern!r}: * may only stand at the end")
    return str(pattern)


def covers(pattern: str, permission: str) -> bool:
    """Whether a pattern allows a permission, or all that another pattern allows.

    A final `*` stands for one or more segments, so `topic:*` covers `topic:a` and `topic:a:b`, but not `topic`.
    """
    if pattern == permission:
        return True
    *before, last = pattern.split(":")
    asked = permission.split(":")
    return last == ANYTHING and len(asked) > len(before) and asked[: len(before)] == before


def covered(scope: list[str], permission: str) -> bool:
    """Whether any pattern of a scope allows a permission."""
    return any(covers(pattern, permission) for pattern in scope)
