"""`cosmo doppler --until --assert --at --report`: a run as a test, without a screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cosmo_doppler.cli.exits import CommandError, Exit
from cosmo_doppler.cli.options import FILTER, Checked
from cosmo_doppler.cli.output import say, show, show_all, show_json
from cosmo_doppler.cli.piped import recording
from cosmo_doppler.cli.playing import PLACE, Playing
from cosmo_doppler.cli.skipped import say_skipped

if TYPE_CHECKING:
    from cosmo_doppler.checking import Assertion, Found, Verdict
    from cosmo_doppler.model.baseline import Baseline
    from cosmo_doppler.query import Filter
    from cosmo_doppler.session import Session
    from cosmo_doppler.session.places import Place

F = TypeVar("F", bound=Callable[..., Any])

POLL_S = 0.05
"""How often a live run is looked at, seconds."""


def _read_assertion(text: str) -> Assertion:
    from cosmo_doppler.checking import Assertion
    from cosmo_doppler.saved import filters_for

    return Assertion.read(text, filters_for(text))


@dataclass(frozen=True)
class Checks:
    """What is asked of a run."""

    until: Filter | None
    asserts: tuple[Assertion, ...]
    at: Place | None
    report: Path | None
    baseline: Path | None
    """The recording that the run is held against, which judges nothing."""

    def read_baseline(self, session: Session) -> Baseline | None:
        """That recording, read and folded now; what the session does not show is not shown of it either.

        Raises:
            RecordingError: it cannot be read.
        """
        if self.baseline is None:
            return None
        from cosmo_doppler.session.baseline import read_baseline

        return read_baseline(recording(self.baseline), session.store.redaction, say_skipped)

    @property
    def any(self) -> bool:
        """Whether the run is to be judged, rather than shown."""
        return bool(self.until or self.asserts or self.report)


_FLAGS = (
    click.option(
        "--baseline",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Hold traces and auctions against those of this recording, on the screen and in a report.",
    ),
    click.option(
        "--report",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Judge the run and write a report of it: JUnit XML when FILE ends in .xml, else markdown.",
    ),
    click.option(
        "--at",
        type=PLACE,
        metavar="PLACE",
        help="End there: 00:01:12, 40% or #18231. What comes later is neither judged nor drawn.",
    ),
    click.option(
        "--assert",
        "asserts",
        type=Checked("assertion", _read_assertion),
        multiple=True,
        metavar="[never ]EXPR",
        help="Judge the run: every signal must match EXPR, or, after the word never, none may. Signals that break it "
        "are printed, and the exit code is 1. Repeatable.",
    ),
    click.option(
        "--until",
        type=FILTER,
        metavar="EXPR",
        help="Judge the run: end at the first signal that matches, and print it; exit code 1 if none does.",
    ),
)


def check_options(command: F) -> F:
    """`--until`, `--assert`, `--at`, `--report` and `--baseline`; the parameter is `checks`."""

    @wraps(command)
    def gathered(*arguments: Any, **options: Any) -> Any:
        asked = Checks(**{name: options.pop(name) for name in Checks.__dataclass_fields__})
        return command(*arguments, checks=asked, **options)

    for flag in _FLAGS:
        gathered = flag(gathered)
    return gathered  # type: ignore[return-value]


def check_recording(session: Session, checks: Checks, playing: Playing, *, shown: bool) -> Verdict:
    """Judge a recording, or the part of it that is to be played. It stands where the run ended afterwards.

    Args:
        session: on the recording.
        checks: what is asked of it.
        playing: which part.
        shown: what traces and auctions came to is shown, too. Where nobody asks for that, nothing is folded.
    """
    from cosmo_doppler.checking import first_match, judge
    from cosmo_doppler.session import load_start

    baseline = checks.read_baseline(session)
    end = checks.at or playing.last
    found = None
    if checks.until is not None and playing.first is None and end is None:
        found = _first_match_as_read(session, checks.until)
    if found is None:
        load_start(session)
    say_skipped(session)
    timeline, store = session.timeline, session.store
    first = 0 if playing.first is None else timeline.position_of(playing.first)
    last = max(first, len(store) if end is None else timeline.position_of(end))
    if checks.until is not None and found is None:
        found = first_match(checks.until, store, first, last)
    last = last if found is None else found.position
    if shown or baseline is not None or any(each.wanted.folded for each in checks.asserts):
        timeline.seek(last)
        settle(session)
    verdict = judge(
        session.title, store, timeline.board, first, last, checks.asserts, checks.until, found, baseline
    )
    return _with_unseen(verdict, session)


def _with_unseen(verdict: Verdict, session: Session) -> Verdict:
    """The verdict with what nobody could judge."""
    return replace(
        verdict,
        skipped=session.status().skipped,
        gaps=sum(gap.position <= verdict.last for gap in session.gaps),
        lost=sum(loss.frames for loss in session.losses.all if loss.position <= verdict.last),
    )


def _first_match_as_read(session: Session, wanted: Filter) -> Found | None:
    """What is waited for, while more comes through a pipe that may never end. None for files, and when it never came."""
    from cosmo_doppler.checking.until import Awaited
    from cosmo_doppler.session.replay import FileSource

    source, store = session.source, session.store
    if not isinstance(source, FileSource) or not source.piped:
        return None
    awaited = Awaited(wanted, store, 0)
    while True:
        more = source.load(session, POLL_S)
        if (found := awaited.look(len(store))) is not None:
            return found
        if not more and not source.wait():
            return None


def settle(session: Session) -> None:
    """Wait for the playhead to come where it was sent."""
    with session.lock:
        while session.timeline.seeking is not None:
            session.timeline.pump(0.0, 1.0)


async def check_live(session: Session, checks: Checks, seconds: float | None) -> Verdict:
    """Judge a bus, or the demo, as it happens: until what is waited for comes, the time is up or Ctrl-C.

    Raises:
        CommandError: the bus never answered.
    """
    from cosmo_doppler.checking import judge
    from cosmo_doppler.cli.exits import no_bus
    from cosmo_doppler.cli.running import until_interrupted

    found: list[Found] = []
    baseline = checks.read_baseline(session)
    session.start()
    try:
        await until_interrupted(
            _wait_for(session, checks.until, found),
            seconds=seconds,
            ready=lambda: say(f"judging {session.title}" + ("" if seconds else ", Ctrl-C ends it")),
        )
        status = session.status()
        if not len(session.store) and status.state != "live":
            raise no_bus(session.title, status.detail or "it never answered")
        with session.lock:
            timeline = session.timeline
            last = found[0].position if found else timeline.position
            verdict = judge(
                session.title,
                session.store,
                timeline.board,
                0,
                last,
                checks.asserts,
                checks.until,
                found[0] if found else None,
                baseline,
            )
        return _with_unseen(verdict, session)
    finally:
        await asyncio.to_thread(session.stop)


async def _wait_for(session: Session, until: Filter | None, found: list[Found]) -> None:
    from cosmo_doppler.checking import Found
    from cosmo_doppler.query import Hits, Known

    hits = None if until is None else Hits(until, session.store)
    told = False
    while not found:
        if not told and session.status().state == "live":
            told = True
            say(f"connected to {session.title}")
        with session.lock:
            timeline = session.timeline
            if hits is not None:
                hits.turn(timeline.position, Known(timeline.board, timeline.now), lambda: False)
                if len(hits):
                    position = timeline.position if hits.wanted.folded else hits[0] + 1
                    found.append(Found(hits[0], position))
                    return
        await asyncio.sleep(POLL_S)


def tell(verdict: Verdict, checks: Checks, *, as_json: bool) -> None:
    """Print a verdict: signals on stdout, words on stderr; and write the report.

    Raises:
        CommandError: the run failed.
        ExportError: the report cannot be written.
    """
    from cosmo_doppler.checking import as_json as document
    from cosmo_doppler.checking import junit, markdown
    from cosmo_doppler.checking.reports import MOST, counted, line_of, sentence
    from cosmo_doppler.export import write_new
    from cosmo_doppler.tui.safe import safe

    if checks.report is not None:
        text = junit(verdict) if checks.report.suffix.lower() == ".xml" else markdown(verdict)
        write_new(checks.report, [text.encode()], force=True)
        say(f"wrote {checks.report}")
    if verdict.against is not None:
        say(f"against the baseline {safe(verdict.against.name, 300)}: {counted(verdict.against)}")
    for words in verdict.unjudged:
        say(words)
    if as_json:
        show_json(document(verdict))
    elif verdict.found is not None:
        show(line_of(verdict, verdict.found.seq))
    for judged in verdict.judged:
        say(f"assert {judged.assertion.text}: {sentence(verdict, judged)}")
        if not as_json:
            show_all(line_of(verdict, seq) for seq in judged.offenders[:MOST])
            if len(judged.offenders) > MOST:
                say(f"{len(judged.offenders) - MOST:,} more are not listed")
    if not verdict.passed:
        raise _failure(verdict)


def _failure(verdict: Verdict) -> CommandError:
    from cosmo_doppler.tui.words import many

    broken = sum(not judged.held for judged in verdict.judged)
    if verdict.until is not None and verdict.found is None:
        looked_at = many(verdict.last - verdict.first, "signal")
        return CommandError(f"{verdict.until.text} never came in {looked_at}", "", Exit.FAILED)
    asked = many(len(verdict.judged), "assertion")
    return CommandError(f"{broken} of {asked} broken", "", Exit.FAILED)
