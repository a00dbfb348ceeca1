"""The auctions of recordings, read once from front to end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import merge
from pathlib import Path
from typing import TYPE_CHECKING

from cosmo_doppler.cli.exits import CommandError
from cosmo_doppler.cli.piped import whole_recording
from cosmo_doppler.cli.skipped import say_lines

if TYPE_CHECKING:
    from cosmo_doppler.model.auctions import Auction
    from cosmo_doppler.redaction import Redaction
    from cosmo_doppler.session.recorded import RecordedFrame, RecordedFrames

PROGRESS_FRAMES = 5_000
"""The progress bar moves every so many signals."""


class Reading:
    """The auctions of some recordings, read once from front to end.

    Args:
        files: the recordings.
        redaction: what is taken out of every frame first.
        wanted: ends of ids of the offers to look for; their frames are kept.

    Raises:
        RecordingError: a file that is not there.
    """

    def __init__(self, files: tuple[Path, ...], redaction: Redaction, wanted: tuple[str, ...] = ()) -> None:
        from cosmo_doppler.model.market.reader import AuctionReader
        from cosmo_doppler.session.no_recording import refuse_misplaced
        from cosmo_doppler.session.recorded import RecordedFrames

        places = list(dict.fromkeys(map(whole_recording, files)))
        for path in places:
            refuse_misplaced(path)
        self._files: list[RecordedFrames] = [RecordedFrames(path) for path in places]
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
        from cosmo_doppler.model.bus_events import read_any

        kept: set[str] = set()
        # On a terminal the rows themselves show how far it is, and a bar would stand between them.
        with _progress(self._files, hidden=not self._wanted and sys.stdout.isatty()) as move:
            for seq, each in enumerate(merge(*map(_frames, self._files), key=lambda frame: frame.at)):
                frame = self._redaction.apply(each.frame)
                header = read_any(each.subject, frame)
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
            say_lines(file.skipped, file.skipped_count)
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
