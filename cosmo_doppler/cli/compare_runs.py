"""`cosmo compare BASE FILE`: a whole recording against another one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cosmo_doppler.cli.exits import CommandError, Exit
from cosmo_doppler.cli.output import say, show, show_all, show_json
from cosmo_doppler.cli.skipped import say_skipped

if TYPE_CHECKING:
    from cosmo_doppler.checking import Against
    from cosmo_doppler.redaction import Redaction

_SIGNS = {"same": " ", "changed": "~", "missing": "-", "new": "+"}
_ASKED = 28
_STATE = 22


def compare_runs(
    base: Path, file: Path, redaction: Redaction, *, changes: bool, check: bool, as_json: bool
) -> None:
    """Print what is different in a recording.

    Args:
        base: the recording to hold against.
        file: the one that is looked at.
        redaction: what is not to be shown.
        changes: leave out what came to the same result.
        check: fail when anything did not.
        as_json: print a document.

    Raises:
        CommandError: `check`, and the results differ.
        RecordingError: one of them cannot be read.
    """
    from cosmo_doppler.checking import against_json, held_against
    from cosmo_doppler.checking.reports import counted
    from cosmo_doppler.session import load_all, open_replay
    from cosmo_doppler.session.baseline import read_baseline

    baseline = read_baseline(base, redaction, say_skipped)
    session = open_replay(file, paused=True)
    session.redact(redaction)
    try:
        load_all(session)
        say_skipped(session)
        against = held_against(baseline, session.timeline.board)
    finally:
        session.stop()
    shown = against
    if changes:
        shown = against._replace(lines=[line for line in against.lines if line.sameness != "same"])
    if as_json:
        show_json(against_json(shown))
    else:
        _show(shown)
        say(counted(against))
    if check and not against.same:
        raise CommandError("the results differ", "the lines that begin with a sign say where", Exit.FAILED)


def _show(against: Against) -> None:
    from cosmo_doppler.tui.safe import pad, safe, short_id
    from cosmo_doppler.tui.words import duration, joined, signed

    def row(sign: str, noun: str, id: str, *cells: str) -> str:
        asked, before, here, change = (safe(cell, 200) for cell in cells)
        return (
            f"{sign} {pad(noun, 7)}  {pad(short_id(id), 8)}  {pad(asked, _ASKED)}  {pad(before, _STATE)}"
            f"  {pad(here, _STATE)}  {change}"
        ).rstrip()

    show(row(" ", "", "", "asked", "baseline", "here", "change"))
    show_all(
        row(_SIGNS[line.sameness], line.noun, line.id, line.title, line.before, line.here, line.change)
        for line in against.lines
    )
    if against.quantiles:
        show("")
    show_all(
        row(
            " ",
            "answers",
            "",
            each.name,
            joined(duration(each.before_s)),
            joined(duration(each.here_s)),
            joined(signed(each.here_s - each.before_s)),
        )
        for each in against.quantiles
    )
