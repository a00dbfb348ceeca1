"""What a Neuron says while it works: THOUGHT_DELTAs on the trace of its TASK."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.signal_types import SignalType

_logger = logging.getLogger("cosmo_sdk.axon")

Publish = Callable[[Signal], Awaitable[None]]
"""Sends a Signal past the guards, as a reply is."""

MakeReply = Callable[[Signal, SignalType, dict[str, Any]], Signal]
"""The Signal of a type, in an Axon's name, caused by another one."""


class _Stream:
    """The thoughts about one TASK, for the length of a `with` block. Every TASK makes one: no generator for it."""

    __slots__ = ("_before", "next", "open", "publish", "task")

    def __init__(self, task: Signal, publish: Publish | None) -> None:
        self.task = task
        self.publish = publish
        self.next = 0
        self.open = True

    def __enter__(self) -> None:
        self._before = _current.set(self)

    def __exit__(self, *raised: object) -> None:
        self.open = False
        _current.reset(self._before)


_current: ContextVar[_Stream | None] = ContextVar("cosmo_thoughts", default=None)


class Thoughts:
    """Numbers and publishes the thoughts of one Axon. A thought that cannot be sent is counted and fails nobody.

    Args:
        make: builds the Signal.
    """

    def __init__(self, make: MakeReply) -> None:
        self._make = make
        self.publish: Publish | None = None
        """Where those of the next TASK go; None: to nobody."""
        self.lost = 0
        """Thoughts that came after their TASK was over, or while the bus was away."""

    def about(self, task: Signal) -> _Stream:
        """What is said inside the `with` block belongs to this TASK."""
        return _Stream(task, self.publish)

    async def say(self, delta: str) -> None:
        """Publish the next piece about the TASK being worked on.

        Raises:
            RuntimeError: no TASK is.
        """
        stream = _current.get()
        if stream is None:
            raise RuntimeError(
                "emit_thought_delta() was called outside of a TASK: there is no trace to put it on"
            )
        number, stream.next = stream.next, stream.next + 1
        if not stream.open:
            # Of a thread that nothing could interrupt: whoever listened has had the answer, or stopped.
            self.lost += 1
            return
        if stream.publish is None:
            return
        thought = self._make(stream.task, SignalType.THOUGHT_DELTA, {"delta": delta, "seq": number})
        try:
            await stream.publish(thought)
        except SynapseError as error:
            self.lost += 1
            if self.lost == 1:
                _logger.warning("a thought of %s is lost: %s", thought.neuron, error)
