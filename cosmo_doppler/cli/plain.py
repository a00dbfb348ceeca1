"""`cosmo doppler` without a terminal: a session told line by line on stdout."""

from __future__ import annotations

import asyncio
import time

from cosmo_doppler.cli.exits import no_bus
from cosmo_doppler.cli.narrator import HEADING, Narrator
from cosmo_doppler.cli.output import LinePrinter, say, show, show_all
from cosmo_doppler.cli.running import until_interrupted
from cosmo_doppler.cli.skipped import say_skipped
from cosmo_doppler.query import Filter
from cosmo_doppler.session import Session, SessionStatus, load_all
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.words import many

POLL_S = 0.1
SLICE = 500
"""Signals read in one hold of the session's lock."""


def tell_recording(session: Session, wanted: Filter | None = None) -> None:
    """Print a whole recording, or what is wanted of it, and return."""
    load_all(session)
    narrator, store = Narrator(wanted), session.store
    show(HEADING)
    show_all(
        line for seq in range(len(store)) for line in narrator.tell(store.observed(seq), store.frame(seq))
    )
    say_skipped(session)
    count = session.status().skipped
    skipped = f", {many(count, 'line')} skipped that {'is no signal' if count == 1 else 'are no signals'}"
    say(f"end of {safe(session.title)}: {many(len(session.store), 'signal')}{skipped if count else ''}")


async def tell_live(session: Session, wanted: Filter | None = None, *, seconds: float | None) -> None:
    """Print a bus, or the demo, as it happens: until interrupted, or for some seconds."""
    loop = asyncio.get_running_loop()
    reader_left = asyncio.Event()

    def leave() -> None:
        loop.call_soon_threadsafe(reader_left.set)

    printer = LinePrinter[str](str, on_broken=leave)
    session.start()
    reached = False
    try:
        await until_interrupted(
            _follow(session, Narrator(wanted), printer, reader_left),
            seconds=seconds,
            ready=lambda: printer.print(HEADING),
        )
        status = session.status()
        reached = bool(len(session.store)) or status.state == "live"
    finally:
        await asyncio.to_thread(session.stop)
        printer.close()
    say(f"end: {many(len(session.store), 'signal')} seen")
    if not reached:
        raise no_bus(session.title, status.detail or "it never answered")


async def _follow(
    session: Session, narrator: Narrator, printer: LinePrinter[str], reader_left: asyncio.Event
) -> None:
    told = 0
    words = ""
    while not reader_left.is_set():
        status = session.status()
        if (news := _in_words(session, status)) != words:
            words = news
            say(words)
        while told < len(session.store):
            with session.lock:
                rows = range(told, min(told + SLICE, len(session.store)))
                seen = [(session.store.observed(seq), session.store.frame(seq)) for seq in rows]
            told += len(seen)
            for each, frame in seen:
                for line in narrator.tell(each, frame):
                    printer.print(line)
            await asyncio.sleep(0)
        for line in narrator.pass_time(time.time()):
            printer.print(line)
        await asyncio.sleep(POLL_S)


def _in_words(session: Session, status: SessionStatus) -> str:
    where = f"{safe(session.title)} namespace {session.namespace}"
    if status.state == "live":
        return f"watching {where}"
    reason = f": {safe(status.detail)}" if status.detail else ""
    return f"{status.state} ({where}){reason}"
