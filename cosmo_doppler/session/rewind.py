"""Taking back what was folded: the last signals on a board can be undone in the time of a frame.

A board is a graph of plain objects that knows nothing of this. While a stretch of signals is folded with an eye on
it, every object of the model is copied (its own attributes and containers, nothing deeper) right before it is used
for the first time in that stretch; putting these copies back is the board as it was when the stretch began. The eyes
are `__getattribute__` and `__setattr__` of the model's classes, put there for as long as it takes: folding without
them costs nothing more.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import Any

import cosmo_doppler.model
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.lasting import Log, Table, TableMark

MOST_STRETCHES = 256
"""Stretches that can be taken back."""

MOST_KEPT = 4_000_000
"""Values that may be kept for all of them together; beyond that the oldest go."""

_LOOKED_AT = 8
"""Entries of a container that are looked at to see whether there are containers in it."""

_CONTAINERS = (Table, Log, list, dict, set, deque, bytearray, array)

_UNSET: Any = object()
"""Stands for the value of a slot that has none."""

_get = object.__getattribute__
_set = object.__setattr__

_one_at_a_time = threading.RLock()
"""Two boards in two threads are not watched at once: the eyes are the classes'."""


class _Kinds(dict[type, "type | None"]):
    """By class: which container it is, or is made from."""

    def __missing__(self, kind: type) -> type | None:
        found = self[kind] = next((each for each in _CONTAINERS if issubclass(kind, each)), None)
        return found


# Asked by class. An object is not asked what it is: that would be to look at it.
_kinds = _Kinds()


class Stretch:
    """Some signals, folded one after the other, and what everything they touched was before.

    Args:
        position: signals folded before it.
        now: the moment the board showed before it, epoch seconds.
    """

    def __init__(self, position: int, now: float) -> None:
        self.position = position
        self.now = now
        self.kept = 0
        """Values held."""
        self.objects: dict[int, tuple[Any, tuple[Any, ...]]] = {}
        """What was used already, and the values of its attributes before: of its slots in their order, then, where it has
        one, a copy of its dict. Most of all that is kept is this, so it is kept without names."""
        self._containers: dict[int, tuple[Any, Any]] = {}

    def touch(self, thing: Any) -> None:
        """An object of the model is about to be used for the first time."""
        values = _values(thing)
        self.objects[id(thing)] = thing, values
        kind: Any = type(thing)
        named = values[-1] if _has_dict(kind) else None
        self.kept += len(values) + len(named or ())
        for value in values if named is None else (*values[:-1], *named.values()):
            if _kinds[type(value)] is not None:
                self._keep(value)

    def undo(self) -> None:
        """Put everything back."""
        for container, values in self._containers.values():
            kind = _kinds[type(container)]
            if kind is not None:
                _REFILL[kind](container, values)
        for thing, values in self.objects.values():
            made_of: Any = type(thing)
            for name, value in zip(_slots(made_of), values, strict=False):
                if value is not _UNSET:
                    _set(thing, name, value)
                elif _value(thing, name) is not _UNSET:
                    object.__delattr__(thing, name)
            if _has_dict(made_of):
                known = values[-1]
                for name in [name for name in _get(thing, "__dict__") if name not in known]:
                    object.__delattr__(thing, name)
                for name, value in known.items():
                    _set(thing, name, value)

    def _keep(self, container: Any) -> None:
        """Copy a container, and those directly in it."""
        held = self._containers
        waiting = [container]
        while waiting:
            each = waiting.pop()
            kind = _kinds[type(each)]
            if kind is None or id(each) in held:
                continue
            held[id(each)] = each, _COPY[kind](each)
            self.kept += 1 if kind is Table or kind is Log else len(each)
            inner = each.values() if kind is dict or kind is Table else each
            for value in islice(inner, _LOOKED_AT):
                if _containers_in(value):
                    waiting += [found for value in inner for found in _containers_in(value)]
                    break


def _containers_in(value: Any) -> tuple[Any, ...]:
    kind = type(value)
    if _kinds[kind] is not None:
        return (value,)
    # Named tuples, too.
    if kind is not tuple and not issubclass(kind, tuple):
        return ()
    return tuple(each for each in value if _kinds[type(each)] is not None)


def _refill(container: Any, values: Any) -> None:
    container.clear()
    container.update(values)


def _replace(container: Any, values: Any) -> None:
    container[:] = values


def _refill_deque(container: Any, values: Any) -> None:
    container.clear()
    container.extend(values)


def _cut(container: Any, length: int) -> None:
    del container[length:]


def _take_back(table: Any, mark: TableMark) -> None:
    mark.undo(table)


