"""`cosmo tail`: signals as they pass, one line each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cosmo_doppler.cli.options import (
    FILTER,
    SIGNAL_TYPE,
    bus_options,
    examples,
    for_option,
    json_option,
    redact_option,
    redaction_of,
)
from cosmo_doppler.cli.output import LinePrinter, say, show_all
from cosmo_doppler.cli.running import run, until_interrupted
from cosmo_doppler.settings import without_login

if TYPE_CHECKING:
    from cosmo_doppler.cli.watching import Frame
    from cosmo_doppler.model.board import Board
    from cosmo_doppler.query import Filter
    from cosmo_doppler.query.rows import Row
    from cosmo_doppler.redaction import Redaction
    from cosmo_doppler.session import Session
    from cosmo_sdk.header import Header

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Selection:
    """Which signals to print. Empty means all."""

    types: frozenset[str] = frozenset()
    trace: str = ""
    """A trace id, or how one ends."""
    neuron: str = ""
    where: Filter | None = None
    """What else must hold."""

    def takes(self, row: Row) -> bool:
        """Whether a signal is one of them."""
        return (
            (not self.types or row.type in self.types)
            and row.trace_id.endswith(self.trace)
            and (not self.neuron or row.who == self.neuron)
            and (self.where is None or self.where.matches(row))
        )


class Passing:
    """Says of each frame that passes whether it is wanted; what traces and auctions are like by then is known."""

    def __init__(self, wanted: Selection) -> None:
        self._wanted = wanted
        self._board: Board | None = None
        self._seen = 0
        if wanted.where is not None and wanted.where.folded:
            from cosmo_doppler.model.board import Board

            self._board = Board()

    def takes(self, at: float, subject: str, data: bytes, header: Header) -> bool:
        """Whether the next frame is wanted."""
        from cosmo_doppler.model.observed import Observed
        from cosmo_doppler.query import FrameRow, Known

        seq, self._seen = self._seen, self._seen + 1
        if self._board is not None:
            self._board.apply(Observed(seq, at, subject, header))
            self._board.take_changes()
        known = Known(self._board, at)
        return self._wanted.takes(FrameRow(at, subject, data, header, seq=seq, known=known))


def selection_options(command: F) -> F:
    """`--type`, `--trace`, `--neuron`, `--payload`: as in released peers."""
    for option in (
        click.option("--payload", is_flag=True, help="Show each signal's payload on a second line."),
        click.option("--neuron", default="", metavar="ID", help="Only this participant."),
        click.option(
            "--trace", default="", metavar="ID", help="Only this trace; its last characters are enough."
        ),
        click.option(
            "--type",
            "types",
            type=SIGNAL_TYPE,
            multiple=True,
            metavar="TYPE",
            help="Only this type; repeatable.",
        ),
    ):
        command = option(command)
    return command


@click.command(
    epilog=examples(
        "cosmo tail",
        "cosmo tail --type task_offer --type bid --type task_awarded --payload",
        "cosmo tail --trace 7M8ZK2QD",
        "cosmo tail --where 'type:BID who:worker-* cost<0.01 -auto:true'",
        "cosmo tail --json --for 30s | jq -r .type | sort | uniq -c",
    )
)
@bus_options
@selection_options
@click.option(
    "--where",
    type=FILTER,
    metavar="EXPR",
    help="Only signals that match an expression, as in `cosmo doppler`: see there.",
)
@json_option("Print each signal as it came, one JSON object a line. Such a file opens in doppler.")
@for_option("End after this long.")
@redact_option
def command(
    url: str,
    namespace: str,
    types: tuple[str, ...],
    trace: str,
    neuron: str,
    payload: bool,
    where: Filter | None,
    as_json: bool,
    seconds: float | None,
    redact: tuple[str, ...],
) -> None:
    """Print signals as they pass, one line each.

    The columns are the time of arrival (UTC), the type, the end of the trace's id, and the participant the signal
    names. A bus that goes away is waited for. Ctrl-C ends it.
    """
    wanted, redaction = Selection(frozenset(types), trace, neuron, where), redaction_of(redact)
    run(lambda: stream(url, namespace, wanted, redaction, payload=payload, as_json=as_json, seconds=seconds))


async def stream(
    url: str,
    namespace: str,
    wanted: Selection,
    redaction: Redaction,
    *,
    payload: bool = False,
    as_json: bool = False,
    seconds: float | None = None,
) -> None:
    """Print the wanted signals of a namespace, redacted, until interrupted, or for some seconds.

    Raises:
        CannotConnect: no bus there.
    """
    from cosmo_doppler.cli.watching import Frame, watching
    from cosmo_sdk.header import Header, read_header

    loop = asyncio.get_running_loop()
    reader_left = asyncio.Event()
    passing = Passing(wanted)
    seen = 0

    def leave() -> None:
        loop.call_soon_threadsafe(reader_left.set)

    printer = LinePrinter[tuple[Frame, Header]](_line_maker(payload, as_json), on_broken=leave)

    def receive(frame: Frame) -> None:
        nonlocal seen
        frame = frame._replace(data=redaction.apply(frame.data))
        header = read_header(frame.data)
        if passing.takes(frame.at, frame.subject, frame.data, header):
            seen += 1
            printer.print((frame, header))

    async def until_reader_leaves() -> None:
        await reader_left.wait()

    try:
        async with watching(url, namespace, receive):
            await until_interrupted(
                until_reader_leaves(),
                seconds=seconds,
                ready=lambda: say(f"watching {without_login(url)} namespace {namespace}, Ctrl-C to detach"),
            )
    finally:
        printer.close()
    say(f"Detached.  {seen} signals observed.")


def print_recording(
    session: Session, rows: Iterable[int], wanted: Selection, *, payload: bool, as_json: bool
) -> None:
    """Print the wanted signals of a recording, and return. What traces and auctions are like counts as at its end.

    Args:
        session: on the recording.
        rows: positions of the signals to look at.
        wanted: which of them to print.
        payload: show payloads on lines of their own.
        as_json: print each signal as it came.
    """
    from cosmo_doppler.cli.skipped import say_skipped
    from cosmo_doppler.cli.watching import Frame
    from cosmo_doppler.query import Known, StoreRow
    from cosmo_doppler.session import load_all

    if wanted.where is not None and wanted.where.folded:
        load_all(session)
    store, line, timeline = session.store, _line_maker(payload, as_json), session.timeline
    row = StoreRow(store, Known(timeline.board, timeline.now))

    def lines() -> Iterator[str]:
        for seq in rows:
            row.move(seq)
            if wanted.takes(row):
                yield line((Frame(row.at, row.subject, row.frame), row.header))

    show_all(lines())
    say_skipped(session)


def _line_maker(payload: bool, as_json: bool) -> Callable[[tuple[Frame, Header]], str]:
    from cosmo_doppler.cli.lines import json_line, payload_line, tail_line

    def line(item: tuple[Frame, Header]) -> str:
        frame, header = item
        if as_json:
            return json_line(frame.data, header)
        printed = tail_line(frame.at, header)
        return f"{printed}\n{payload_line(header)}" if payload else printed

    return line
