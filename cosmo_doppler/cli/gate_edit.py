"""`cosmo gate edit`: a held signal, changed on its way."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import click

from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.cli.gating import ask
from cosmo_doppler.cli.options import Checked, examples, url_option

if TYPE_CHECKING:
    from cosmo_bus.gate_client import GateClient

STILL_HELD = "the signal is still held; edit it again"


class Change(NamedTuple):
    """One value to be set."""

    path: tuple[str, ...]
    """The keys of the objects it lies in, outermost first."""
    key: str
    value: Any


def read_change(text: str) -> Change:
    """A key written with dots and its value: `payload.cost=0.1`; what is no JSON is text.

    Raises:
        ValueError: it looks otherwise.
    """
    keys, separator, value = text.partition("=")
    *path, key = keys.split(".")
    if not separator or not all((*path, key)):
        raise ValueError(f"{text!r} should look like payload.cost=0.1")
    try:
        return Change(tuple(path), key, json.loads(value, parse_constant=_no_json))
    except (ValueError, RecursionError):
        return Change(tuple(path), key, value)


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
    type=Checked("change", read_change),
    metavar="KEY=JSON",
    help="Change one value, its key written with dots; what is no JSON is taken as text.",
)
@click.option(
    "--frame", type=click.File("rb"), metavar="FILE", help="The whole signal, from a file or - for stdin."
)
def edit(hold: str, url: str, changes: tuple[Change, ...], frame: IO[bytes] | None) -> None:
    """Change a held signal and let it go. Without options it opens in $EDITOR."""
    if changes and frame is not None:
        raise click.UsageError("--set and --frame cannot be used together")
    if frame is not None:
        edited = _compact(frame.read(), "write the JSON of one signal there")
    else:
        held = _held(url, hold)
        for change in changes:
            _set(held, change)
        # On no connection: a person may take longer in the editor than any bus waits.
        edited = _written(held) if changes else _compact(_by_hand(held), STILL_HELD)

    async def let_go(gates: GateClient) -> None:
        await gates.release(hold, edited)

    ask(url, let_go)


def _held(url: str, hold: str) -> dict[str, Any]:
    """The signal that is held."""
    found: list[bytes] = []

    async def look(gates: GateClient) -> None:
        found.append((await gates.show(hold)).frame)

    ask(url, look)
    try:
        signal = json.loads(found[0])
    except ValueError:
        signal = None
    if not isinstance(signal, dict):
        raise CommandError("what is held is no JSON object", "give the whole signal with --frame")
    return signal


def _by_hand(signal: dict[str, Any]) -> bytes:
    text = click.edit(json.dumps(signal, indent=2, ensure_ascii=False), extension=".json")
    if text is None:
        raise CommandError(
            "nothing was changed; the signal is still held", "let it go with `cosmo gate release`"
        )
    return text.encode()


def _set(signal: dict[str, Any], change: Change) -> None:
    for name in change.path:
        below = signal.setdefault(name, {})
        if not isinstance(below, dict):
            written = ".".join((*change.path, change.key))
            raise click.BadParameter(f"{name!r} in {written!r} is no object", param_hint="--set")
        signal = below
    signal[change.key] = change.value


def _compact(text: bytes, remedy: str) -> bytes:
    try:
        signal = json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"the edited signal is no JSON: {error}", remedy) from None
    if not isinstance(signal, dict):
        raise CommandError("the edited signal is no JSON object", remedy)
    return _written(signal)


def _written(signal: dict[str, Any]) -> bytes:
    return json.dumps(signal, separators=(",", ":")).encode()


def _no_json(constant: str) -> None:
    """NaN and the infinities: Python reads and writes them, nobody else does."""
    raise ValueError(f"{constant} is no JSON")
