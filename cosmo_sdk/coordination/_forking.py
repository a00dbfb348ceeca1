"""Connections that must not cross a fork: before one they are closed, after it parent and child open their own."""

from __future__ import annotations

import contextlib
import os
import weakref
from typing import Protocol


class Forked(Protocol):
    """Whoever has such connections."""

    def before_fork(self) -> None:
        """Wait for what is under way, close everything, and let nothing begin."""
        ...

    def after_fork(self) -> None:
        """Go on in the parent."""
        ...

    def after_fork_in_child(self) -> None:
        """Begin in the child, whose other threads are gone."""
        ...


_known: weakref.WeakSet[Forked] = weakref.WeakSet()
_forking: list[Forked] = []


def told_of_forks(pool: Forked) -> None:
    """Tell somebody of every fork from now on, for as long as it lives."""
    _known.add(pool)


def _before_fork() -> None:
    _forking[:] = list(_known)
    for pool in _forking:
        pool.before_fork()


def _after_fork_in_parent() -> None:
    for pool in _forking:
        pool.after_fork()
    _forking.clear()


def _after_fork_in_child() -> None:
    for pool in _forking:
        pool.after_fork_in_child()
    _forking.clear()


# Where processes do not fork there is nothing to register with.
with contextlib.suppress(AttributeError):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
    )
