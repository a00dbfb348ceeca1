"""`cosmo doppler`: the observatory, on a bus, a recording or the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cosmo_doppler.cli.asked import VIEWS, Asked
from cosmo_doppler.cli.checks import check_options
from cosmo_doppler.cli.looks import look_options
from cosmo_doppler.cli.options import (
    FILTER,
    SIZE,
    Checked,
    bus_options,
    examples,
    for_option,
    json_option,
    read_url,
    redact_option,
)
from cosmo_doppler.cli.output import show_all
from cosmo_doppler.cli.playing import playing_options
from cosmo_doppler.cli.showing import show_what_is_asked
from cosmo_doppler.cli.tail import selection_options


def _read_place(text: str) -> Path | str:
    """The URL of a bus, or the path of a recording."""
    return read_url(text) if "://" in text else Path(text)


def _print_fields(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from cosmo_doppler.query.fields import table_of_fields

        show_all(table_of_fields())
        ctx.exit()


@click.command(
    epilog=examples(
        "cosmo doppler",
        "cosmo doppler --demo",
        "cosmo doppler --url cosmo://127.0.0.1:7071 -n quickstart --record session.ndjson",
        "cosmo doppler nats://127.0.0.1:4222 -n quickstart",
        "cosmo doppler cosmo://127.0.0.1:7070 cosmo://127.0.0.1:7071",
        "cosmo doppler --daemon --record night.ndjson.zst",
        "cosmo doppler session.ndjson --speed 4 --paused",
        "cosmo doppler producer.ndjson worker.ndjson --from 00:01:12 --loop",
        "cosmo doppler session.ndjson --screenshot auctions.svg --size 120x40 --view auctions",
        "cosmo doppler session.ndjson --filter 'type:BID cost>0.01'",
        "cosmo doppler session.ndjson --assert 'never has:error' --report result.xml",
        "cosmo doppler session.ndjson --until late:true --screenshot late.svg",
        "cosmo doppler today.ndjson --baseline yesterday.ndjson --report changes.md",
        "cosmo doppler --demo --for 30s | less",
        "ssh farm cosmo tail --json | cosmo doppler -",
        "cosmo doppler --ascii --theme contrast",
    )
)
@click.argument("places", nargs=-1, metavar="[FILE...|URL]", type=Checked("place", _read_place, files=True))
@bus_options
@click.option("--demo", is_flag=True, help="Watch a small market of agents on a bus of its own.")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write what is seen to this new file.",
)
@playing_options
@click.option(
    "--filter",
    "wanted",
    type=FILTER,
    metavar="EXPR",
    help="Show, print or draw only signals that match, and what they belong to.",
)
@check_options
@click.option(
    "--fields",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_fields,
    help="List what an EXPR can ask for, and exit.",
)
@click.option(
    "--screenshot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.svg",
    help="Render one screen to this file and exit; no terminal needed.",
)
@click.option(
    "--size", type=SIZE, default="120x40", show_default=True, metavar="WxH", help="Its columns and rows."
)
@click.option(
    "--view", type=click.Choice(VIEWS), default="traces", show_default=True, help="The view to open."
)
@click.option("--select", default="", metavar="ID", help="The row to select, by the end of its id.")
@for_option("End after this long.")
@click.option(
    "--plain", is_flag=True, help="Lines of text instead of the screen, for pipes and screen readers."
)
@click.option("--tail", is_flag=True, help="Print signals like `cosmo tail` instead of opening the screen.")
@selection_options
@json_option("Like --tail, one JSON object a line.")
@click.option(
    "--allow-actions",
    is_flag=True,
    help="Be able to send from the beginning, also to a bus that is not on this machine.",
)
@click.option(
    "--store",
    metavar="WHERE",
    help="A coordination store, FILE or postgresql://..., that Q acts on: cancel a task, close a vote.",
)
@click.option(
    "--daemon", is_flag=True, help="Record without a screen until Ctrl-C or SIGTERM; needs --record."
)
@look_options
@redact_option
@click.option("--synapse", "legacy", metavar="URL[/NS]", hidden=True)
@click.option("--port", hidden=True, type=int, expose_value=False)
@click.option("--no-browser", hidden=True, is_flag=True, expose_value=False)
@click.option("--prism", hidden=True, is_flag=True, expose_value=False)
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Watch the bus at URL live (several side by side), replay FILE (several are merged by time; - is standard input), or run the demo.

    Without a terminal the same is printed as plain lines: live until interrupted or for --for SECONDS, a
    recording from beginning to end.

    EXPR is written like type:BID who:worker-* cost<0.01 -auto:true, or trace.dur>2s or trace.errors>0, or
    payload.input.text ~ "(?i)invoice": conditions side by side all hold; there are and, or, not, - and parentheses;
    FIELD:VALUE takes a pattern with *, then there are = != < <= > >= ~ !~; "a text" and /a pattern/ are looked for
    anywhere in a signal. With --until, --assert or --report the run is judged and nothing is shown: by the state of
    traces and auctions at its end, or, for --until, at that moment. Exit code 0: all is as asked; 1: it is not;
    2: wrong usage; 3: no bus.
    """
    asked = Asked(**options).on_its_bus(ctx).with_pipes()
    asked.check()
    show_what_is_asked(ctx, asked)
