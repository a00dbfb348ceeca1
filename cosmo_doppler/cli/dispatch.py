"""`cosmo dispatch`: one task, or one offer, and its reply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import click

from cosmo_doppler.cli.exits import CommandError, Exit
from cosmo_doppler.cli.options import (
    DURATION,
    JSON_OBJECT,
    WORDS,
    bus_options,
    examples,
    json_option,
)
from cosmo_doppler.cli.output import show, show_json
from cosmo_doppler.cli.running import run

if TYPE_CHECKING:
    from cosmo_sdk import Dendrite, Pathway, Signal
    from cosmo_sdk.bidding import Select


@dataclass(frozen=True)
class Errand:
    """What is to be dispatched, and how."""

    input: dict[str, Any]
    neuron: str | None
    capabilities: list[str]
    offer: bool
    deadline_ms: int
    select: Select
    wait: bool
    timeout_s: float
    scope: Literal["all", "terminal"]


@click.command(
    epilog=examples(
        'cosmo dispatch --neuron summarizer-a --input \'{"text": "..."}\'',
        'cosmo dispatch --capabilities translate,german --input \'{"text": "Guten Tag"}\'',
        "cosmo dispatch --offer --capabilities summarize --select lowest_cost --deadline-ms 500",
        "cosmo dispatch --neuron slow --no-wait --json | jq -r .trace_id",
    )
)
@bus_options
@click.option("--neuron", metavar="ID", help="Send the task to this one.")
@click.option(
    "--capabilities", type=WORDS, default=[], metavar="A,B", help="Send it to one that has all of these."
)
@click.option(
    "--input", "input_", type=JSON_OBJECT, default="{}", metavar="JSON", help="What is asked, a JSON object."
)
@click.option("--offer", is_flag=True, help="Put it up for bids instead.")
@click.option(
    "--deadline-ms",
    type=click.IntRange(1),
    default=250,
    show_default=True,
    help="How long bids are taken, milliseconds.",
)
@click.option(
    "--select",
    type=click.Choice(["first_bid", "lowest_cost", "highest_confidence"]),
    default="first_bid",
    show_default=True,
    help="How the winner is chosen.",
)
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait for the reply.")
@click.option(
    "--timeout",
    type=DURATION,
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for it.",
)
@click.option(
    "--scope",
    type=click.Choice(["all", "terminal"]),
    default="terminal",
    show_default=True,
    help="What counts as the reply: the first output, or the conclusion.",
)
@json_option("Print the reply's envelope as JSON.")
def command(
    url: str,
    namespace: str,
    neuron: str | None,
    capabilities: list[str],
    input_: dict[str, Any],
    offer: bool,
    deadline_ms: int,
    select: Select,
    wait: bool,
    timeout: float,
    scope: Literal["all", "terminal"],
    as_json: bool,
) -> None:
    """Send a task, or put one up for bids with --offer, and print the reply.

    A question (CLARIFICATION, PERMISSION) is a reply too. Exit code 1: the reply is an ERROR, or none came in time;
    4: nobody bid.
    """
    if offer and neuron is not None:
        raise click.UsageError("--neuron names who does it, --offer lets them bid: use one of them")
    if not offer and neuron is None and not capabilities:
        raise click.UsageError("say who: --neuron ID, --capabilities A,B, or --offer")
    errand = Errand(input_, neuron, capabilities, offer, deadline_ms, select, wait, timeout, scope)
    run(lambda: _dispatch(url, namespace, errand, as_json))


async def _dispatch(url: str, namespace: str, errand: Errand, as_json: bool) -> None:
    from cosmo_doppler.cli.connecting import orchestrator

    async with orchestrator(url, namespace) as dendrite:
        if not errand.offer and not errand.wait:
            sent = await dendrite.dispatch_task(
                neuron=errand.neuron,
                input=errand.input,
                capabilities=errand.capabilities or None,
                finalize=errand.scope == "terminal",
            )
            _show_sent(sent.trace_id, sent.encode() if as_json else b"", f"id={sent.id}")
            return
        pathway = await _open(dendrite, errand)
        if not errand.wait:
            _show_sent(
                pathway.trace_id, b'{"trace_id":"%s"}' % pathway.trace_id.encode() if as_json else b"", ""
            )
            return
        try:
            reply = await pathway.wait(timeout_s=errand.timeout_s)
        except TimeoutError:
            raise CommandError(
                f"no reply on trace {pathway.trace_id} within {errand.timeout_s:g} s",
                "wait longer with --timeout, or see who is there with `cosmo registry list`",
            ) from None
    _show_reply(reply, as_json)


async def _open(dendrite: Dendrite, errand: Errand) -> Pathway:
    if errand.offer:
        return await dendrite.dispatch_offer(
            input=errand.input,
            capabilities=errand.capabilities or None,
            deadline_ms=errand.deadline_ms,
            select=errand.select,
            scope=errand.scope,
        )
    return await dendrite.dispatch(
        neuron=errand.neuron,
        input=errand.input,
        capabilities=errand.capabilities or None,
        scope=errand.scope,
    )


def _show_sent(trace_id: str, envelope: bytes, detail: str) -> None:
    if envelope:
        show(envelope.decode())
    else:
        show(f"{'dispatched' if detail else 'offer awarded'}  trace={trace_id}  {detail}".rstrip())


def _show_reply(reply: Signal, as_json: bool) -> None:
    from cosmo_doppler.cli.lines import json_line
    from cosmo_doppler.tui.safe import safe
    from cosmo_sdk.header import read_header

    if as_json:
        frame = reply.encode()
        show(json_line(frame, read_header(frame)))
    else:
        show(f"{reply.type}  trace={safe(reply.trace_id)}  from={safe(reply.neuron or '-')}")
        payload = reply.payload
        show_json(payload.get("result", payload.get("output", payload)))
    if reply.type == "ERROR":
        code = safe(str(reply.payload.get("code", "")))
        raise CommandError(
            f"{safe(reply.neuron or 'somebody')} failed: {safe(str(reply.payload.get('message', '')), 400)} ({code})",
            "worth another try"
            if reply.payload.get("recoverable")
            else "trying again will not help by itself",
            Exit.FAILED,
        )