_COPY: dict[type, Callable[[Any], Any]] = {
    Table: TableMark,
    Log: len,
    list: list.copy,
    dict: dict,
    set: set,
    deque: tuple,
    bytearray: bytes,
    array: array.__copy__,
}
_REFILL: dict[type, Callable[[Any, Any], None]] = {
    Table: _take_back,
    Log: _cut,
    list: _replace,
    dict: _refill,
    set: _refill,
    deque: _refill_deque,
    bytearray: _replace,
    array: _replace,
}


def _values(thing: Any) -> tuple[Any, ...]:
    """Every attribute an object has now: see `Stretch.objects`."""
    kind: Any = type(thing)
    values = [_value(thing, name) for name in _slots(kind)]
    if _has_dict(kind):
        values.append(dict(_get(thing, "__dict__")))
    return tuple(values)


def _value(thing: Any, name: str) -> Any:
    try:
        return _get(thing, name)
    except AttributeError:
        return _UNSET


@cache
def _has_dict(kind: Any) -> bool:
    """Whether objects of a class may have attributes beside their slots."""
    return bool(kind.__dictoffset__)


@cache
def _slots(kind: Any) -> tuple[str, ...]:
    return tuple(
        name
        for each in kind.__mro__
        for name in each.__dict__.get("__slots__", ())
        if name not in ("__dict__", "__weakref__")
    )


@cache
def _model_classes() -> tuple[type, ...]:
    """Every class of the model whose objects can change."""
    found = []
    package = cosmo_doppler.model
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == info.name and _changes(value):
                found.append(value)  # noqa: PERF401
    return tuple(found)


def _changes(kind: type) -> bool:
    frozen = getattr(kind, "__struct_config__", None)
    return not issubclass(kind, (tuple, BaseException, str, TableMark, *_CONTAINERS)) and frozen is None


@contextmanager
def _eyes_of(stretch: Stretch) -> Iterator[None]:
    """Have everything that is used by this thread told to a stretch first."""
    known, touch, here = stretch.objects, stretch.touch, threading.get_ident()

    def read(thing: Any, name: str) -> Any:
        if id(thing) not in known and threading.get_ident() == here:
            touch(thing)
        return _get(thing, name)

    def write(thing: Any, name: str, value: Any) -> None:
        if id(thing) not in known and threading.get_ident() == here:
            touch(thing)
        _set(thing, name, value)

    with _one_at_a_time:
        for kind in _model_classes():
            kind.__getattribute__ = read  # type: ignore[method-assign, assignment]
            kind.__setattr__ = write  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            for kind in _model_classes():
                del kind.__getattribute__, kind.__setattr__


class Rewind:
    """What a board can take back.

    Args:
        board: nobody changes it but under `watching`, or after `forget`.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self._stretches: deque[Stretch] = deque()
        self._kept = 0

    @property
    def reaches(self) -> int | None:
        """The earliest position that can be gone back to; None when nothing can be taken back."""
        return self._stretches[0].position if self._stretches else None

    @property
    def last(self) -> Stretch | None:
        """The stretch that is folded now."""
        return self._stretches[-1] if self._stretches else None

    def begin(self, position: int) -> None:
        """Begin a stretch: the board can be put back to how it is now."""
        self._stretches.append(Stretch(position, self.board.now))
        self._kept += 0 if len(self._stretches) < 2 else self._stretches[-2].kept
        while len(self._stretches) > 1 and (len(self._stretches) > MOST_STRETCHES or self._kept > MOST_KEPT):
            self._kept -= self._stretches.popleft().kept

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While this is entered, what is done to the board can be taken back. Needs a stretch."""
        with _eyes_of(self._stretches[-1]):
            yield

    def forget(self) -> None:
        """The board is about to be changed without being watched."""
        self._stretches.clear()
        self._kept = 0

    def back(self, position: int, now: float, out_of_time: Callable[[], bool] = lambda: False) -> int | None:
        """Put the board back to the beginning of a stretch.

        Args:
            position: it must not know more signals than these.
            now: nor show a later moment, epoch seconds.
            out_of_time: asked after each stretch: whether to stop at its beginning for now.

        Returns:
            How many signals it knows then; None when it cannot go back that far, and was left as it is.
        """
        stretches = self._stretches
        if not stretches or stretches[0].position > position or stretches[0].now > now:
            return None
        while True:
            stretch = stretches.pop()
            stretch.undo()
            if stretches:
                self._kept -= stretches[-1].kept
            if (stretch.position <= position and stretch.now <= now) or out_of_time():
                return stretch.position
