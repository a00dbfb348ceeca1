"""`cosmo registry`: who is there."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from cosmo_doppler.cli.options import DURATION, bus_options, examples, json_option
from cosmo_doppler.cli.output import say, show, show_json
from cosmo_doppler.cli.running import run
from cosmo_doppler.settings import without_login


@click.group(epilog=examples("cosmo registry list"))
def command() -> None:
    """List who is there."""


@command.command(
    name="list",
    epilog=examples(
        "cosmo registry list",
        "cosmo registry list --capability summarize",
        "cosmo registry list --expect 3 --timeout 10 --json",
    ),
)
@bus_options
@click.option("--capability", metavar="CAP", help="Only participants that have it.")
@click.option(
    "--timeout",
    type=DURATION,
    default=1.5,
    show_default=True,
    metavar="SECONDS",
    help="How long to collect answers.",
)
@click.option(
    "--expect", type=click.IntRange(1), metavar="N", help="Return as soon as N answered; fail when fewer do."
)
@json_option("Print a JSON array.")
def list_participants(
    url: str, namespace: str, capability: str | None, timeout: float, expect: int | None, as_json: bool
) -> None:
    """Ask who is there and list everybody who announces itself."""
    run(lambda: _list(url, namespace, capability, timeout, expect, as_json))


async def _list(
    url: str, namespace: str, capability: str | None, timeout: float, expect: int | None, as_json: bool
) -> None:
    from cosmo_doppler.cli.exits import CommandError
    from cosmo_doppler.cli.watching import Frame, watching
    from cosmo_sdk.header import read_header

    found: dict[str, dict[str, Any]] = {}
    enough = asyncio.Event()

    def receive(frame: Frame) -> None:
        header = read_header(frame.data)
        if header.type == "DEREGISTER":
            found.pop(header.who, None)
        if header.type != "REGISTER" or not header.who:
            return
        participant = _participant(
            header.who, header.directed.type if header.directed else "", header.read_payload()
        )
        if capability is None or capability in participant["capabilities"]:
            found[header.who] = participant
        if expect is not None and len(found) >= expect:
            enough.set()

    async with watching(url, namespace, receive):
        try:
            async with asyncio.timeout(timeout):
                await enough.wait()
        except TimeoutError:
            pass  # the usual end: nobody knows how many there are
    _show(sorted(found.values(), key=lambda participant: str(participant["id"])), as_json)
    if not found and not as_json and expect is None:
        say(f"nobody answered in namespace {namespace!r} on {without_login(url)} within {timeout:g} s")
    if expect is not None and len(found) < expect:
        raise CommandError(
            f"{len(found)} of {expect} expected participants answered within {timeout:g} s",
            "give them longer with --timeout, or look at the namespace",
        )


def _participant(id: str, kind: str | None, payload: dict[str, Any]) -> dict[str, Any]:
    capabilities = payload.get("capabilities")
    return {
        "id": id,
        "kind": kind or "",
        "role": payload.get("role") or ("engram" if payload.get("engram") else "neuron"),
        "capabilities": sorted(str(each) for each in capabilities) if isinstance(capabilities, list) else [],
        "version": payload.get("version"),
    }


def _show(participants: list[dict[str, Any]], as_json: bool) -> None:
    from cosmo_doppler.tui.safe import pad, safe

    if as_json:
        show_json(participants)
        return
    if participants:
        show(f"{'ID':<24}  {'ROLE':<9}  {'KIND':<12}  {'VERSION':<9}  CAPABILITIES")
    for each in participants:
        cells = (
            pad(safe(str(each["id"]), 200), 24),
            pad(safe(str(each["role"]), 40), 9),
            pad(safe(str(each["kind"]), 40), 12),
            pad(safe(str(each["version"] or "-"), 40), 9),
            safe(", ".join(each["capabilities"]), 400),
        )
        show("  ".join(cells))
