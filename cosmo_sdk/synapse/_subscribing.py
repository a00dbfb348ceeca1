"""What every synapse does around a subscription: check the pattern, end it once, survive its tap."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from inspect import isawaitable

from cosmo_bus.subjects import check_pattern
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.synapse.base import FrameHandler, Subscription

logger = logging.getLogger(__name__)


class EndsOnce(Subscription):
    """A subscription that calls `end()` the first time it is unsubscribed."""

    def __init__(self, end: Callable[[], Awaitable[None] | None]) -> None:
        self._end: Callable[[], Awaitable[None] | None] | None = end

    async def unsubscribe(self) -> None:
        """Stop receiving. Calling it again does nothing."""
        end, self._end = self._end, None
        ending = None if end is None else end()
        if isawaitable(ending):
            await ending


def checked(pattern: str) -> str:
    """Return a well-formed pattern.

    Raises:
        SynapseError: it is malformed.
    """
    try:
        return check_pattern(pattern)
    except ValueError as error:
        raise SynapseError(str(error)) from None


def run_tap(tap: FrameHandler, subject: str, frame: bytes) -> None:
    """Hand a frame to a tap; whatever it raises is logged and disturbs nobody."""
    try:
        tap(subject, frame)
    except Exception:
        logger.exception("a tap failed on %s", subject)
