"""`cosmo synapse`: start a bus, look at one, stop one."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from cosmo_bus.access import TOKEN_VARIABLE
from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.cli.options import (
    BYTES,
    DURATION,
    NAMESPACE,
    URL,
    examples,
    for_option,
    json_option,
    namespace_option,
    redact_option,
    redaction_of,
    url_option,
)
from cosmo_doppler.cli.output import show, show_json
from cosmo_doppler.cli.running import run, until_interrupted
from cosmo_doppler.redaction import Redaction

FILE = click.Path(dir_okay=False, path_type=Path)
DEFAULT_BROKER = "nats://127.0.0.1:4222"
_OF_OUR_BUS = ("host", "port", "port_file", "metrics_port", "token_file", "tls_cert", "tls_key")
"""Parameters of `start` that mean nothing to somebody else's broker."""


@click.group(
    epilog=examples(
        "cosmo synapse start memory -n dev",
        "cosmo synapse view --watch",
        "cosmo synapse stop -n dev",
    )
)
def command() -> None:
    """Start, view and stop a bus."""


@command.command(
    epilog=examples(
        "cosmo synapse start memory",
        "cosmo synapse start memory --namespace=quickstart",
        "cosmo synapse start memory --port 0 --port-file bus.port --quiet",
        "cosmo synapse start memory --record session.ndjson",
        "cosmo synapse start memory --host 0.0.0.0 --token-file bus.token --tls-cert bus.pem",
        "cosmo synapse start nats --broker nats://127.0.0.1:4222 --namespace prod",
    )
)
@click.argument("transport", type=click.Choice(["memory", "nats"]), default="memory", metavar="[TRANSPORT]")
@namespace_option
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; any but a loopback one needs --token-file.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=7070,
    show_default=True,
    help="Port to listen on; 0 takes any free one.",
)
@click.option(
    "--port-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the port there once the bus listens.",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write everything that passes to this new file.",
)
@click.option("--rotate", type=BYTES, metavar="SIZE", help="Go on in another file after this much: 256MB.")
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65535),
    help="Answer Prometheus on this port of this machine; 0 takes any free one.",
)
@click.option(
    "--token-file",
    type=FILE,
    envvar=TOKEN_VARIABLE,
    show_envvar=True,
    metavar="FILE",
    help="Let in only who presents the first line of this file, also on this machine.",
)
@click.option("--tls-cert", type=FILE, metavar="FILE", help="Speak TLS, with this certificate (PEM).")
@click.option(
    "--tls-key", type=FILE, metavar="FILE", help="Its private key, unless in the certificate's file."
)
@click.option(
    "--broker",
    type=URL,
    metavar="URL",
    help=f"For nats: the server.  [default: {DEFAULT_BROKER}]",
)
@click.option("--quiet", is_flag=True, help="Print nothing on stdout.")
@redact_option
@click.pass_context
def start(
    ctx: click.Context,
    transport: str,
    namespace: str,
    host: str,
    port: int,
    port_file: Path | None,
    record: Path | None,
    rotate: int | None,
    metrics_port: int | None,
    token_file: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    broker: str | None,
    quiet: bool,
    redact: tuple[str, ...],
) -> None:
    """Start a bus and print every signal that crosses it.

    TRANSPORT is memory, the dev bus of this machine: TCP with one JSON object a line, nothing kept on disk. Ctrl-C,
    SIGTERM or `cosmo synapse stop` end it. A terminal that cannot keep up never slows the bus: lines are then left
    out, and counted. Or it is nats: the bus is then the NATS server named by --broker, which runs by itself, and this
    command shows one namespace of it.

    On this machine nothing is asked of a client. With --token-file every client shows the token, which it takes from
    the file named by COSMO_TOKEN_FILE or its own --token-file; with --tls-cert it connects to cosmos://.

    Warnings, such as of clients that do not read, go to stderr. COSMO_LOG=info adds who comes and goes and why,
    COSMO_LOG_FORMAT=json makes each line one JSON object.
    """
    if tls_key is not None and tls_cert is None:
        raise click.UsageError("--tls-key needs --tls-cert")
    if rotate is not None and record is None:
        raise click.UsageError("--rotate needs --record")
    if redact and record is None:
        raise click.UsageError("--redact needs --record: what crosses the bus stays as it is")
    # A bus that records nothing needs no settings of Doppler's.
    redaction = Redaction() if record is None else redaction_of(redact)
    if transport == "nats":
        _refuse_given(ctx, _OF_OUR_BUS, "is for the memory transport; the broker has settings of its own")
        url = broker or DEFAULT_BROKER
        if not url.startswith("nats://"):
            raise click.UsageError(f"--broker {url} is no NATS server; write nats://host:port")
        from cosmo_doppler.cli.on_broker import show_broker

        run(
            lambda: show_broker(
                url, namespace, quiet=quiet, record=record, rotate_bytes=rotate, redaction=redaction
            )
        )
        return
    _refuse_given(ctx, ("broker",), "is for `cosmo synapse start nats`")
    from cosmo_doppler.cli.serving import Door, Notes, serve

    run(
        lambda: serve(
            namespace=namespace,
            host=host,
            port=port,
            door=Door(token_file, tls_cert, tls_key),
            notes=Notes(port_file, record, rotate, metrics_port, redaction),
            quiet=quiet,
        ),
        long=True,
    )


