"""Running a command's coroutine, and ending it when the person, the clock or the system says so."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

R = TypeVar("R")

SAME_PRESS_S = 0.5
"""Signals this close together are one press of Ctrl-C."""

Ending = Literal["finished", "interrupted", "time is up"]
"""Why a streaming command ended."""


LOOP_VARIABLE = "COSMO_LOOP"
"""Environment variable: `asyncio` keeps the standard event loop where uvloop is installed."""


def run(main: Callable[[], Coroutine[Any, Any, R]], *, long: bool = False) -> R:
    """Run one coroutine to its end. Ctrl-C cancels it, and the command exits with 130.

    Args:
        main: makes the coroutine.
        long: it is worth the time to load the faster event loop of the extra `fast`, if that is installed.
    """
    with asyncio.Runner(loop_factory=_fastest_loop() if long else None) as runner:
        return runner.run(main())


def _fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if os.environ.get(LOOP_VARIABLE) == "asyncio":
        return None
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def until_interrupted(
    work: Coroutine[Any, Any, None],
    *,
    seconds: float | None = None,
    ready: Callable[[], None] = lambda: None,
) -> Ending:
    """Run `work` until it ends, Ctrl-C or SIGTERM comes, or `seconds` have passed. For commands that stream.

    Ctrl-C is the way such a command ends, so it is no error here. `work` is cancelled and awaited, and what it
    raises by itself is raised.

    Args:
        work: what to run.
        seconds: end it after this long.
        ready: called as soon as Ctrl-C ends it, so the time to say that it does.
    """
    task = asyncio.create_task(work)
    with interruption() as interrupted:
        waiting = asyncio.create_task(interrupted.wait())
        try:
            ready()
            done, _ = await asyncio.wait(
                {task, waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiting.cancel()
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
    if task in done:
        await task
        return "finished"
    return "interrupted" if waiting in done else "time is up"


def ending_signals() -> list[signal.Signals]:
    """What ends a command that streams. The end of its terminal does, too, but not where `nohup` said otherwise."""
    ends = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        ends.append(signal.SIGHUP)
    return ends


def end_at_latest(seconds: float, code: int) -> None:
    """End this process after that long whatever it waits for then, without another word.

    Args:
        seconds: from now.
        code: what it exits with.
    """
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()


@contextmanager
def interruption() -> Iterator[asyncio.Event]:
    """An event that Ctrl-C, SIGTERM or the end of the terminal sets. Another one, later, interrupts for good, should the end hang.

    Not at once: what starts us may pass on the signal that its whole process group got anyway.
    """
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":  # no signal handlers in its event loops: Ctrl-C raises there
        yield event
        return

    ends = ending_signals()

    def restore() -> None:
        for number in ends:
            loop.remove_signal_handler(number)

    def note() -> None:
        if not event.is_set():
            event.set()
            loop.call_later(SAME_PRESS_S, restore)

    for number in ends:
        loop.add_signal_handler(number, note)
    try:
        yield event
    finally:
        if not event.is_set():
            restore()
