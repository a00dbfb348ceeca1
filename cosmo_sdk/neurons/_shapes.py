"""Reading what providers send: whatever is not of the expected shape counts as absent."""

from __future__ import annotations

from typing import Any


def mapping(value: Any) -> dict[str, Any]:
    """A dict, or an empty one."""
    return value if isinstance(value, dict) else {}


def entries(value: Any) -> list[dict[str, Any]]:
    """The dicts in a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def first(value: Any) -> dict[str, Any]:
    """The first dict of a list, or an empty one."""
    return next(iter(entries(value)), {})


def text_in(content: Any) -> str:
    """The text of a message: itself, or that of its parts."""
    if isinstance(content, str):
        return content
    parts = (part.get("text") for part in entries(content) if part.get("type", "text") == "text")
    return "".join(part for part in parts if isinstance(part, str))


def present(**values: Any) -> dict[str, Any]:
    """The values that are not None."""
    return {name: value for name, value in values.items() if value is not None}
