"""`cosmo chaos`: faults on demand."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any

import click

from cosmo_doppler.cli.exits import CommandError, Exit
from cosmo_doppler.cli.options import (
    DURATION,
    RATE,
    bus_options,
    examples,
    for_option,
    json_option,
    where_options,
)
from cosmo_doppler.cli.output import say, show
from cosmo_doppler.cli.running import Ending, run, until_interrupted

if TYPE_CHECKING:
    from cosmo_bus.chaos import ChaosEvent
    from cosmo_bus.client import BusClient

FAULTS = ("drop", "duplicate", "delay", "reorder")


@click.command(
    epilog=examples(
        "cosmo chaos drop --type BID --rate 0.2 --seed 7",
        "cosmo chaos delay --neuron summarizer --rate 1 --delay 2s --for 1m",
        "cosmo chaos reorder -n staging --json",
    )
)
@click.argument("fault", type=click.Choice(FAULTS))
@bus_options
@where_options
@click.option(
    "--rate",
    type=RATE,
    default=0.1,
    show_default=True,
    help="How likely each signal meets the fault.",
)
@click.option(
    "--seed", type=int, help="Meet the same signals with the same faults again.  [default: a random one]"
)
@click.option(
    "--delay",
    type=DURATION,
    default="250ms",
    show_default=True,
    metavar="SECONDS",
    help="How late a delayed signal is; how long a reordered one waits for the next.",
)
@for_option("End after this long.")
@json_option("Print what happened as JSON, one object a line.")
def command(
    fault: str,
    url: str,
    namespace: str,
    type_: str | None,
    trace: str | None,
    neuron: str | None,
    rate: float,
    seed: int | None,
    delay: float,
    seconds: float | None,
    as_json: bool,
) -> None:
    """Make faults on the bus until Ctrl-C, and print each.

    \b
    drop       signals are lost
    duplicate  signals arrive twice
    delay      signals arrive late
    reorder    signals arrive after the one behind them

    The bus does it, so every client is concerned; recordings tell what was done. When the command ends, however it
    ends, the bus is as it was and what was delayed goes out.
    """
    chosen = int.from_bytes(os.urandom(4), "big") if seed is None else seed
    where = {"type": type_, "trace_id": trace, "neuron": neuron}
    rule: dict[str, Any] = {
        "rule_id": f"cosmo-{os.getpid()}",
        "fault": fault,
        "subject": f"cosmonapse.{namespace}.>",
        "where": {key: value for key, value in where.items() if value is not None},
        "rate": rate,
        "seed": chosen,
        "delay_ms": max(1, round(delay * 1000)),
    }
    run(lambda: _make(url, namespace, rule, seconds, as_json))


async def _make(url: str, namespace: str, rule: dict[str, Any], seconds: float | None, as_json: bool) -> None:
    from cosmo_bus.client import BusClient

    client = BusClient(url)
    await client.connect()
    try:
        await _watch(client, namespace, rule["rule_id"], as_json)
        await _ask(client, "chaos_set", **rule)
        banner = (
            f"{rule['fault']} at rate {rule['rate']:g}, seed {rule['seed']}, on {url} namespace {namespace}"
        )
        ending = await until_interrupted(
            _lost(client), seconds=seconds, ready=lambda: say(f"{banner}; Ctrl-C to end")
        )
        await _finish(client, rule["rule_id"], ending)
    finally:
        await client.close()


async def _watch(client: BusClient, namespace: str, rule_id: str, as_json: bool) -> None:
    import msgspec

    from cosmo_bus.chaos import ChaosEvent

    def receive(_: str, frame: bytes) -> None:
        event = msgspec.json.decode(frame, type=ChaosEvent)
        if event.rule == rule_id and event.event in FAULTS:
            show(frame.decode() if as_json else _line(event))

    await client.subscribe(f"_chaos.{namespace}", receive)


def _line(event: ChaosEvent) -> str:
    from cosmo_doppler.tui.safe import pad, safe, short_id
    from cosmo_doppler.tui.words import time_of_day

    cells = (
        time_of_day(time.time()),
        pad(event.event, 9),
        pad(safe(event.type, 40) or "(no type)", 20),
        pad(short_id(event.trace_id) or "-", 8),
        short_id(event.signal_id),
    )
    return "  ".join(cells).rstrip()


async def _lost(client: BusClient) -> None:
    """Wait for the connection to go."""
    gone: asyncio.Event = asyncio.Event()
    client.on_state(lambda state: gone.set() if state == "reconnecting" else None)
    if client.state == "connected":  # else it went just now
        await gone.wait()


async def _finish(client: BusClient, rule_id: str, ending: Ending) -> None:
    if ending == "finished":
        raise CommandError(
            f"lost the bus at {client.url}", "start it again and try once more", Exit.UNREACHABLE
        )
    answer = await _ask(client, "chaos_clear", rule_id=rule_id)
    say(f"{answer.hits} signals met the fault; the bus is as it was")


async def _ask(client: BusClient, op: str, **fields: Any) -> Any:
    from cosmo_bus.chaos_ops import CHAOS_EXTENSION

    if CHAOS_EXTENSION not in client.extensions:
        raise CommandError(
            f"the bus at {client.url} makes no faults", "`cosmo synapse start` starts one that does"
        )
    return await client.ask(op, **fields)
