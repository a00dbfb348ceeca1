"""Asking a bus how it is, once or again and again, and showing the answer."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cosmo_doppler.bus_picture import Line, picture, rates
from cosmo_doppler.cli.output import say, show, show_all, show_json
from cosmo_doppler.management import BusRefused, Management, manage

WITHOUT_TERMINAL = 120
"""Columns of what is printed into a file or a pipe."""

Paint = Callable[[list[Line]], None]


async def look(url: str, as_json: bool) -> None:
    """Show how the bus is now.

    Raises:
        CannotConnect: nothing answers there, it is no bus, or it does not let us in.
    """
    async with manage(url) as bus:
        stats = await _ask(bus)
    if as_json:
        show_json({"url": url, **stats})
        return
    show_all(line.text for line in picture(url, stats, None, width=_columns()))
    if not stats.get("namespaces"):
        say(f"no namespaces are announced on {url}")


async def watch(url: str, every_s: float, as_json: bool) -> None:
    """Show how the bus is, again and again, until cancelled or the bus goes away.

    Raises:
        CannotConnect: nothing answers there, it is no bus, or it does not let us in.
        BusClosed: it went away.
    """
    before: dict[str, Any] | None = None
    async with manage(url) as bus:
        with _painting() as paint:
            while True:
                stats = await _ask(bus)
                per_second = rates(stats, before)
                if as_json:
                    show(json.dumps({"url": url, **stats, "rates": per_second}))
                else:
                    paint(list(picture(url, stats, per_second, width=_columns())))
                before = stats
                await asyncio.sleep(every_s)


async def _ask(bus: Management) -> dict[str, Any]:
    """Everything the bus tells of itself; a released one only has its namespaces."""
    try:
        stats = await bus.ask("mgmt_stats")
    except BusRefused:
        stats = await bus.ask("mgmt_list")
    return {key: value for key, value in stats.items() if key != "op"}


def _columns() -> int:
    return shutil.get_terminal_size((WITHOUT_TERMINAL, 24)).columns


@contextmanager
def _painting() -> Iterator[Paint]:
    """What shows one picture in the place of the last; where there is no terminal, below it."""
    if not sys.stdout.isatty():
        yield lambda lines: show_all([*(line.text for line in lines), ""])
        return
    from rich.live import Live
    from rich.text import Text

    with Live(auto_refresh=False, screen=True, vertical_overflow="ellipsis") as live:

        def paint(lines: list[Line]) -> None:
            text = Text("\n", no_wrap=True, overflow="ellipsis").join(
                Text(line.text, style=line.style) for line in lines
            )
            live.update(text, refresh=True)

        yield paint
