"""The bus of `cosmo synapse start`, from its banner to its summary."""

from __future__ import annotations

import asyncio
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from cosmo_bus.access import read_token
from cosmo_bus.address import is_loopback
from cosmo_bus.metrics import MetricsServer
from cosmo_bus.server import BusServer
from cosmo_bus.tls import server_context
from cosmo_doppler.cli.files import new_recording, until_fault
from cosmo_doppler.cli.lines import columns
from cosmo_doppler.cli.logs import show_warnings
from cosmo_doppler.cli.output import LinePrinter, say
from cosmo_doppler.cli.running import until_interrupted
from cosmo_doppler.cli.streaming import RULE, wait_for
from cosmo_doppler.cli.watching import Frame
from cosmo_doppler.redaction import Redaction
from cosmo_doppler.session import Recorder
from cosmo_doppler.tui.safe import safe
from cosmo_sdk.header import read_header


class Notes(NamedTuple):
    """What a bus writes down about itself, and for whom."""

    port_file: Path | None = None
    record: Path | None = None
    rotate_bytes: int | None = None
    metrics_port: int | None = None
    redaction: Redaction = Redaction()
    """What is taken out of everything recorded."""


class Door(NamedTuple):
    """Who may come in: the files that say so."""

    token: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


async def serve(
    *,
    namespace: str,
    host: str,
    port: int,
    quiet: bool,
    door: Door,
    notes: Notes,
) -> None:
    """Run a bus until Ctrl-C, SIGTERM or a remote stop.

    Raises:
        PortTaken: something else listens there.
        NotLoopback: others can reach `host`, and there is no token.
        TokenError, TlsError: a file of the door cannot be used.
        CommandError: the recording exists.
        RecordingError: it cannot be written.
        MetricsError: the port for metrics is taken, or the extra is missing.
    """
    show_warnings()
    _take_files()
    server = BusServer(
        host,
        port,
        token=None if door.token is None else read_token(door.token),
        tls=None if door.certificate is None else server_context(door.certificate, door.key),
    )
    if door.certificate is None and not is_loopback(host):
        say("without TLS the token and every signal can be read on their way; see --tls-cert")
    record = notes.record
    recorder = (
        None if record is None else new_recording(record, notes.redaction, rotate_bytes=notes.rotate_bytes)
    )
    printer = None if quiet else LinePrinter[Frame](signal_line)
    counter = Counter(namespace, printer, recorder)
    if recorder is not None or printer is not None:
        server.add_tap(counter.take)
    metrics: MetricsServer | None = None
    stopped = asyncio.Event()
    # Before anybody can come in and announce it.
    announced = server.announce(namespace, stopped.set)
    with noting(printer, recorder):
        try:
            await server.start()
            if notes.metrics_port is not None:
                metrics = MetricsServer(server.statistics, notes.metrics_port)
            banner = _banner(_url_for_others(server), namespace, door)
            await until_interrupted(
                wait_for(stopped), ready=lambda: _tell(server.port, notes, metrics, printer, banner)
            )
            sum_up(namespace, announced.signal_count, printer)
        finally:
            if metrics is not None:
                await metrics.close()
            await server.close()


def _take_files() -> None:
    """Take as many open files as the system allows: each client is one, and many systems begin with 256 or 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Where "no limit" stands the kernel may have one all the same.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _tell(
    port: int,
    notes: Notes,
    metrics: MetricsServer | None,
    printer: LinePrinter[Frame] | None,
    banner: str,
) -> None:
    """Say that the bus is there, to whoever waits for it in whichever way."""
    if metrics is not None:
        say(f"metrics on http://127.0.0.1:{metrics.port}/metrics")
    if notes.port_file is not None:
        _write_port(notes.port_file, port)
    if printer is not None:
        printer.print(banner)


@contextmanager
def noting(printer: LinePrinter[Frame] | None, recorder: Recorder | None) -> Iterator[None]:
    """Flush the recording while the block runs; then close both, and say what was recorded and what was not."""
    flushing = None if recorder is None else asyncio.create_task(_flush(recorder))
    try:
        yield
    finally:
        if flushing is not None:
            flushing.cancel()
        if recorder is not None:
            recorder.close()
        if printer is not None:
            printer.close()
    if recorder is not None:
        lost = f", {recorder.lost} lost because of {recorder.fault!r}" if recorder.fault else ""
        say(f"recorded {recorder.lines} signals in {recorder.path}{lost}")


async def _flush(recorder: Recorder) -> None:
    """When the disk takes no more the bus goes on without it."""
    await until_fault(recorder)
    say(f"recording to {recorder.path} stopped: {recorder.fault}; the bus goes on")


def _write_port(path: Path, port: int) -> None:
    """Write the port in one step, so that whoever polls the file never reads half of it."""
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(f"{port}\n", encoding="utf-8")
    unfinished.replace(path)


class Counter:
    """The tap of the bus: counts, and hands on to the terminal and the recording. Never waits for either."""

    def __init__(self, namespace: str, printer: LinePrinter[Frame] | None, recorder: Recorder | None) -> None:
        self.signals = 0
        """Signals of the namespace."""
        self._prefix = f"cosmonapse.{namespace}."
        self._printer = printer
        self._recorder = recorder

    def take(self, subject: str, data: bytes) -> None:
        """Take one published frame."""
        at = time.time()
        if subject.startswith(self._prefix):
            self.signals += 1
        if self._recorder is not None:
            self._recorder.write(at, subject, data)
        if self._printer is not None:
            self._printer.print(Frame(at, subject, data))


def sum_up(namespace: str, signals: int, printer: LinePrinter[Frame] | None) -> None:
    """The last line: how much there was."""
    summary = f"Synapse stopped.  namespace={namespace!r}  signals={signals}"
    if printer is None:
        say(summary)
    else:
        printer.print(f"\n  {summary}\n")


def signal_line(frame: Frame) -> str:
    """One signal as `synapse start` prints it."""
    return f"  {columns(frame.at, read_header(frame.data))}  {safe(frame.subject, 200)}"


def _url_for_others(server: BusServer) -> str:
    """The URL with the name of this machine, where the bus listens on all its addresses."""
    scheme, _, _ = server.url.partition("://")
    everywhere = server.host in ("", "0.0.0.0", "::")
    return f"{scheme}://{socket.gethostname()}:{server.port}" if everywhere else server.url


def _banner(url: str, namespace: str, door: Door) -> str:
    asked = () if door.token is None else (f"  Token:      the first line of {safe(str(door.token), 200)}",)
    return "\n".join(
        (
            "",
            "  cosmo synapse start memory",
            f"  URL:        {url}",
            f"  Namespace:  {namespace}",
            f"  Transport:  TCP + {'NDJSON' if door.certificate is None else 'TLS + NDJSON'}",
            *asked,
            "",
            "  Agents connect with",
            f'    synapse = await connect_synapse("{url}")',
            f'    dendrite = Dendrite(synapse=synapse, namespace="{namespace}")',
            f"  and you watch them with  cosmo doppler --url {url} -n {namespace}",
            "",
            "  Ctrl-C or `cosmo synapse stop` ends it.",
            f"  {RULE}",
        )
    )
