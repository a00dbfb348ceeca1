"""`cosmo replay`: a recording, sent to a bus again."""

from __future__ import annotations

import asyncio
import math
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.cli.options import NAMESPACE, examples, json_option, url_option
from cosmo_doppler.cli.output import say, show_json
from cosmo_doppler.cli.piped import whole_recording
from cosmo_doppler.cli.running import Ending, run, until_interrupted
from cosmo_doppler.cli.skipped import SHOWN, say_lines
from cosmo_doppler.settings import NAMESPACE_VARIABLE

if TYPE_CHECKING:
    from cosmo_doppler.session.recorded import RecordedFrames
    from cosmo_doppler.session.republish import Republished

PROGRESS_S = 0.1
"""How often the progress bar moves, seconds."""


class Speed(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases of click only
    """A factor, or `max`."""

    name = "speed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it; `max` is infinity."""
        if value == "max":
            return math.inf
        try:
            speed = float(value)
        except ValueError:
            speed = 0.0
        if not 0 < speed < math.inf:
            self.fail(f"{value!r} is no speed; write a factor like 0.5 or 10, or max", param, ctx)
        return speed


@click.command(
    epilog=examples(
        "cosmo replay session.ndjson",
        "cosmo replay session.ndjson --speed 10 --as-new-traces",
        "cosmo replay session.ndjson --speed max -n staging --url cosmo://127.0.0.1:7071",
    )
)
@click.argument("recording", metavar="FILE", type=click.Path(path_type=Path))
@url_option
@click.option(
    "-n",
    "--namespace",
    type=NAMESPACE,
    metavar="NS",
    help=f"Send everything to this namespace.  [default: where it was recorded, else {NAMESPACE_VARIABLE} or dev]",
)
@click.option(
    "--speed",
    type=Speed(),
    default="1",
    show_default=True,
    metavar="N|max",
    help="2 is twice as fast as recorded, max as fast as the bus takes it.",
)
@click.option(
    "--as-new-traces",
    is_flag=True,
    help="Give every event and trace a new id, consistently, so that agents take them for new work.",
)
@json_option("Print what was sent as JSON at the end.")
def command(
    recording: Path, url: str, namespace: str | None, speed: float, as_new_traces: bool, as_json: bool
) -> None:
    """Send the signals of FILE to a bus again, with the pauses between them.

    Agents that take part do what they are told once more: replay into a namespace of its own, or onto a bus where
    nobody works, unless that is what you want. A signal whose id an agent has just seen is ignored by it;
    --as-new-traces makes all of them new.
    """
    place = whole_recording(recording)
    _check(place)
    run(lambda: _replay(place, url, namespace, speed, as_new_traces, as_json))


def _check(path: Path) -> None:
    """Look for a signal in the file before anybody is connected to.

    Raises:
        CommandError: it holds none.
        RecordingError: there is no file to look into.
    """
    from cosmo_doppler.session.no_recording import looks_like, refuse_misplaced
    from cosmo_doppler.session.recorded import RecordedFrames

    refuse_misplaced(path)
    frames = RecordedFrames(path)
    if any(frame is not None for frame in frames):
        return
    say_lines(frames.skipped, frames.skipped_count)
    what = looks_like(path)
    raise CommandError(
        f"{frames.name} holds no signal" + (f": {what}" if what else ""),
        "record one with `cosmo record -o FILE`",
    )


async def _replay(
    path: Path, url: str, namespace: str | None, speed: float, as_new_traces: bool, as_json: bool
) -> None:
    from cosmo_bus.client import BusClient
    from cosmo_doppler.session.recorded import RecordedFrames
    from cosmo_doppler.session.republish import NewTraces, Republisher
    from cosmo_doppler.settings import DEFAULT_NAMESPACE

    frames = RecordedFrames(path)
    client = BusClient(url)
    await client.connect()
    republisher = Republisher(
        client,
        speed=speed,
        namespace=namespace,
        otherwise=os.environ.get(NAMESPACE_VARIABLE) or DEFAULT_NAMESPACE,
        rewrite=NewTraces(os.urandom(16), time.time()) if as_new_traces else None,
    )
    try:
        ending = await _with_progress(republisher.run(frames), frames, republisher.outcome)
    finally:
        await client.close()
        _tell(frames, republisher.outcome, url, as_json)
    _judge(frames, republisher.outcome, ending)


async def _with_progress(work: Any, frames: RecordedFrames, outcome: Republished) -> Ending:
    """Run to the end, with a progress bar on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[sent]:,} sent"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("", total=frames.size, sent=0)

        async def move() -> None:
            while True:
                progress.update(bar, completed=min(frames.read, frames.size), sent=outcome.sent)
                await asyncio.sleep(PROGRESS_S)

        moving = asyncio.create_task(move())
        try:
            return await until_interrupted(work)
        finally:
            moving.cancel()
            await asyncio.wait({moving})


def _tell(frames: RecordedFrames, outcome: Republished, url: str, as_json: bool) -> None:
    from cosmo_doppler.tui.words import many

    not_frames = [(number, reason) for _, number, reason in frames.skipped]
    for number, reason in [*not_frames, *outcome.refused][:SHOWN]:
        say(f"{frames.name}:{number}: not sent: {reason}")
    say(f"sent {outcome.sent:,} signals of {frames.name} to {url}")
    if outcome.passed_over:
        say(f"passed over {many(outcome.passed_over, 'line')} about the bus itself")
    if as_json:
        show_json(
            {
                "file": str(frames.name),
                "sent": outcome.sent,
                "skipped": frames.skipped_count,
                "refused": outcome.refused_count,
                "passed_over": outcome.passed_over,
            }
        )


def _judge(frames: RecordedFrames, outcome: Republished, ending: Ending) -> None:
    """A replay that did not send everything has failed, unless the person ended it."""
    unsent = frames.skipped_count + outcome.refused_count
    if ending == "interrupted":
        raise KeyboardInterrupt
    if unsent or not outcome.sent:
        raise CommandError(
            f"{frames.name}: {unsent:,} lines could not be sent", "the first ones are named above"
        )
