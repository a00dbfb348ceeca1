"""`cosmo doppler`: the observatory, on a bus, a recording or the demo."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import click

from cosmo_doppler.cli.checks import Checks, check_options
from cosmo_doppler.cli.looks import look_options
from cosmo_doppler.cli.options import (
    FILTER,
    SIZE,
    URL,
    Checked,
    bus_options,
    examples,
    for_option,
    json_option,
    read_namespace,
    read_url,
    redact_option,
    redaction_of,
)
from cosmo_doppler.cli.output import say, show_all
from cosmo_doppler.cli.playing import Playing, playing_options
from cosmo_doppler.cli.running import run
from cosmo_doppler.cli.tail import Selection, print_recording, selection_options, stream
from cosmo_doppler.config import ThemeName, read_config

if TYPE_CHECKING:
    from cosmo_doppler.query import Filter
    from cosmo_doppler.redaction import Redaction
    from cosmo_doppler.session import Session
    from cosmo_doppler.steward import Steward

View = Literal[
    "traces", "auctions", "registry", "inbox", "signals", "faults", "metrics", "topology", "coordination"
]
VIEWS: tuple[View, ...] = get_args(View)


@dataclass(frozen=True)
class Picture:
    """A screen to render without a terminal."""

    path: Path
    size: tuple[int, int]
    view: View
    select: str
    wanted: str
    """A filter; empty for none."""


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
        "cosmo doppler --ascii --theme contrast",
    )
)
@click.argument("places", nargs=-1, metavar="[FILE...|URL]", type=Checked("place", _read_place))
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
def command(
    ctx: click.Context,
    places: tuple[Path | str, ...],
    url: str,
    namespace: str,
    demo: bool,
    record: Path | None,
    playing: Playing,
    wanted: Filter | None,
    checks: Checks,
    screenshot: Path | None,
    size: tuple[int, int],
    view: View,
    select: str,
    seconds: float | None,
    plain: bool,
    tail: bool,
    types: tuple[str, ...],
    trace: str,
    neuron: str,
    payload: bool,
    as_json: bool,
    allow_actions: bool,
    store: str | None,
    daemon: bool,
    theme: ThemeName | None,
    ascii: bool,
    redact: tuple[str, ...],
    legacy: str | None,
) -> None:
    """Watch the bus at URL live (several side by side), replay FILE (several are merged by time), or run the demo.

    Without a terminal the same is printed as plain lines: live until interrupted or for --for SECONDS, a
    recording from beginning to end.

    EXPR is written like type:BID who:worker-* cost<0.01 -auto:true, or trace.dur>2s or trace.errors>0, or
    payload.input.text ~ "(?i)invoice": conditions side by side all hold; there are and, or, not, - and parentheses;
    FIELD:VALUE takes a pattern with *, then there are = != < <= > >= ~ !~; "a text" and /a pattern/ are looked for
    anywhere in a signal. With --until, --assert or --report the run is judged and nothing is shown: by the state of
    traces and auctions at its end, or, for --until, at that moment. Exit code 0: all is as asked; 1: it is not;
    2: wrong usage; 3: no bus.
    """
    recordings, url, more = _where(ctx, places, url, demo=demo)
    if legacy is not None:
        url, namespace = _read_legacy(ctx, legacy, namespace)
    selection = Selection(frozenset(types), trace, neuron, wanted)
    told_as_lines = (tail or as_json) and not checks.any
    if told_as_lines and not (recordings or demo):
        run(lambda: stream(url, namespace, selection, payload=payload, as_json=as_json, seconds=seconds))
        return
    if told_as_lines and demo:
        raise click.UsageError("--tail and --json print a bus or a recording; for the demo use --plain")
    if not told_as_lines and (types or trace or neuron or payload):
        raise click.UsageError("--type, --trace, --neuron and --payload need --tail")
    _check_baseline(checks, shown=not (told_as_lines or plain or daemon))
    redaction = redaction_of(redact)
    if daemon:
        from cosmo_doppler.cli.record import record_bus

        path = _only_recorded(record, elsewhere=bool(recordings or demo or more))
        run(lambda: record_bus(path, url, namespace, seconds, None, False, redaction, as_json))
        return
    on_screen = not (told_as_lines or checks.any or screenshot or plain) and _begin_screen()
    if store is not None and not on_screen:
        raise click.UsageError(
            "--store is what Q acts on: it needs the screen; see `cosmo coord` for the shell"
        )
    session = _open(
        recordings, url, namespace, demo=demo, record=record, playing=playing, allow_actions=allow_actions
    )
    playing.apply(session)
    session.redact(redaction)
    if told_as_lines:
        print_recording(session, selection, payload=payload, as_json=as_json)
        return
    if checks.at is not None:
        _end_at(session, checks, playing)
    text = "" if wanted is None else wanted.text
    drawn = wanted.written if wanted is not None and "$" in text else text
    picture = None if screenshot is None else Picture(screenshot, size, view, select, drawn)
    if checks.any:
        _judge(session, checks, playing, seconds, picture, theme, ascii=ascii, as_json=as_json)
    elif picture is not None:
        _draw(session, picture, seconds, theme, ascii, checks)
    elif not on_screen:
        _tell(session, seconds, wanted, asked=plain)
    else:
        beside = _beside(more, namespace, redaction, allow_actions=allow_actions)
        steward = None if store is None else _steward(ctx, store)
        _open_screen(session, view, select, seconds, theme, ascii, text, beside, checks.baseline, steward)


def _check_baseline(checks: Checks, *, shown: bool) -> None:
    if checks.baseline is not None and not shown:
        raise click.UsageError("--baseline is for the screen, a --screenshot and a --report")


def _where(
    ctx: click.Context, places: tuple[Path | str, ...], url: str, *, demo: bool
) -> tuple[list[Path], str, list[str]]:
    """The recordings to open, the bus to watch when there are none, and the buses beside it."""
    recordings = [place for place in places if isinstance(place, Path)]
    buses = [place for place in places if isinstance(place, str)]
    if buses and recordings:
        raise click.UsageError("buses or recordings, not both at once; C and :open add one on the screen")
    if buses and (demo or ctx.get_parameter_source("url") is click.core.ParameterSource.COMMANDLINE):
        raise click.UsageError("one place at a time: leave out URL, or --url and --demo")
    if recordings and demo:
        raise click.UsageError("FILE is a recording, --demo makes its own signals: use one of them")
    return recordings, buses[0] if buses else url, buses[1:]


def _steward(ctx: click.Context, where: str) -> Steward:
    """Who acts on a store; it is closed with the command."""
    from cosmo_doppler.cli.coord_reading import opened, shown
    from cosmo_doppler.steward import Steward

    return Steward(ctx.with_resource(opened(where)), shown(where))


def _only_recorded(record: Path | None, *, elsewhere: bool) -> Path:
    """Where --daemon records to."""
    if record is None or elsewhere:
        raise click.UsageError("--daemon records one bus: add --record FILE, and name no other place")
    return record


def _end_at(session: Session, checks: Checks, playing: Playing) -> None:
    """Stand at --at from the beginning; a judged run goes there by itself."""
    if session.kind != "replay":
        raise click.UsageError("--at names a place in a recording; a bus is watched for --for SECONDS")
    if not checks.any:
        session.timeline.play_between(checks.at, playing.last)
        session.timeline.pause()


def _judge(
    session: Session,
    checks: Checks,
    playing: Playing,
    seconds: float | None,
    picture: Picture | None,
    theme: ThemeName | None,
    *,
    ascii: bool,
    as_json: bool,
) -> None:
    from cosmo_doppler.cli.checks import check_live, check_recording, tell

    if session.kind == "replay":
        verdict = check_recording(session, checks, playing)
    else:
        verdict = run(lambda: check_live(session, checks, seconds))
    if picture is not None:
        _draw(session, picture, seconds, theme, ascii, checks, judged=True)
    tell(verdict, checks, as_json=as_json)


def _begin_screen() -> bool:
    """Whether there is a screen to draw on. The collector rests then until the first picture, since all made so far stays."""
    if not _on_terminal():
        return False
    gc.disable()
    return True


def _on_terminal() -> bool:
    """Whether there is a screen to draw on: keys come from stdin, and textual draws on stderr."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def _read_legacy(ctx: click.Context, legacy: str, namespace: str) -> tuple[str, str]:
    """Read the released peers' older `--synapse URL/NAMESPACE`."""
    if ctx.get_parameter_source("url") is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("--synapse and --url both name the bus: use --url")
    scheme, _, rest = legacy.partition("://")
    address, _, path = rest.partition("/")
    url: str = URL.convert(f"{scheme}://{address}", None, ctx)
    try:
        return url, read_namespace(path) if path else namespace
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _open(
    recordings: list[Path],
    url: str,
    namespace: str,
    *,
    demo: bool,
    record: Path | None,
    playing: Playing,
    allow_actions: bool,
) -> Session:
    if recordings:
        from cosmo_doppler.session import open_replay

        if record is not None:
            raise click.UsageError("--record writes what a bus says; FILE is a recording already")
        return open_replay(recordings, speed=playing.speed, paused=playing.paused)
    if record is not None:
        from cosmo_doppler.cli.files import refuse_existing

        refuse_existing(record)
    if demo:
        from cosmo_doppler.demo import open_demo

        return open_demo(record=record)
    from cosmo_doppler.session.live import open_live

    session = open_live(url, namespace, record=record)
    if allow_actions:
        session.arm(True)
    return session


