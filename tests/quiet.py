"""What a test of the screen waits for: until nothing is left to do, and no longer.

Textual's own pilot waits until the process takes little processor time. That is 20 ms and more for every key, and on
a loaded machine it is either a second or too early. Here the event loop is asked instead: nobody has anything left
to run, and nothing waits to be painted. Timers, threads and sockets are not waited for: whoever tests what they bring
waits for that itself.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import textual.app
import textual.pilot
from textual._context import active_app
from textual.screen import Screen

_TURNS = 10_000
"""Of a loop that always has something to do: as quiet as it gets."""

_MOMENT_S = 0.001


def waits_to_be_painted(screen: Screen[Any]) -> bool:
    """Whether the next frame of the screen, up to 17 ms away, would do anything."""
    return screen.is_current and bool(
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
        or screen._callbacks
    )


async def until_quiet(min_sleep: float = 0.0, max_sleep: float = 0.0) -> None:
    """Let everybody on the loop go on until they wait for something that comes from outside.

    Takes the place of `textual._wait.wait_for_idle`, whose arguments mean nothing here.
    """
    loop = asyncio.get_running_loop()
    app = active_app.get()
    # Whoever looks again and again leaves the processor to those they wait for.
    await asyncio.sleep(_MOMENT_S)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined]
            continue
        if app._batch_count or not app.screen_stack or not waits_to_be_painted(app.screen):
            return
        app.screen._on_timer_update()


def install(patch: pytest.MonkeyPatch) -> None:
    """Have Textual's pilots wait like this."""
    for module in (textual.app, textual.pilot):
        patch.setattr(module, "wait_for_idle", until_quiet)
