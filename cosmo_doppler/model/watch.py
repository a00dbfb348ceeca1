"""The rules that find faults, and what runs them: a fold over signals and time."""

from __future__ import annotations

from collections.abc import Callable

from cosmo_doppler.model.agenda import Agenda
from cosmo_doppler.model.auction_book import AuctionBook
from cosmo_doppler.model.faults import Fault, FaultBook
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.wording import say
from cosmo_sdk.header import Header


class Watch:
    """Reads every signal, and what did not come in time.

    Args:
        agenda: the board's; what did not come in time is found when it says so.
        auctions: the board's, already folded when `saw` is called.
    """

    def __init__(self, agenda: Agenda, auctions: AuctionBook) -> None:
        self.book = FaultBook()
        self._agenda = agenda
        self._auctions = auctions

    def saw(self, seen: Observed) -> None:
        """Read a signal the board has just folded."""
        header = seen.header
        if header.problem:
            self._malformed(seen, header)
        read = _READ.get(header.type)
        if read is not None:
            read(self, seen, header)

    def _malformed(self, seen: Observed, header: Header) -> None:
        self.book.report(
            Fault(
                "malformed",
                "warning",
                f"a frame on {seen.subject} is no valid Signal: {header.problem}",
                "the frame as it arrived; agents drop it",
                at=seen.at,
                seq=seen.seq,
                who=header.who,
            ),
            ("malformed", header.who, header.problem),
        )

    def _error(self, seen: Observed, header: Header) -> None:
        payload = header.read_payload()
        recoverable = payload.get("recoverable") is True
        self.book.report(
            Fault(
                "error",
                "warning" if recoverable else "error",
                f"{header.who or 'somebody'} failed: {say(payload.get('code'), 60)}: {say(payload.get('message'), 160)}",
                "it says that trying again may help" if recoverable else "the input it was given",
                at=seen.at,
                seq=seen.seq,
                trace_id=header.trace_id,
                who=header.who,
            )
        )

    def _offer(self, seen: Observed, header: Header) -> None:
        auction = self._auctions.by_offer.get(header.id)
        if auction is None or auction.seq != seen.seq:
            return

        def closed(at: float) -> None:
            if auction.state != "no bid":
                return
            self.book.report(
                Fault(
                    "no bid",
                    "warning",
                    f"nobody bid on {auction.title or 'an offer'} within {auction.deadline_ms} ms",
                    f"who can do {', '.join(auction.capabilities)}" if auction.capabilities else "the offer",
                    at=at,
                    seq=seen.seq,
                    trace_id=header.trace_id,
                    offer_id=header.id,
                )
            )

        self._agenda.note(auction.given_up_at, closed)


_READ: dict[str, Callable[[Watch, Observed, Header], None]] = {
    "ERROR": Watch._error,
    "TASK_OFFER": Watch._offer,
}
