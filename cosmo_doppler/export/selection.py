"""A part of a session in one of the formats, as bytes or in a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from cosmo_doppler.errors import ExportError
from cosmo_doppler.export.bids import bids_csv
from cosmo_doppler.export.otlp import otlp_lines
from cosmo_doppler.export.pages import auction_page, trace_page
from cosmo_doppler.export.pytest_file import export_pytest
from cosmo_doppler.export.signals import auction_seqs, recording_lines, trace_seqs
from cosmo_doppler.session import Session, read_through

Format = Literal["ndjson", "csv", "md", "otlp", "py"]
"""A recording, one row for each bid, a page of markdown, spans for OpenTelemetry, or a pytest file that holds the
auction again."""

_AT_ONCE = 500
"""Signals read in one hold of the session's lock."""


class Selection(NamedTuple):
    """What is exported: a trace, an auction, or everything when neither is named."""

    trace_id: str | None = None
    offer_id: str | None = None

    @property
    def everything(self) -> bool:
        """Neither a trace nor an auction."""
        return self.trace_id is None and self.offer_id is None


def exported(session: Session, selection: Selection, kind: Format) -> Iterator[bytes]:
    """The part in its format, piece by piece. The session's lock is held briefly, again and again.

    Raises:
        ExportError: a page of everything, spans of an auction, or a test of anything but one auction.
        KeyError: no such trace or auction.
    """
    if kind == "ndjson":
        yield from _signals(session, selection)
        return
    if kind == "otlp":
        yield from _spans(session, selection)
        return
    if kind == "md" and selection.everything:
        raise ExportError("a page is about one trace or one auction: choose one")
    if kind == "py" and selection.offer_id is None:
        raise ExportError("a test is about one auction: choose one")
    with session.lock:
        board = session.timeline.board
        if kind == "csv":
            auctions = [board.auctions[offer_id] for offer_id in _offers(session, selection)]
            text = bids_csv(auctions, board.by_hand)
        elif kind == "py":
            text = export_pytest(board.auctions[selection.offer_id or ""], session.store.frame)
        elif selection.offer_id is not None:
            text = auction_page(board.auctions[selection.offer_id]) + "\n"
        else:
            text = trace_page(board, session.store, selection.trace_id or "")
    yield text.encode()


def whole_recording(session: Session) -> Iterator[bytes]:
    """Every signal of a recording, as a recording again, while it is read: nothing needs to be folded for that."""
    waiting = read_through(session)
    while some := list(islice(waiting, _AT_ONCE)):
        yield b"".join(recording_lines(session.store, some, session.gaps, session.losses.all))


def _signals(session: Session, selection: Selection) -> Iterator[bytes]:
    with session.lock:
        board = session.timeline.board
        seqs: Iterable[int] = range(session.timeline.position)
        if selection.offer_id is not None:
            seqs = auction_seqs(board, board.auctions[selection.offer_id])
        elif selection.trace_id is not None:
            seqs = trace_seqs(board, selection.trace_id)
    waiting = iter(seqs)
    while some := list(islice(waiting, _AT_ONCE)):
        with session.lock:
            unseen = (session.gaps, session.losses.all) if selection.everything else ()
            lines = b"".join(recording_lines(session.store, some, *unseen))
        yield lines


def _spans(session: Session, selection: Selection) -> Iterator[bytes]:
    if selection.offer_id is not None:
        raise ExportError("spans are of one trace or of everything: choose the trace of the auction")
    with session.lock:
        board = session.timeline.board
        ids = [selection.trace_id] if selection.trace_id is not None else list(board.trace_order)
    for trace_id in ids:
        with session.lock:
            line = b"".join(otlp_lines(board, session.store, [trace_id]))
        yield line


def _offers(session: Session, selection: Selection) -> list[str]:
    board = session.timeline.board
    if selection.offer_id is not None:
        return [selection.offer_id]
    if selection.trace_id is not None:
        return [each for each in board.traces[selection.trace_id].auctions if each in board.auctions]
    return list(board.auction_order)


def write_new(path: Path, parts: Iterable[bytes], *, force: bool = False) -> None:
    """Write a file, whole or not at all.

    Args:
        path: where.
        parts: what.
        force: replace what is there.

    Raises:
        ExportError: it exists, or cannot be written.
    """
    if path.exists() and not force:
        raise ExportError(f"{path} exists: name another file")
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with unfinished.open("wb") as target:
            target.writelines(parts)
        unfinished.replace(path)
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):  # where nothing could be written there is nothing to take away
            unfinished.unlink()
