"""`cosmo export`: a part of a recording, for other programs and other people."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import click

from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.cli.files import refuse_existing
from cosmo_doppler.cli.options import examples, redact_option, redaction_of
from cosmo_doppler.cli.output import ReaderLeft, say

if TYPE_CHECKING:
    from cosmo_doppler.session import Session

Format = Literal["ndjson", "csv", "md"]


@click.command(
    epilog=examples(
        "cosmo export session.ndjson --trace 07A2BC91 > one.ndjson",
        "cosmo export session.ndjson --trace 07A2BC91 -o trace.md",
        "cosmo export session.ndjson -o bids.csv",
        "cosmo export session.ndjson --redact payload.**.email -o shareable.ndjson",
    )
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--trace", default="", metavar="ID", help="Only this trace; the end of its id is enough.")
@click.option("--auction", default="", metavar="ID", help="Only this auction, by the end of its offer's id.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(get_args(Format)),
    help="ndjson: a recording; csv: one row for each bid; md: a page.  [default: by OUT, else ndjson]",
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
    """Write a part of the recording FILE: its signals, its bids, or a page about one trace or auction."""
    from cosmo_doppler.session import load_all, open_replay

    if trace and auction:
        raise click.UsageError("--trace and --auction each choose a part: use one of them")
    kind = format_ or _format_of(out)
    if kind == "md" and not (trace or auction):
        raise click.UsageError("a page is about one trace or one auction: add --trace ID or --auction ID")
    if out is not None:
        refuse_existing(out, force=force)
    redaction = redaction_of(redact)
    session = open_replay(file, paused=True)
    session.redact(redaction)
    load_all(session)
    try:
        _write(out, _parts(session, kind, trace, auction))
    finally:
        session.stop()


def _format_of(out: Path | None) -> Format:
    suffix = "" if out is None else out.suffix.lstrip(".")
    if suffix in get_args(Format):
        kind: Format = suffix  # type: ignore[assignment]
        return kind
    if suffix:
        raise click.UsageError(f"{out} names no format: end it in .ndjson, .csv or .md, or say --format")
    return "ndjson"


def _parts(session: Session, kind: Format, trace: str, auction: str) -> Iterator[bytes]:
    from cosmo_doppler import export

    board, store = session.timeline.board, session.store
    trace_id = _find(board.trace_order, trace, "trace") if trace else None
    offer_id = _find(board.auction_order, auction, "auction") if auction else None
    chosen = board.auctions[offer_id] if offer_id is not None else None
    if kind == "csv":
        auctions = board.traces[trace_id].auctions if trace_id is not None else board.auction_order
        picked = [chosen] if chosen is not None else [board.auctions[each] for each in auctions]
        yield export.bids_csv(picked).encode()
    elif kind == "md":
        page = export.trace_page(board, store, trace_id) if trace_id is not None else ""
        if chosen is not None:
            page = export.auction_page(chosen) + "\n"
        yield page.encode()
    else:
        seqs: list[int] | range = range(len(store))
        if trace_id is not None:
            seqs = export.trace_seqs(board, trace_id)
        elif chosen is not None:
            seqs = export.auction_seqs(board, chosen)
        yield from export.recording_lines(store, seqs)


def _find(known: list[str], end: str, noun: str) -> str:
    found = [each for each in known if each.endswith(end)]
    if not found:
        raise CommandError(f"no {noun} ends in {end!r}", f"there are {len(known)} in the recording")
    if len(found) > 1:
        raise CommandError(f"{len(found)} {noun}s end in {end!r}", "write more of the id")
    return found[0]


def _write(out: Path | None, parts: Iterator[bytes]) -> None:
    if out is None:
        try:
            for part in parts:
                sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise ReaderLeft from None
        return
    # Whole or not at all: a name that is there holds everything.
    unfinished = out.with_name(f".{out.name}.part")
    try:
        with unfinished.open("wb") as target:
            target.writelines(parts)
        unfinished.replace(out)
    except OSError as error:
        raise CommandError(f"cannot write {out}: {error.strerror}", "name another place") from None
    finally:
        unfinished.unlink(missing_ok=True)
    say(f"wrote {out}")
