"""The TASK being handled right now, as a context variable: what is asked inside belongs to it (PROTOCOL 3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[tuple[str, str] | None] = ContextVar("cosmo_task", default=None)


def current_task() -> tuple[str, str] | None:
    """`(trace_id, task id)` of the TASK this code runs for; None outside of any."""
    return _current.get()


@contextmanager
def handling(trace_id: str, task_id: str) -> Iterator[None]:
    """Run the block on behalf of a TASK."""
    token = _current.set((trace_id, task_id))
    try:
        yield
    finally:
        _current.reset(token)
