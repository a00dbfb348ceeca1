"""`cosmo synapse` where the bus is somebody else's broker: a NATS server, which runs by itself."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cosmo_bus.errors import CannotConnect, NotAdmitted
from cosmo_doppler.cli.brokers import Started, forget_start, note_start, started_on
from cosmo_doppler.cli.exits import CommandError, no_bus
from cosmo_doppler.cli.files import new_recording
from cosmo_doppler.cli.output import LinePrinter, say, show, show_json
from cosmo_doppler.cli.running import until_interrupted
from cosmo_doppler.cli.serving import Counter, noting, signal_line, sum_up
from cosmo_doppler.cli.streaming import RULE, stream, wait_for
from cosmo_doppler.cli.watching import Frame, watching
from cosmo_doppler.redaction import Redaction
from cosmo_doppler.settings import without_login
from cosmo_doppler.tui.safe import pad, safe
from cosmo_sdk.errors import SynapseError

_WIDTHS = (20, 12, 10, 10, 32)


async def show_broker(
    url: str,
    namespace: str,
    *,
    quiet: bool,
    record: Path | None,
    rotate_bytes: int | None,
    redaction: Redaction,
) -> None:
    """Print every signal of a namespace on a broker until Ctrl-C, SIGTERM or `synapse stop`. The broker stays.

    Raises:
        SynapseError: nothing answers there, or it does not let us in.
        MissingExtra: nats-py is not installed.
        CommandError: the recording exists.
        RecordingError: it cannot be written.
        OSError: what is started on this machine cannot be written down.
    """
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    def end() -> None:
        loop.call_soon_threadsafe(over.set)

    printer = None if quiet else LinePrinter[Frame](signal_line, on_broken=end)
    recorder = None if record is None else new_recording(record, redaction, rotate_bytes=rotate_bytes)
    counter = Counter(namespace, printer, recorder)

    def tell() -> None:
        # Only now does a SIGTERM, which is what `synapse stop` sends, end it well.
        note_start(url, namespace)
        if printer is not None:
            printer.print(_banner(url, namespace))

    with noting(printer, recorder):
        async with _watching(url, namespace, lambda frame: counter.take(frame.subject, frame.data)):
            try:
                await until_interrupted(wait_for(over), ready=tell)
            finally:
                _forget_ours(url, namespace)
        sum_up(namespace, counter.signals, printer)


@asynccontextmanager
async def _watching(url: str, namespace: str, receive: Callable[[Frame], None]) -> AsyncIterator[None]:
    """As `watching`, but whoever finds no broker is told of `--broker`."""
    try:
        async with watching(url, namespace, receive, asking=False):
            yield
    except SynapseError as error:
        if isinstance(error.__cause__, CannotConnect) and not isinstance(error.__cause__, NotAdmitted):
            raise no_bus(error.__cause__.url, error.__cause__.reason, flag="--broker") from None
        raise


def list_starts(url: str, *, as_json: bool) -> None:
    """Show which namespaces of a broker are shown by commands on this machine."""
    started = started_on(url)
    if as_json:
        show_json({"url": without_login(url), "namespaces": [_facts(each) for each in started]})
        return
    show(_row("Namespace", "Transport", "Process", "State", "Started"))
    for each in started:
        state = "running" if each.running else "gone"
        show(_row(each.namespace, each.transport, str(each.pid), state, each.started_at))
    if not started:
        say(
            f"nobody on this machine shows a namespace of {without_login(url)}; `cosmo synapse start nats` does"
        )


async def view_start(url: str, namespace: str, *, as_json: bool) -> None:
    """Show what is known of one namespace of a broker, then stream its signals until Ctrl-C.

    Raises:
        CommandError: nobody on this machine started it.
        SynapseError: nothing answers there, or it does not let us in.
    """
    started = _find(url, namespace)
    if as_json:
        show_json(_facts(started))
        return
    for title, value in (
        ("Namespace:", started.namespace),
        ("Transport:", started.transport),
        ("Process:", f"{started.pid} ({'running' if started.running else 'gone'})"),
        ("Started:", started.started_at),
    ):
        show(f"  {title:<11} {safe(value, 200)}")
    await stream(url, namespace)


def stop_start(url: str, namespace: str) -> None:
    """End the command that shows a namespace of a broker. Nothing is done to the broker.

    Raises:
        CommandError: nobody on this machine started it, or it is somebody else's process.
    """
    started = _find(url, namespace)
    if started.running:
        try:
            started.end()
        except OSError as error:
            raise CommandError(
                f"process {started.pid} cannot be ended: {error.strerror}", "ask whoever started it"
            ) from None
        show(
            f"Asked process {started.pid} to end, which shows namespace {namespace!r} on {without_login(url)}."
        )
    else:
        show(f"Process {started.pid}, which showed namespace {namespace!r}, is gone already.")
    forget_start(url, started)


def _find(url: str, namespace: str) -> Started:
    for each in started_on(url):
        if each.namespace == namespace:
            return each
    raise CommandError(
        f"nobody on this machine shows namespace {namespace!r} of {without_login(url)}",
        f"list what is shown with `cosmo synapse view --url {without_login(url)}`",
    )


def _forget_ours(url: str, namespace: str) -> None:
    for each in started_on(url):
        if (each.namespace, each.pid) == (namespace, os.getpid()):
            forget_start(url, each)


def _facts(started: Started) -> dict[str, Any]:
    return {**started._asdict(), "running": started.running}


def _row(*cells: str) -> str:
    padded = [pad(safe(cell, 200), width) for cell, width in zip(cells, _WIDTHS, strict=True)]
    return "  ".join(padded).rstrip()


def _banner(url: str, namespace: str) -> str:
    shown = without_login(url)
    return "\n".join(
        (
            "",
            "  cosmo synapse start nats",
            f"  Broker:     {shown}",
            f"  Namespace:  {namespace}",
            "",
            "  Agents connect with",
            f'    synapse = await connect_synapse("{shown}")',
            f'    dendrite = Dendrite(synapse=synapse, namespace="{namespace}")',
            f"  and you watch them with  cosmo doppler --url {shown} -n {namespace}",
            "",
            f"  Ctrl-C or `cosmo synapse stop --url {shown} -n {namespace}` ends it; the broker goes on.",
            f"  {RULE}",
        )
    )
