"""The plain view: the same facts as the screen, told line by line, without colours or cursor movements."""

from __future__ import annotations

from collections.abc import Iterator

from cosmo_doppler.model.board import Board
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.sayings import clause
from cosmo_doppler.query import Filter, FrameRow, Known
from cosmo_doppler.tui.safe import pad, safe, short_id
from cosmo_doppler.tui.words import duration, joined, time_of_day

HEADING = "TIME (UTC)    TRACE     STATE    TYPE                  WHO               WHAT"

_BLANK = " " * 8


class Narrator:
    """Tells what it is shown, one signal after the other, and what time alone brings about.

    It folds a board of its own, so that the state it names is the state right after each signal.

    Args:
        wanted: tell these signals only, and nothing of what time brings about.
    """

    def __init__(self, wanted: Filter | None = None) -> None:
        self._wanted = wanted
        self._board = Board()
        self._liveness: dict[str, str] = {}
        self._open_auctions: dict[str, None] = {}

    def tell(self, seen: Observed, frame: bytes = b"") -> Iterator[str]:
        """The lines for one signal: first what happened in the silence before it, then the signal itself.

        Args:
            seen: the signal.
            frame: as it came; only a filter looks at it.
        """
        yield from self.pass_time(seen.at)
        self._board.apply(seen)
        header, wanted = seen.header, self._wanted
        known = Known(self._board, seen.at)
        if wanted is not None and not wanted.matches(
            FrameRow(seen.at, seen.subject, frame, header, seq=seen.seq, known=known)
        ):
            return
        if header.type == "TASK_OFFER":
            self._open_auctions[header.id] = None
        trace = self._board.traces.get(header.trace_id)
        yield "  ".join(
            (
                time_of_day(seen.at),
                pad(short_id(header.trace_id), 8),
                pad(trace.status if trace is not None else "", 7),
                pad(safe(header.type, 40) or "(no type)", 20),
                pad(safe(header.who, 60) or "-", 16),
                safe(clause(header), 600),
            )
        )

    def pass_time(self, now: float) -> Iterator[str]:
        """The lines for what happens without a signal: windows close, participants fall silent."""
        self._board.advance(now)
        if self._wanted is not None:
            return
        for offer_id in list(self._open_auctions):
            auction = self._board.auctions.get(offer_id)
            if auction is None or auction.state == "open":
                continue
            del self._open_auctions[offer_id]
            if auction.state != "awarded":
                yield self._aside(now, auction.trace_id, f"the auction ended: {auction.state}")
        for who, participant in self._board.roster.items():
            before, word = self._liveness.get(who), participant.liveness(now)
            self._liveness[who] = word
            if word == "stale" and before not in (None, "stale"):
                silence = joined(duration(now - participant.last_seen))
                yield self._aside(now, "", f"{safe(who, 60)} is stale: silent for {silence}")
            elif word == "live" and before == "stale":
                yield self._aside(now, "", f"{safe(who, 60)} is live again")

    def _aside(self, now: float, trace_id: str, words: str) -> str:
        return f"{time_of_day(now)}  {pad(short_id(trace_id), 8)}  {words}"
