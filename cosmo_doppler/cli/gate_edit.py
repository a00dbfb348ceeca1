"""`cosmo gate edit`: a held signal, changed on its way."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

import click

from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.cli.gating import ask
from cosmo_doppler.cli.options import examples, url_option

if TYPE_CHECKING:
    from cosmo_bus.gate_client import GateClient


@click.command(
    epilog=examples(
        "cosmo gate edit h7",
        "cosmo gate edit h7 --set payload.cost=0.1 --set payload.confidence=0.9",
        "cosmo gate edit h7 --frame changed.json",
    )
)
@click.argument("hold", metavar="HOLD")
@url_option
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=JSON",
    help="Change one value, its key written with dots; what is no JSON is taken as text.",
)
@click.option(
    "--frame", type=click.File("rb"), metavar="FILE", help="The whole signal, from a file or - for stdin."
)
def edit(hold: str, url: str, changes: tuple[str, ...], frame: IO[bytes] | None) -> None:
    """Change a held signal and let it go. Without options it opens in $EDITOR."""
    if changes and frame is not None:
        raise click.UsageError("--set and --frame cannot be used together")
    whole = None if frame is None else frame.read()

    async def change(gates: GateClient) -> None:
        edited = whole if whole is not None else _edited((await gates.show(hold)).frame, changes)
        await gates.release(hold, _compact(edited))

    ask(url, change)


def _edited(frame: bytes, changes: tuple[str, ...]) -> bytes:
    try:
        signal = json.loads(frame)
    except ValueError:
        signal = None
    if not isinstance(signal, dict):
        raise CommandError("what is held is no JSON object", "give the whole signal with --frame")
    if changes:
        for each in changes:
            _set(signal, each)
        return json.dumps(signal).encode()
    text = click.edit(json.dumps(signal, indent=2, ensure_ascii=False), extension=".json")
    if text is None:
        raise CommandError(
            "nothing was changed; the signal is still held", "let it go with `cosmo gate release`"
        )
    return text.encode()


def _set(signal: dict[str, Any], change: str) -> None:
    key, separator, text = change.partition("=")
    if not separator or not key:
        raise click.BadParameter(f"{change!r} should look like payload.cost=0.1", param_hint="--set")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    *path, last = key.split(".")
    for name in path:
        below = signal.setdefault(name, {})
        if not isinstance(below, dict):
            raise click.BadParameter(f"{name!r} in {key!r} is no object", param_hint="--set")
        signal = below
    signal[last] = value


def _compact(text: bytes) -> bytes:
    try:
        return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False).encode()
    except ValueError as error:
        raise CommandError(
            f"the edited signal is no JSON: {error}", "the signal is still held; edit it again"
        ) from None
