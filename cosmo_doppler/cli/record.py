"""`cosmo record`: everything that passes, into a file."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.cli.options import (
    BYTES,
    bus_options,
    examples,
    for_option,
    json_option,
    redact_option,
    redaction_of,
)
from cosmo_doppler.cli.output import say, show_json
from cosmo_doppler.cli.running import run, until_interrupted
from cosmo_doppler.settings import without_login

if TYPE_CHECKING:
    from cosmo_doppler.redaction import Redaction
    from cosmo_doppler.session import Recorder

PROGRESS_S = 1.0
"""How often the progress line changes, seconds."""


@click.command(
    epilog=examples(
        "cosmo record -o session.ndjson",
        "cosmo record -o session.ndjson --for 30s -n quickstart",
        "cosmo record -o day.ndjson.zst --rotate 1GB",
        "cosmo doppler session.ndjson",
    )
)
@click.option(
    "-o",
    "--output",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file to write.",
)
@bus_options
@for_option("End after this long.")
@click.option(
    "--rotate",
    type=BYTES,
    metavar="SIZE",
    help="Go on in another file, session.001.ndjson and so on, after this much: 256MB.",
)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@redact_option
@json_option("Print what was recorded as JSON at the end.")
def command(
    path: Path,
    url: str,
    namespace: str,
    seconds: float | None,
    rotate: int | None,
    force: bool,
    redact: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write everything that passes to a file, until Ctrl-C.

    Each line is a signal exactly as it came, with its time of arrival and subject in front. The file opens in
    `cosmo doppler FILE`, and is valid input for jq. A bus that goes away is waited for. A name that ends with .zst
    makes a compressed file.
    """
    redaction = redaction_of(redact)
    run(lambda: record_bus(path, url, namespace, seconds, rotate, force, redaction, as_json))


async def record_bus(
    path: Path,
    url: str,
    namespace: str,
    seconds: float | None,
    rotate: int | None,
    force: bool,
    redaction: Redaction,
    as_json: bool,
) -> None:
    """Write what passes to a file until interrupted, or for some seconds.

    Raises:
        CannotConnect: no bus there.
        CommandError: the file exists, or the disk took no more.
    """
    from cosmo_doppler.cli.files import new_recording, refuse_existing, until_fault
    from cosmo_doppler.cli.watching import Frame, watching

    refuse_existing(path, force=force)
    recorder: Recorder | None = None
    early: list[Frame] = []

    def receive(frame: Frame) -> None:
        if recorder is None:
            early.append(frame)
        else:
            recorder.write(frame.at, frame.subject, frame.data)

    try:
        async with watching(url, namespace, receive, events=True):
            # Only now: a bus that is not there must not leave, or replace, a file.
            recorder = new_recording(path, redaction, force=force, rotate_bytes=rotate)
            for frame in early:
                receive(frame)
            banner = f"recording {without_login(url)} namespace {namespace} to {path}, Ctrl-C to end"
            progress = asyncio.create_task(_progress(recorder))
            try:
                await until_interrupted(until_fault(recorder), seconds=seconds, ready=lambda: say(banner))
            finally:
                progress.cancel()
                await asyncio.wait({progress})
    finally:
        # After the watching, which at its end still says what did not get here.
        if recorder is not None:
            recorder.close()
    if sys.stderr.isatty():
        print(file=sys.stderr)  # noqa: T201  (leave the progress line)
    if recorder.fault:
        raise CommandError(
            f"recording to {path} stopped: {recorder.fault}; {recorder.lost} signals after that are lost",
            "make room or name a file elsewhere",
        )
    say(f"recorded {recorder.lines} signals, {recorder.bytes_written:,} bytes, in {path}")
    if as_json:
        show_json({"file": str(path), "signals": recorder.lines, "bytes": recorder.bytes_written})


async def _progress(recorder: Recorder) -> None:
    """Keep one line on the terminal up to date. A file or a pipe gets no such line."""
    while sys.stderr.isatty():
        print(  # noqa: T201
            f"\r{recorder.lines:,} signals, {recorder.bytes_written:,} bytes",
            end="",
            file=sys.stderr,
            flush=True,
        )
        await asyncio.sleep(PROGRESS_S)
