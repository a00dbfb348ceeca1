"""Reading what others sent: a payload may hold anything."""

from __future__ import annotations

from typing import Any


def texts(value: Any) -> list[str]:
    """The texts in what should be a list of texts."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
