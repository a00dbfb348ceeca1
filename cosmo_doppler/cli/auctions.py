"""`cosmo auctions`: why winners won, and who else might have, over whole recordings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.cli.options import Checked, examples, json_option, redact_option, redaction_of
from cosmo_doppler.cli.output import say

if TYPE_CHECKING:
    from cosmo_doppler.model.auctions import Auction
    from cosmo_doppler.model.market.score import Score
    from cosmo_doppler.model.market.what_if import Ghost, Outcome
    from cosmo_doppler.redaction import Redaction
    from cosmo_doppler.session.recorded import RecordedFrame, RecordedFrames

RULES = ("first_bid", "lowest_cost", "highest_confidence", "second_price")
"""What `--select` takes."""

PROGRESS_FRAMES = 5_000
"""The progress bar moves every so many signals."""

SHOWN = 5
"""Skipped lines that are named."""


def read_ghost(text: str) -> Ghost:
    """A bid that never was."""
    from cosmo_doppler.model.market import suppose

    return suppose.read_ghost(text)


def read_score(text: str) -> Score:
    """An expression over the terms of a bid."""
    from cosmo_doppler.model.market.score import Score

    return Score(text)


class Questions(NamedTuple):
    """What is asked of every auction."""

    rules: tuple[str, ...]
    """The rules to show."""
    window_ms: float | None
    score: Score | None
    ghosts: tuple[Ghost, ...]

    def outcomes(self, auction: Auction, reading: Reading) -> list[Outcome]:
        """Who would have won, under the rules asked for."""
        from cosmo_doppler.model.market.what_if import what_if

        found = what_if(
            auction,
            window_ms=self.window_ms,
            score=self.score,
            ghosts=self.ghosts,
            honesty=reading.market.honesty.of,
        )
        return [outcome for outcome in found if outcome.rule in self.rules]


@click.command(
    epilog=examples(
        "cosmo auctions session.ndjson",
        "cosmo auctions session.ndjson --offer 07A2BC91",
        'cosmo auctions session.ndjson --score "conf / (cost + 0.001) if eta < 500 else 0"',
        "cosmo auctions monday.ndjson tuesday.ndjson --window 100 --ghost cost=0.002,conf=0.9",
        "cosmo auctions session.ndjson --diff 07A2BC91 0691F3D0",
        "cosmo auctions session.ndjson --offer 07A2BC91 --pytest test_award.py",
    )
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--select",
    multiple=True,
    type=click.Choice(RULES),
    help="Show who wins under this rule only; may be repeated.  [default: all of them]",
)
@click.option(
    "--score",
    type=Checked("expression", read_score),
    metavar="EXPR",
    help="Who wins by a score: arithmetic over cost, eta (ms), conf, age (ms after the offer) and honesty "
    "(0 to 1). The highest wins.",
)
@click.option(
    "--window",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MS",
    help="Who wins when bids come for this long, also those that were too late.",
)
@click.option(
    "--ghost",
    "ghosts",
    multiple=True,
    type=Checked("bid", read_ghost),
    metavar="TERMS",
    help="A bid that never was, in every auction: cost=0.001,eta=300,conf=0.9,after=20; what is left out it does "
    "not say, and without `after` it comes last.",
)
@click.option(
    "--offer", default="", metavar="ID", help="Only the auction whose offer's id ends so, with all its bids."
)
@click.option(
    "--diff", nargs=2, metavar="A B", help="Hold two auctions against each other, by the ends of their ids."
)
@click.option(
    "--pytest",
    "test_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help="Write the auction of --offer as a pytest file that reproduces it.",
)
@click.option("--force", is_flag=True, help="Replace OUT if it exists.")
@redact_option
@json_option("Print everything as one JSON object.")
def command(
    files: tuple[Path, ...],
    select: tuple[str, ...],
    score: Score | None,
    window: float | None,
    ghosts: tuple[Ghost, ...],
    offer: str,
    diff: tuple[str, str] | None,
    test_file: Path | None,
    force: bool,
    redact: tuple[str, ...],
    as_json: bool,
) -> None:
    """Explain the auctions of recordings: who won, under which strategy, and who would have won otherwise.

    Each auction is one line: the winner, the strategies that may have chosen it, and who wins under each rule; a rule's
    winner that is not the real one is marked with *. Then come the verdict on every producer, what the rules come to
    over all auctions, and who kept its promises. Several files are merged by time.
    """
    from cosmo_doppler.cli import auction_tables

    if diff and (offer or test_file):
        raise click.UsageError("--diff compares two auctions: leave out --offer and --pytest")
    if test_file is not None and not offer:
        raise click.UsageError("a test is about one auction: add --offer ID")
    rules = (select or RULES) + (("score",) if score is not None else ())
    questions = Questions(rules, window, score, ghosts)
    reading = Reading(files, redaction_of(redact), wanted=diff or ((offer,) if offer else ()))
    if diff:
        before, after = reading.find()
        auction_tables.show_comparison(before, after, as_json)
    elif test_file is not None:
        _write_test(reading, test_file, force)
    elif offer:
        show_one = auction_tables.show_auction_json if as_json else auction_tables.show_one_auction
        show_one(reading.find()[0], reading, questions)
    else:
        show_all = auction_tables.show_all_json if as_json else auction_tables.show_all_auctions
        show_all(reading, questions)
    reading.tell()


class Reading:
    """The auctions of some recordings, read once from front to end.

    Args:
        files: the recordings.
        redaction: what is taken out of every frame first.
        wanted: ends of ids of the offers to look for; their frames are kept.

    Raises:
        CommandError: a file that is not there.
    """

    def __init__(self, files: tuple[Path, ...], redaction: Redaction, wanted: tuple[str, ...] = ()) -> None:
        from cosmo_doppler.model.market.reader import AuctionReader
        from cosmo_doppler.session.recorded import RecordedFrames

        for path in files:
            if not path.is_file():
                raise CommandError(f"{path}: no such file", "record one with `cosmo record -o FILE`")
        self._files: list[RecordedFrames] = [RecordedFrames(path) for path in files]
        self._reader = AuctionReader()
        self.market = self._reader.market
        self._redaction = redaction
        self._wanted = wanted
        self.frames: dict[int, bytes] = {}
        """The frames of the offers that are looked for and of the bids on them, by position."""
        self.signals = 0
        """Signals read."""

    def auctions(self) -> Iterator[Auction]:
        """Every auction, once nothing more can happen to it, by the arrival of its offer."""
        from cosmo_sdk.header import read_header

        kept: set[str] = set()
        # On a terminal the rows themselves show how far it is, and a bar would stand between them.
        with _progress(self._files, hidden=not self._wanted and sys.stdout.isatty()) as move:
            for seq, each in enumerate(merge(*map(_frames, self._files), key=lambda frame: frame.at)):
                frame = self._redaction.apply(each.frame)
                header = read_header(frame)
                if header.type == "TASK_OFFER" and self._wanted and header.id.endswith(self._wanted):
                    kept.add(header.id)
                    self.frames[seq] = frame
                elif header.type == "BID" and header.parent_id in kept:
                    self.frames[seq] = frame
                self.signals = seq + 1
                yield from self._reader.read(header, seq=seq, at=each.at)
                if not seq % PROGRESS_FRAMES:
                    move()
            yield from self._reader.rest()

    def find(self) -> list[Auction]:
        """The auctions that were asked for, in that order.

        Raises:
            CommandError: an id that no offer ends in, or several do.
        """
        ends = self._wanted
        found: list[list[Auction]] = [[] for _ in ends]
        count = 0
        for auction in self.auctions():
            count += 1
            for end, matching in zip(ends, found, strict=True):
                if auction.offer_id.endswith(end) and len(matching) < 2:
                    matching.append(auction)
        for end, matching in zip(ends, found, strict=True):
            if not matching:
                raise CommandError(f"no offer ends in {end!r}", f"there are {count} in the recording")
            if len(matching) > 1:
                raise CommandError(f"several offers end in {end!r}", "write more of the id")
        return [matching[0] for matching in found]

    def tell(self) -> None:
        """Say on stderr what could not be read.

        Raises:
            CommandError: nothing could.
        """
        for file in self._files:
            for number, reason in file.skipped[:SHOWN]:
                say(f"{file.path}:{number}: skipped: {reason}")
            if file.skipped_count > SHOWN:
                say(f"{file.path}: {file.skipped_count:,} lines skipped")
        if not self.signals and any(file.skipped_count for file in self._files):
            raise CommandError("no line could be read as a signal", "is it a recording?")


def _frames(file: RecordedFrames) -> Iterator[RecordedFrame]:
    return (frame for frame in file if frame is not None)


@contextmanager
def _progress(files: list[RecordedFrames], *, hidden: bool) -> Iterator[Callable[[], None]]:
    """A progress bar while the recordings are read, where a terminal shows it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=hidden or not console.is_terminal
    ) as progress:
        bar = progress.add_task("", total=sum(file.size for file in files))

        def move() -> None:
            progress.update(bar, completed=sum(min(file.read, file.size) for file in files))

        yield move


def _write_test(reading: Reading, out: Path, force: bool) -> None:
    from cosmo_doppler.cli.files import refuse_existing
    from cosmo_doppler.export.pytest_file import export_pytest

    refuse_existing(out, force=force)
    [auction] = reading.find()
    text = export_pytest(auction, reading.frames.__getitem__)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot write {out}: {error.strerror}", "name another place") from None
    say(f"wrote {out}")
