"""What a screen has done beside itself: forms that wait for a person, and calls that wait for a bus."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import Worker


def begin(
    node: DOMNode,
    errand: Callable[[], Coroutine[Any, Any, None]],
    *,
    group: str = "default",
    exclusive: bool = False,
) -> Worker[None]:
    """Run a coroutine function in a worker.

    It is handed over uncalled, because the next exclusive errand of the group may end the worker before its first
    step, and a coroutine that was made and never awaited is reported as a mistake.

    Args:
        node: whose worker it is; it ends with that.
        errand: what to run; `functools.partial` gives it arguments.
        group: whom `exclusive` is about.
        exclusive: end the other errands of the group first.
    """
    return node.run_worker(errand, group=group, exclusive=exclusive)
