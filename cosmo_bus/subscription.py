"""What a client subscribed to, and how messages come to whoever asked for them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from uuid import uuid4

from cosmo_bus.wire import Message, line_of

logger = logging.getLogger(__name__)

Handler = Callable[[str, bytes], None]
"""Gets subject and frame of every message, in order. Must not block."""

LinesHandler = Callable[[Sequence[str], bytes], None]
"""Gets messages that came together: their subjects, and their frames with a newline behind each and none within."""


class BusSubscription:
    """A pattern and its handler. Survives reconnects.

    Args:
        pattern: which subjects.
        handler: gets each message.
        group: a queue group.
        together: gets messages instead of `handler` where several come together.
        forget: ends it at the client that has it.
    """

    def __init__(
        self,
        pattern: str,
        handler: Handler,
        group: str | None,
        together: LinesHandler | None,
        forget: Callable[[BusSubscription], None],
    ) -> None:
        self.pattern = pattern
        self.group = group
        self.sub_id = uuid4().hex
        self._handler = handler
        self._together = together
        self._forget = forget

    async def unsubscribe(self) -> None:
        """Stop receiving. Calling it again does nothing."""
        self._forget(self)

    def line(self) -> bytes:
        """The `sub` that makes it known to a bus."""
        if self.group is None:
            return line_of(op="sub", sub_id=self.sub_id, subject=self.pattern)
        return line_of(op="sub", sub_id=self.sub_id, subject=self.pattern, queue_group=self.group)

    def receive(self, message: Message) -> None:
        """Hand one message over. What the handler raises is logged."""
        try:
            self._handler(message.subject, message.frame.encode())
        except Exception:
            logger.exception("the handler of %s failed", self.pattern)

    def receive_together(self, messages: Sequence[Message]) -> bool:
        """Hand several over at once. False when they have to go one by one, and none has gone."""
        if self._together is None:
            return False
        lines = "\n".join([*[message.frame for message in messages], ""]).encode()
        if lines.count(b"\n") != len(messages):
            return False
        try:
            self._together([message.subject for message in messages], lines)
        except Exception:
            logger.exception("the handler of %d messages failed", len(messages))
        return True
