"""All that can be reached from an object, to be compared."""

from __future__ import annotations

import types
from array import array
from collections import deque
from collections.abc import Iterator
from typing import Any

from cosmo_doppler.session.rewind import _slots

REACHED_BY_LOOKING = {"_changes"}
"""What is no fact about the signals: what screens have not been told yet."""


def facts(thing: Any) -> list[Any]:
    """All that can be reached from a model object, in an order of its own, without identities."""
    numbers: dict[int, int] = {}
    held: list[Any] = []
    told: list[Any] = []
    waiting: list[tuple[str, Any]] = [("board", thing)]
    while waiting:
        path, each = waiting.pop()
        if isinstance(each, str | bytes | int | float | bool | type(None)):
            told.append((path, each))
            continue
        if id(each) in numbers:
            told.append((path, "seen", numbers[id(each)]))
            continue
        numbers[id(each)] = len(numbers)
        held.append(each)
        waiting += reversed(list(parts(path, each)))
    return told


def parts(path: str, each: Any) -> Iterator[tuple[str, Any]]:
    yield f"{path}:{type(each).__name__}", None
    if isinstance(each, dict):
        for key, value in each.items():
            yield f"{path}.key", key if isinstance(key, str | int | float | tuple) else repr(type(key))
            yield f"{path}[{key!r:.40}]", value
    elif isinstance(each, set | frozenset):
        # Sets have no order, and what is in them no name: plain values are compared, anything else is counted.
        yield f"{path}.count", len(each)
        plain = (repr(value) for value in each if isinstance(value, str | int | float | tuple))
        yield f"{path}.set", " ".join(sorted(plain))
    elif isinstance(each, list | tuple | deque | array | bytearray):
        yield from ((f"{path}[{number}]", value) for number, value in enumerate(each))
    else:
        yield from inside(path, each)


def inside(path: str, each: Any) -> Iterator[tuple[str, Any]]:
    """Parts of what is no container."""
    if isinstance(each, types.MethodType):
        yield f"{path}.of", each.__self__
    elif isinstance(each, types.FunctionType):
        yield from ((f"{path}.cell", cell.cell_contents) for cell in each.__closure__ or ())
    elif type(each).__module__.startswith("cosmo_doppler.model"):
        names = {*_slots(type(each)), *getattr(each, "__dict__", {})} - REACHED_BY_LOOKING
        yield from ((f"{path}.{name}", getattr(each, name)) for name in sorted(names) if hasattr(each, name))
    else:
        yield f"{path}.repr", repr(each)
