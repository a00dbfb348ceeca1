"""The signals of a namespace below what `synapse view` says of it, until Ctrl-C or the end of the bus."""

from __future__ import annotations

import asyncio

from cosmo_doppler.cli.lines import tail_line
from cosmo_doppler.cli.output import LinePrinter, show
from cosmo_doppler.cli.running import until_interrupted
from cosmo_doppler.cli.watching import Frame, watching
from cosmo_sdk.header import read_header

RULE = "─" * 64


async def stream(url: str, namespace: str) -> None:
    """Print every signal of a namespace. A bus that goes away ends it.

    Raises:
        SynapseError: nothing answers there, or it is no bus.
    """
    banner = f"\n  Streaming  cosmonapse.{namespace}.>  -  Ctrl-C to stop\n  {RULE}"
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    def end() -> None:
        loop.call_soon_threadsafe(over.set)

    def line(frame: Frame) -> str:
        return "  " + tail_line(frame.at, read_header(frame.data))

    printer = LinePrinter[Frame](line, on_broken=end)
    try:
        async with watching(url, namespace, printer.print, on_lost=end):
            await until_interrupted(wait_for(over), ready=lambda: show(banner))
    finally:
        printer.close()


async def wait_for(event: asyncio.Event) -> None:
    """Do nothing until it is set."""
    await event.wait()
