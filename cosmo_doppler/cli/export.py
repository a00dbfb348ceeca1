"""`cosmo export`: a part of a recording, for other programs and other people."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.cli.files import refuse_existing
from cosmo_doppler.cli.options import examples, redact_option, redaction_of
from cosmo_doppler.cli.output import ReaderLeft, say
from cosmo_doppler.cli.piped import recording
from cosmo_doppler.cli.skipped import say_skipped

if TYPE_CHECKING:
    from cosmo_doppler.export import Format, Selection
    from cosmo_doppler.session import Session

FORMATS: tuple[Format, ...] = ("ndjson", "csv", "md", "otlp")
_SUFFIXES: dict[Format, str] = {"otlp": "json"}
"""Where the ending of a file is not the name of the format."""


@click.command(
    epilog=examples(
        "cosmo export session.ndjson --trace 07A2BC91 > one.ndjson",
        "cosmo export session.ndjson --trace 07A2BC91 -o trace.md",
        "cosmo export session.ndjson -o bids.csv",
        "cosmo export session.ndjson -o spans.json",
        "cosmo export session.ndjson --redact payload.**.email -o shareable.ndjson",
    )
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--trace", default="", metavar="ID", help="Only this trace; the end of its id is enough.")
@click.option("--auction", default="", metavar="ID", help="Only this auction, by the end of its offer's id.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="ndjson: a recording; csv: one row for each bid; md: a page; otlp: traces as spans for OpenTelemetry, in JSON, one "
    "trace a line.  [default: by OUT, else ndjson]",
)
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help="A new file to write, instead of stdout.",
)
@click.option("--force", is_flag=True, help="Replace OUT if it exists.")
@redact_option
def command(
    file: Path,
    trace: str,
    auction: str,
    format_: Format | None,
    out: Path | None,
    force: bool,
    redact: tuple[str, ...],
) -> None:
    """Write a part of the recording FILE: its signals, its bids, its traces as spans, or a page about
    one trace or auction."""
    from cosmo_doppler.export import exported, whole_recording, write_new
    from cosmo_doppler.session import load_all, open_replay

    if trace and auction:
        raise click.UsageError("--trace and --auction each choose a part: use one of them")
    kind = format_ or _format_of(out)
    if kind == "md" and not (trace or auction):
        raise click.UsageError("a page is about one trace or one auction: add --trace ID or --auction ID")
    if kind == "otlp" and auction:
        raise click.UsageError("spans are of traces: leave out --auction, or use --trace ID")
    if out is not None:
        refuse_existing(out, force=force)
    redaction = redaction_of(redact)
    session = open_replay(recording(file), paused=True)
    session.redact(redaction)
    try:
        parts = whole_recording(session)
        if kind != "ndjson" or trace or auction:
            load_all(session)
            parts = exported(session, _selected(session, trace, auction), kind)
        if out is None:
            _print(parts)
        else:
            write_new(out, parts, force=force)
            say(f"wrote {out}")
        say_skipped(session)
    finally:
        session.stop()


def _selected(session: Session, trace: str, auction: str) -> Selection:
    from cosmo_doppler.export import Selection

    board = session.timeline.board
    return Selection(
        _find(board.trace_order, trace, "trace") if trace else None,
        _find(board.auction_order, auction, "auction") if auction else None,
    )


def _format_of(out: Path | None) -> Format:
    suffix = "" if out is None else out.suffix.lstrip(".")
    for kind in FORMATS:
        if suffix in ("", _SUFFIXES.get(kind, kind)):
            return kind
    raise click.UsageError(f"{out} names no format: end it in .ndjson, .csv, .md or .json, or say --format")


def _find(known: list[str], end: str, noun: str) -> str:
    found = [each for each in known if each.endswith(end)]
    if not found:
        raise CommandError(f"no {noun} ends in {end!r}", f"there are {len(known)} in the recording")
    if len(found) > 1:
        raise CommandError(f"{len(found)} {noun}s end in {end!r}", "write more of the id")
    return found[0]


def _print(parts: Iterator[bytes]) -> None:
    try:
        for part in parts:
            sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise ReaderLeft from None
