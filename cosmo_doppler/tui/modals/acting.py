"""How a flow reaches the bus: say in one line what failed, and send apart from the form that asked."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from textual.app import App

from cosmo_doppler.controls import ControlError, Operator
from cosmo_doppler.session import Session
from cosmo_doppler.tui.errands import begin
from cosmo_doppler.tui.safe import safe

R = TypeVar("R")

MAX_NOTICE = 300
"""Characters of a notice."""


def tell(app: App[Any], sentence: str) -> None:
    """One calm line about something the screen does not show by itself. `sentence` may hold bus text."""
    app.notify(safe(sentence, MAX_NOTICE), markup=False)


def apart(app: App[Any], sending: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Send in a worker of its own: a round of bids may take minutes, and the next form must not cut it short."""
    begin(app, sending, group="acting")


def read_only(app: App[Any], session: Session) -> bool:
    """Whether acting is off; says why."""
    if session.read_only_reason:
        tell(app, session.read_only_reason)
    return bool(session.read_only_reason)


async def act(
    app: App[Any], session: Session, call: Callable[[Operator], Coroutine[Any, Any, R]]
) -> R | None:
    """Act on the session's bus. None when that failed, which has been said by then."""
    try:
        return await session.act(call)
    except ControlError as error:
        tell(app, str(error))
        return None
