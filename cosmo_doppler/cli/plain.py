"""`cosmo doppler` without a terminal: a session told line by line on stdout."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator

from cosmo_doppler.cli.exits import no_bus
from cosmo_doppler.cli.narrator import HEADING, Narrator
from cosmo_doppler.cli.output import LinePrinter, say, show, show_all
from cosmo_doppler.cli.running import until_interrupted
from cosmo_doppler.cli.skipped import say_skipped
from cosmo_doppler.query import Filter
from cosmo_doppler.session import Session, SessionStatus
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.words import many

POLL_S = 0.1
SLICE = 500
"""Signals read in one hold of the session's lock."""


def tell_recording(session: Session, rows: Iterable[int], wanted: Filter | None = None) -> None:
    """Print a recording, and return.

    Args:
        session: on the recording.
        rows: positions of the signals to tell, ascending.
        wanted: tell only these of them.
    """
    looked_at = 0

    def counted() -> Iterator[int]:
        nonlocal looked_at
        for seq in rows:
            looked_at += 1
            yield seq

    show(HEADING)
    show_all(_told(session, counted(), Narrator(wanted)))
    say_skipped(session)
    count = session.status().skipped
    skipped = f", {many(count, 'line')} skipped that {'is no signal' if count == 1 else 'are no signals'}"
    part = f"{looked_at:,} of " if looked_at < len(session.store) else ""
    say(f"end of {safe(session.title)}: {part}{many(len(session.store), 'signal')}{skipped if count else ''}")


def _told(session: Session, rows: Iterable[int], narrator: Narrator) -> Iterator[str]:
    store, known = session.store, 0
    for seq in rows:
        for earlier in range(known, seq):
            # What came before is not told, but what is told depends on it.
            for _ in narrator.tell(store.observed(earlier), store.frame(earlier)):
                pass
        yield from narrator.tell(store.observed(seq), store.frame(seq))
        known = seq + 1


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
