"""The TASK being handled right now, as a context variable: what is asked inside belongs to it (PROTOCOL 3.4)."""

from __future__ import annotations

from contextvars import ContextVar

_current: ContextVar[tuple[str, str] | None] = ContextVar("cosmo_task", default=None)


def current_task() -> tuple[str, str] | None:
    """`(trace_id, task id)` of the TASK this code runs for; None outside of any."""
    return _current.get()


class handling:  # noqa: N801 - used like a keyword
    """`with handling(trace_id, task_id):` runs the block on behalf of a TASK."""

    __slots__ = ("_task", "_token")

    def __init__(self, trace_id: str, task_id: str) -> None:
        self._task = (trace_id, task_id)

    def __enter__(self) -> None:
        self._token = _current.set(self._task)

    def __exit__(self, *raised: object) -> None:
        _current.reset(self._token)
