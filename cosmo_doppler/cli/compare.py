"""`cosmo compare`: two traces, of one recording or of two; or two whole recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cosmo_doppler.cli.compare_runs import compare_runs
from cosmo_doppler.cli.exits import CommandError, Exit
from cosmo_doppler.cli.options import Checked, examples, json_option, redact_option, redaction_of
from cosmo_doppler.cli.output import show, show_all, show_json
from cosmo_doppler.cli.piped import is_recording, recording
from cosmo_doppler.cli.skipped import say_skipped

if TYPE_CHECKING:
    from cosmo_doppler.model.compare import Comparison, Figure, Pair
    from cosmo_doppler.model.node import Node
    from cosmo_doppler.redaction import Redaction
    from cosmo_doppler.session import Session

_SIGNS = {"both": " ", "changed": "~", "left": "-", "right": "+"}


@click.command(
    epilog=examples(
        "cosmo compare session.ndjson 07A2BC91 11CE88A4",
        "cosmo compare session.ndjson 07A2BC91 yesterday.ndjson:5D0C1F22",
        "cosmo compare good.ndjson:5D0C1F22 bad.ndjson:11CE88A4 --json",
        "cosmo compare yesterday.ndjson today.ndjson --changes --check",
    )
)
@click.argument(
    "places", nargs=-1, metavar="[FILE] LEFT RIGHT | BASE FILE", type=Checked("place", str, files=True)
)
@click.option("--changes", is_flag=True, help="Leave out what is the same in both.")
@click.option("--check", is_flag=True, help="Exit with 1 when the traces differ in more than their times.")
@redact_option
@json_option("Print the comparison as JSON.")
def command(
    places: tuple[str, ...], changes: bool, check: bool, redact: tuple[str, ...], as_json: bool
) -> None:
    """Put two traces side by side, signal by signal, or hold a recording against another one.

    LEFT and RIGHT are ends of trace ids, in FILE or each with a file of its own, as in run.ndjson:07A2BC91. Lines
    begin with - where only LEFT has the signal, + where only RIGHT has it, and ~ where somebody else did the same. The
    last column says how much later it happened at the right.

    With two recordings each trace and auction of FILE is held against its twin in BASE: the n-th with the same words
    asked of the same participant or capabilities, else the n-th so addressed. Lines begin with - where only BASE has
    it, + where only FILE has it, and ~ where it came to another result.
    """
    runs = _runs(places)
    if runs is not None:
        compare_runs(*runs, redaction_of(redact), changes=changes, check=check, as_json=as_json)
        return
    from cosmo_doppler.model.compare import compare

    file, left, right = _read(places)
    redaction = redaction_of(redact)
    opened: dict[Path, Session] = {}
    try:
        (left_session, left_id), (right_session, right_id) = (
            _find(each, file, opened, redaction) for each in (left, right)
        )
        left_board, right_board = left_session.timeline.board, right_session.timeline.board
        comparison = compare(
            left_board.traces[left_id], right_board.traces[right_id], left_board, right_board
        )
        if as_json:
            show_json(_as_json(comparison, changes=changes))
        else:
            _show(comparison, changes=changes)
    finally:
        for session in opened.values():
            session.stop()
    if check and not comparison.same:
        raise CommandError("the traces differ", "the lines above say where", Exit.FAILED)


def _read(places: tuple[str, ...]) -> tuple[Path | None, str, str]:
    if len(places) == 2:
        return None, places[0], places[1]
    if len(places) == 3:
        return Path(places[0]), places[1], places[2]
    raise click.UsageError("name two traces, in one FILE or each as FILE:ID")


def _runs(places: tuple[str, ...]) -> tuple[Path, Path] | None:
    """Two recordings, when these are two."""
    if len(places) != 2 or not all(map(is_recording, places)):
        return None
    return recording(Path(places[0])), recording(Path(places[1]))


def _find(
    place: str, file: Path | None, opened: dict[Path, Session], redaction: Redaction
) -> tuple[Session, str]:
    from cosmo_doppler.session import load_all, open_replay
    from cosmo_doppler.session.pipes import name_of

    name, colon, end = place.rpartition(":")
    path = Path(name) if colon else file
    if path is None:
        raise click.UsageError(f"{place!r} names no file: write FILE:ID, or FILE before both")
    path = recording(path)
    if path not in opened:
        opened[path] = session = open_replay(path, paused=True)
        session.redact(redaction)
        load_all(session)
        say_skipped(session)
    session = opened[path]
    found = [each for each in session.timeline.board.trace_order if each.endswith(end)]
    if len(found) != 1:
        count = "no trace ends" if not found else f"{len(found)} traces end"
        raise CommandError(f"{count} in {end!r} in {name_of(path)}", "write the end of one trace's id")
    return session, found[0]


def _show(comparison: Comparison, *, changes: bool) -> None:
    from cosmo_doppler.tui.safe import pad, safe, short_id
    from cosmo_doppler.tui.words import many

    show(
        f"  {pad('', 32)}  {pad(short_id(comparison.left.id), 12, right=True)}"
        f"  {pad(short_id(comparison.right.id), 12, right=True)}  {pad('later', 12, right=True)}"
    )
    lines = []
    for pair in comparison.pairs:
        if changes and pair.sameness == "both":
            continue
        node = pair.left or pair.right
        assert node is not None
        who = safe(node.who, 40)
        if pair.sameness == "changed" and pair.left is not None and pair.right is not None:
            who = f"{safe(pair.left.who, 30)} -> {safe(pair.right.who, 30)}"
        what = f"{'  ' * min(node.depth, 6)}{safe(node.type, 24)} {who}"
        lines.append(
            f"{_SIGNS[pair.sameness]} {pad(what, 32)}  {pad(_ms(pair.left_s), 12, right=True)}"
            f"  {pad(_ms(pair.right_s), 12, right=True)}  {pad(_signed(pair.later_s), 12, right=True)}".rstrip()
        )
    show_all(lines)
    show("")
    show_all(_figure_line(figure) for figure in comparison.figures)
    if comparison.left_out:
        show(f"{many(comparison.left_out, 'signal')} not compared: the traces are too long")


def _figure_line(figure: Figure) -> str:
    from cosmo_doppler.tui.safe import pad

    def told(value: float) -> str:
        return _ms(value) if figure.unit == "s" else f"{value:g}"

    change = figure.right - figure.left
    later = _signed(change) if figure.unit == "s" else f"{change:+g}" if change else ""
    cells = (told(figure.left), told(figure.right), later)
    return (
        f"  {pad(figure.name, 32)}" + "".join(f"  {pad(cell, 12, right=True)}" for cell in cells)
    ).rstrip()


def _ms(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:,.1f} ms"


def _signed(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:+,.1f} ms"


def _as_json(comparison: Comparison, *, changes: bool) -> dict[str, Any]:
    pairs = [pair for pair in comparison.pairs if not (changes and pair.sameness == "both")]
    return {
        "left": comparison.left.id,
        "right": comparison.right.id,
        "same": comparison.same,
        "figures": {each.name: {"left": each.left, "right": each.right} for each in comparison.figures},
        "signals": [_pair_json(pair) for pair in pairs],
        "left_out": comparison.left_out,
    }


def _pair_json(pair: Pair) -> dict[str, Any]:
    def side(node: Node | None, seconds: float | None) -> dict[str, Any] | None:
        if node is None or seconds is None:
            return None
        return {"id": node.id, "type": node.type, "who": node.who, "after_ms": round(seconds * 1000, 3)}

    return {
        "sameness": pair.sameness,
        "left": side(pair.left, pair.left_s),
        "right": side(pair.right, pair.right_s),
    }