@command.command(
    epilog=examples(
        "cosmo synapse view",
        "cosmo synapse view --url cosmo://127.0.0.1:7071 -n dev",
        "cosmo synapse view --watch",
        "cosmo synapse view --json | jq '.namespaces[].signal_count'",
    )
)
@url_option
@click.option("-n", "--namespace", type=NAMESPACE, metavar="NS", help="Show this one and stream its signals.")
@click.option(
    "--watch", "watching", is_flag=True, help="Look again and again, and show what passes a second."
)
@click.option(
    "--every", type=DURATION, default="1s", show_default=True, metavar="SECONDS", help="How often to look."
)
@for_option("Watch for this long.")
@json_option("Print JSON, one object a line with --watch; nothing is streamed then.")
def view(
    url: str, namespace: str | None, watching: bool, every: float, seconds: float | None, as_json: bool
) -> None:
    """Show how a bus is, or one of its namespaces and stream its signals.

    Without -n: the counts of the bus, its namespaces, and its sessions, first those that hold the most back. A
    session that does not read what it subscribed to hurts nobody else: when its queue is full an observer loses the
    oldest of it (drop-oldest) and is told how much, anybody else is disconnected with an error (disconnect).

    A NATS server keeps no such counts: there it shows what `synapse start nats` began on this machine.
    """
    if url.startswith("nats://"):
        if watching:
            raise click.UsageError(
                "--watch shows the counts of our own bus; a NATS server has its own monitor"
            )
        from cosmo_doppler.cli.on_broker import list_starts, view_start

        if namespace is None:
            list_starts(url, as_json=as_json)
        else:
            run(lambda: view_start(url, namespace, as_json=as_json))
        return
    from cosmo_doppler.cli.looking import look, watch

    if watching:
        if namespace is not None:
            raise click.UsageError("--watch shows the whole bus; leave -n out")
        run(lambda: until_interrupted(watch(url, every, as_json), seconds=seconds))
    elif namespace is None:
        run(lambda: look(url, as_json))
    else:
        run(lambda: _view(url, namespace, as_json))


@command.command(epilog=examples("cosmo synapse stop -n dev"))
@url_option
@click.option("-n", "--namespace", type=NAMESPACE, required=True, metavar="NS", help="The namespace to stop.")
def stop(url: str, namespace: str) -> None:
    """Stop a namespace. The bus that `synapse start` began with it ends.

    On a NATS server it ends the `synapse start nats` of this machine that shows the namespace; the server goes on.
    """
    if url.startswith("nats://"):
        from cosmo_doppler.cli.on_broker import stop_start

        stop_start(url, namespace)
        return
    run(lambda: _stop(url, namespace))


def _refuse_given(ctx: click.Context, parameters: tuple[str, ...], why: str) -> None:
    """Refuse options that somebody typed and that would do nothing. What the environment says may be for others."""
    for name in parameters:
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name.replace('_', '-')} {why}")


async def _view(url: str, namespace: str, as_json: bool) -> None:
    from cosmo_doppler.cli.streaming import stream
    from cosmo_doppler.management import BusRefused, manage
    from cosmo_doppler.tui.safe import safe

    async with manage(url) as bus:
        try:
            info = await bus.ask("mgmt_info", namespace=namespace)
        except BusRefused as refused:
            raise _unknown(url, refused) from None
    info.pop("op", None)
    if as_json:
        show_json(info)
        return
    for title, key in (
        ("Namespace:", "namespace"),
        ("Transport:", "transport"),
        ("Signals:", "signal_count"),
        ("Clients:", "client_count"),
        ("Started:", "started_at"),
    ):
        show(f"  {title:<11} {safe(str(info.get(key, '')), 200)}")
    await stream(url, namespace)


async def _stop(url: str, namespace: str) -> None:
    from cosmo_doppler.management import BusRefused, manage

    async with manage(url) as bus:
        try:
            await bus.ask("mgmt_stop", namespace=namespace)
        except BusRefused as refused:
            raise _unknown(url, refused) from None
    show(f"Stopped namespace {namespace!r} on {url}.")


def _unknown(url: str, refused: Exception) -> CommandError:
    return CommandError(
        f"the bus at {url} says: {refused}", f"list its namespaces with `cosmo synapse view --url {url}`"
    )
