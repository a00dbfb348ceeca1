"""`cosmo gate`: hold signals inside the bus, look at them, and decide one by one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from cosmo_doppler.cli.exits import CommandError, Exit
from cosmo_doppler.cli.gate_edit import edit
from cosmo_doppler.cli.gate_hold import hold
from cosmo_doppler.cli.gating import ask
from cosmo_doppler.cli.options import examples, json_option, url_option
from cosmo_doppler.cli.output import say, show, show_json

if TYPE_CHECKING:
    from cosmo_bus.gate_client import GateClient, HoldInfo


@click.group(
    epilog=examples(
        "cosmo gate hold --type BID          (in one terminal: holds until Ctrl-C)",
        "cosmo gate list                     (in another one)",
        "cosmo gate step",
        "cosmo gate edit h7 --set payload.cost=0.1",
    )
)
def command() -> None:
    """Hold signals inside the bus and let them go one by one.

    `hold` puts up a gate for as long as it runs; the other commands, in another terminal, decide what becomes of
    the signals it holds. Those of one trace leave in the order in which they came, everything that does not match
    flows on, and whenever the holder ends, however it ends, all that is held goes its way.
    """


command.add_command(hold)
command.add_command(edit)

gate_argument = click.argument("gate", required=False)
holds_argument = click.argument("holds", metavar="HOLD...", nargs=-1, required=True)


@command.command(
    name="list", epilog=examples("cosmo gate list", "cosmo gate list --json | jq -r '.held[].hold_id'")
)
@url_option
@json_option("Print gates and holds as one JSON object.")
def list_(url: str, as_json: bool) -> None:
    """List every gate of the bus and what it holds, oldest first."""

    async def look(gates: GateClient) -> None:
        import msgspec

        state = await gates.state()
        if as_json:
            show_json(msgspec.to_builtins(state))
            return
        for gate in state.gates:
            _show_gate(gate.gate_id, gate.subject, msgspec.to_builtins(gate.where), gate.held)
            for held in state.held:
                if held.gate_id == gate.gate_id:
                    show(_hold_line(held))
        if not state.gates:
            say("no gates; `cosmo gate hold` puts one up")

    ask(url, look)


def _show_gate(gate_id: str, subject: str, where: dict[str, Any], held: int) -> None:
    from cosmo_doppler.tui.safe import safe

    conditions = "  ".join(f"{key}={safe(value, 80)}" for key, value in where.items() if value)
    show(f"{safe(gate_id, 80)}  {safe(subject, 120)}  {conditions or 'everything'}  {held} held")


def _hold_line(held: HoldInfo) -> str:
    from cosmo_doppler.tui.safe import pad, safe, short_id

    cells = (
        f"  {held.hold_id:<6}",
        pad(safe(held.type, 40) or "(no type)", 20),
        pad(short_id(held.trace_id) or "-", 8),
        pad(safe(held.neuron, 60) or "-", 18),
        f"{held.held_s:,.1f} s",
    )
    return "  ".join(cells)


@command.command(name="show", epilog=examples("cosmo gate show h7", "cosmo gate show h7 | jq .payload"))
@click.argument("hold", metavar="HOLD")
@url_option
def show_(hold: str, url: str) -> None:
    """Print one held signal as JSON."""

    async def look(gates: GateClient) -> None:
        held = await gates.show(hold)
        try:
            show_json(json.loads(held.frame))
        except ValueError:
            show_json({"raw": held.frame.decode("utf-8", "replace")})

    ask(url, look)


@command.command(epilog=examples("cosmo gate step", "cosmo gate step cosmo-4711 --count 3"))
@gate_argument
@url_option
@click.option(
    "-c", "--count", type=click.IntRange(1), default=1, show_default=True, help="How many signals to let go."
)
def step(gate: str | None, url: str, count: int) -> None:
    """Let the oldest held signal go. GATE may be left out when there is only one."""

    async def let_go(gates: GateClient) -> None:
        gate_id = gate or await _only_gate(gates)
        released = await gates.step(gate_id, count)
        if not released:
            raise CommandError(f"gate {gate_id} holds nothing", "")
        say(f"let {released} go")

    ask(url, let_go)


@command.command(epilog=examples("cosmo gate release h7 h9"))
@holds_argument
@url_option
def release(holds: tuple[str, ...], url: str) -> None:
    """Let the named signals go."""

    async def let_go(gates: GateClient) -> None:
        for each in holds:
            await gates.release(each)

    ask(url, let_go)


@command.command(epilog=examples("cosmo gate drop h7"))
@holds_argument
@url_option
def drop(holds: tuple[str, ...], url: str) -> None:
    """Let the named signals go nowhere. Who waits for them waits in vain."""

    async def let_fall(gates: GateClient) -> None:
        for each in holds:
            await gates.drop(each)

    ask(url, let_fall)


@command.command(epilog=examples("cosmo gate clear"))
@gate_argument
@url_option
def clear(gate: str | None, url: str) -> None:
    """Take a gate away; what it held goes its way. GATE may be left out when there is only one."""

    async def open_up(gates: GateClient) -> None:
        released = await gates.clear(gate or await _only_gate(gates))
        say(f"let {released} go")

    ask(url, open_up)


async def _only_gate(gates: GateClient) -> str:
    known = [gate.gate_id for gate in (await gates.state()).gates]
    if len(known) == 1:
        return known[0]
    if not known:
        raise CommandError("there are no gates", "`cosmo gate hold` puts one up")
    raise CommandError(f"there are {len(known)} gates", f"name one of {', '.join(known)[:400]}", Exit.USAGE)