def _beside(urls: list[str], namespace: str, redaction: Redaction, *, allow_actions: bool) -> list[Session]:
    """The buses that are watched as well."""
    if not urls:
        return []
    from cosmo_doppler.session.live import open_live

    sessions = [open_live(url, namespace) for url in urls]
    for session in sessions:
        session.redact(redaction)
        if allow_actions:
            session.arm(True)
    return sessions


def _tell(session: Session, seconds: float | None, wanted: Filter | None, *, asked: bool) -> None:
    from cosmo_doppler.cli.plain import tell_live, tell_recording

    if not asked:
        say("no terminal: printing plain lines")
    if session.kind == "replay":
        tell_recording(session, wanted)
    else:
        run(lambda: tell_live(session, wanted, seconds=seconds))


def _draw(
    session: Session,
    picture: Picture,
    seconds: float | None,
    theme: ThemeName | None,
    ascii: bool,
    checks: Checks,
    *,
    judged: bool = False,
) -> None:
    from cosmo_doppler.cli.looks import chosen_look
    from cosmo_doppler.cli.screens import draw

    look = chosen_look(read_config(), theme, ascii=ascii)
    baseline = checks.read_baseline(session)
    run(lambda: draw(session, picture, seconds, look, judged=judged, baseline=baseline))
    say(f"wrote {picture.path}")


def _open_screen(
    session: Session,
    view: View,
    select: str,
    seconds: float | None,
    theme: ThemeName | None,
    ascii: bool,
    wanted: str,
    beside: list[Session],
    baseline: Path | None,
    steward: Steward | None,
) -> None:
    from cosmo_doppler.cli.screens import open_screen

    run(
        lambda: open_screen(
            session,
            view,
            select,
            seconds,
            theme,
            ascii=ascii,
            wanted=wanted,
            beside=beside,
            baseline=baseline,
            steward=steward,
        )
    )
