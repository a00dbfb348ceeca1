"""`cosmo gate hold`: a gate for as long as it runs."""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import TYPE_CHECKING, Any

import click

from cosmo_doppler.cli.exits import CommandError, Exit
from cosmo_doppler.cli.gating import gates_of
from cosmo_doppler.cli.options import (
    DURATION,
    bus_options,
    examples,
    for_option,
    json_option,
    where_options,
)
from cosmo_doppler.cli.output import say, show
from cosmo_doppler.cli.running import run, until_interrupted

if TYPE_CHECKING:
    from cosmo_bus.gate_client import HeldFrame


@click.command(
    epilog=examples(
        "cosmo gate hold --type BID",
        "cosmo gate hold --trace trc_01M7Y84VTBY6BC1KX7ZXP2WD0G --max-hold 10m",
        "cosmo gate hold --type TASK_AWARDED --neuron summarizer --json",
    )
)
@bus_options
@where_options
@click.option(
    "--max-hold",
    type=DURATION,
    default="5m",
    show_default=True,
    metavar="SECONDS",
    help="The gate opens for good once it has held a signal for that long.",
)
@click.option("--name", help="The gate's name, for the other commands.  [default: from the process id]")
@for_option("End after this long.")
@json_option("Print what is held as JSON, one object a line.")
def hold(
    url: str,
    namespace: str,
    type_: str | None,
    trace: str | None,
    neuron: str | None,
    max_hold: float,
    name: str | None,
    seconds: float | None,
    as_json: bool,
) -> None:
    """Hold matching signals until Ctrl-C, and print what is held."""
    from cosmo_bus.facts import Where

    where = Where(type=type_, trace_id=trace, neuron=neuron)
    gate_id = name or f"cosmo-{os.getpid()}"

    async def keep() -> None:
        await until_interrupted(_hold(url, gate_id, namespace, where, max_hold, as_json), seconds=seconds)

    run(keep)


async def _hold(url: str, gate_id: str, namespace: str, where: Any, max_hold_s: float, as_json: bool) -> None:
    print_held = _print_json if as_json else _print_line
    gone: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def end(_: str, reason: str) -> None:
        if not gone.done():
            gone.set_result(reason)

    async with gates_of(url, on_lost=lambda: end("", "the bus went away")) as gates:
        gates.on_held(print_held)
        gates.on_gone(end)
        await gates.set(gate_id, subject=f"cosmonapse.{namespace}.>", where=where, max_hold_s=max_hold_s)
        say(f"holding at gate {gate_id} on {url} namespace {namespace}, Ctrl-C lets everything go")
        reason = await gone
    if reason == "the bus went away":
        raise CommandError(f"lost the bus at {url}", "start it again and hold once more", Exit.UNREACHABLE)
    if reason != "cleared":
        raise CommandError(
            f"gate {gate_id} is open: {reason}; everything it held was let go",
            "step or release sooner, or raise --max-hold",
        )
    say(f"gate {gate_id} was cleared; everything it held was let go")


def _print_line(held: HeldFrame) -> None:
    from cosmo_doppler.cli.lines import columns
    from cosmo_sdk.header import read_header

    show(f"{held.hold_id:<6}  {columns(time.time(), read_header(held.frame)).rstrip()}")


def _print_json(held: HeldFrame) -> None:
    from cosmo_doppler.cli.lines import json_line
    from cosmo_sdk.header import read_header

    signal = json_line(held.frame, read_header(held.frame))
    rest = json.dumps({"hold_id": held.hold_id, "gate_id": held.gate_id, "subject": held.subject})
    show(f'{rest[:-1]}, "signal": {signal}}}')
