"""`cosmo stop`: end the work on a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cosmo_doppler.cli.options import TRACE_ID, bus_options, examples, json_option
from cosmo_doppler.cli.output import say, show, show_json
from cosmo_doppler.cli.running import run

if TYPE_CHECKING:
    from cosmo_sdk.envelope import Signal


@click.command(
    epilog=examples(
        "cosmo stop trc_01M7Y84VTBY6BC1KX7ZXP2WD0G",
        "cosmo stop trc_01M7Y84VTBY6BC1KX7ZXP2WD0G --rollback --reason 'wrong customer'",
    )
)
@click.argument("trace", type=TRACE_ID)
@bus_options
@click.option(
    "--rollback", is_flag=True, help="Also undo what the trace wrote to memories; nothing else can be undone."
)
@click.option("--reason", default="", help="Why, for those who are stopped.")
@json_option("Print the acknowledgements as a JSON array.")
def command(trace: str, url: str, namespace: str, rollback: bool, reason: str, as_json: bool) -> None:
    """Stop the work on TRACE and list who acknowledged.

    Only participants that had a stake in the trace answer: no acknowledgement means that nobody worked on it.
    """
    run(lambda: _stop(trace, url, namespace, rollback, reason, as_json))


async def _stop(trace: str, url: str, namespace: str, rollback: bool, reason: str, as_json: bool) -> None:
    from cosmo_doppler.cli.connecting import on_bus, operator_of

    async with on_bus(url) as synapse, operator_of(synapse, namespace) as operator:
        acks = await operator.stop(trace, rollback=rollback, reason=reason)
    if as_json:
        show_json([_summary(ack) for ack in acks])
        return
    if not acks:
        say("STOP sent; nobody had work on this trace")
    for ack in acks:
        _show(ack)


def _summary(ack: Signal) -> dict[str, object]:
    keys = ("node", "cancelled", "compensated", "rolled_back")
    return {"from": ack.neuron, **{key: ack.payload.get(key) for key in keys}}


def _show(ack: Signal) -> None:
    from cosmo_doppler.tui.safe import safe

    payload = ack.payload
    who = ack.neuron or payload.get("node") or "somebody"
    cancelled, undone = payload.get("cancelled", 0), payload.get("compensated", 0)
    show(safe(f"STOPPED  {who}  cancelled={cancelled}  compensated={undone}", 400))
