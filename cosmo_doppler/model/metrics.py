"""What a namespace measures: how much, how fast, how often it goes wrong. Every figure is kept up to date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from cosmo_doppler.model.coordination.notice import LEAST_MARK, about_of
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.rates import Rates
from cosmo_doppler.model.sketch import Sketch
from cosmo_doppler.model.timings import Asked, Timings
from cosmo_doppler.model.wording import finite
from cosmo_sdk.header import Header

MOST_NAMES = 256
"""Participants measured one by one; those that come later are counted together under `OTHERS`."""

_LONGEST = 120
"""Characters of an id that is part of a key."""

OTHERS = "(others)"


class Worker:
    """What one participant promised and did."""

    __slots__ = ("answers", "bids", "errors", "late_by", "surety", "took", "wins")

    def __init__(self) -> None:
        self.bids = 0
        self.wins = 0
        self.answers = 0
        self.errors = 0
        self.took = Sketch()
        """TASK or award to answer, seconds."""
        self.late_by = Sketch()
        """Time taken as a multiple of the time promised in the winning bid."""
        self.surety = Sketch()
        """Confidence of its winning bids."""


class Metrics:
    """Aggregates over everything folded so far."""

    def __init__(self) -> None:
        self.rates = Rates()
        """Signals by type and second."""
        self.timings = Timings()
        """How long answers took."""
        self.workers: dict[str, Worker] = {}
        """By participant, as they were met."""
        self.tally: Counter[str] = Counter()
        """How often: tasks, offers, mirrored (auctions of stores, in no other figure), answered offers, bids, awards, declines, answers, errors, finals, stops,
        recalls answered, hits, calls that failed."""
        self.spent = 0.0
        """Cost of all winning bids."""

    def worker(self, who: str) -> Worker:
        """The account of a participant."""
        account = self.workers.get(who)
        if account is None:
            if len(self.workers) >= MOST_NAMES:
                who = OTHERS
            account = self.workers.setdefault(who, Worker())
        return account

    # -- work

    def _task(self, seen: Observed, header: Header) -> None:
        self.tally["tasks"] += 1
        if header.parent_id:
            # A TASK may be the answer to a question, dispatched again (PROTOCOL 6.14).
            self.timings.answer("human", header.parent_id, seen.at)
        self._begin(seen, header, None)

    def _begin(self, seen: Observed, header: Header, eta_s: float | None) -> None:
        asked = Asked("task", seen.at, seen.seq, header.who, eta_s)
        # Released hosts answer an award under an id nobody has seen, so it is found by where and who, too.
        self.timings.ask(asked, header.id, _place(header))

    def _end(self, seen: Observed, header: Header) -> tuple[Asked, float] | None:
        done = self.timings.answer("task", header.parent_id, seen.at)
        return self.timings.answer("task", _place(header), seen.at) if done is None else done

    def _output(self, seen: Observed, header: Header) -> None:
        account = self._answered(seen, header)
        if account is not None:
            account.answers += 1
            self.tally["answers"] += 1

    def _error(self, seen: Observed, header: Header) -> None:
        self.tally["errors"] += 1
        account = self._answered(seen, header)
        if account is not None:
            account.errors += 1

    def _answered(self, seen: Observed, header: Header) -> Worker | None:
        done = self._end(seen, header)
        if done is None:
            return None
        asked, took = done
        account = self.worker(header.who or asked.name)
        account.took.add(took)
        if asked.eta_s:
            account.late_by.add(took / asked.eta_s)
        return account

    def _final(self, seen: Observed, header: Header) -> None:
        self.tally["finals"] += 1

    def _stop(self, seen: Observed, header: Header) -> None:
        self.tally["stops"] += 1

    # -- market

    def _offer(self, seen: Observed, header: Header) -> None:
        if len(header.meta) >= LEAST_MARK and _is_copy(header):
            self.tally["mirrored"] += 1
            return
        self.tally["offers"] += 1
        self.timings.ask(Asked("award", seen.at, seen.seq, ""), header.id)

    def _bid(self, seen: Observed, header: Header) -> None:
        if len(header.meta) >= LEAST_MARK and _is_copy(header):
            return
        self.tally["bids"] += 1
        if header.who:
            self.worker(header.who).bids += 1
        offer = self.timings.find(header.parent_id or "")
        if offer is not None and offer.kind == "award" and not offer.replied:
            offer.replied = True
            self.tally["answered offers"] += 1

    def _award(self, seen: Observed, header: Header) -> None:
        if len(header.meta) >= LEAST_MARK and _is_copy(header):
            return
        self.tally["awards"] += 1
        offer_id = header.parent_id if seen.auction is None else seen.auction.offer_id
        self.timings.answer("award", offer_id, seen.at)
        account = self.worker(header.who)
        account.wins += 1
        won = seen.payload.get("winning_bid")
        won = won if isinstance(won, dict) else {}
        self.spent += finite(won.get("cost")) or 0.0
        confidence = finite(won.get("confidence"))
        if confidence is not None:
            account.surety.add(confidence)
        eta = finite(won.get("eta_ms"))
        self._begin(seen, header, eta / 1000 if eta and eta > 0 else None)

    def _decline(self, seen: Observed, header: Header) -> None:
        if len(header.meta) < LEAST_MARK or not _is_copy(header):
            self.tally["declines"] += 1

    # -- tools, memories, people

    def _call(self, seen: Observed, header: Header) -> None:
        payload = seen.payload
        asked = Asked("tool", seen.at, seen.seq, _text(payload.get("tool")))
        self.timings.ask(asked, _call_key(header, payload.get("call_id")), header.id)

    def _result(self, seen: Observed, header: Header) -> None:
        payload = seen.payload
        call = _call_key(header, payload.get("call_id"))
        if self.timings.answer("tool", call, seen.at) is None:
            self.timings.answer("tool", header.parent_id, seen.at)
        self.tally["failed calls"] += bool(payload.get("error"))

    def _recall(self, seen: Observed, header: Header) -> None:
        self.timings.ask(Asked("recall", seen.at, seen.seq, header.who), header.id)

    def _recalled(self, seen: Observed, header: Header) -> None:
        payload = seen.payload
        self.tally["recalls"] += 1
        self.tally["hits"] += bool(payload.get("hits"))
        self.timings.answer("recall", header.parent_id, seen.at)

    def _imprint(self, seen: Observed, header: Header) -> None:
        self.timings.ask(Asked("imprint", seen.at, seen.seq, header.who), header.id)

    def _imprinted(self, seen: Observed, header: Header) -> None:
        self.timings.answer("imprint", header.parent_id, seen.at)

    def _question(self, seen: Observed, header: Header) -> None:
        # Whoever asks is not working meanwhile: the task ends here, and its answer begins another.
        self._end(seen, header)
        self.timings.ask(Asked("human", seen.at, seen.seq, header.who), header.id)

    def _decision(self, seen: Observed, header: Header) -> None:
        self.timings.answer("human", header.parent_id, seen.at)


def _is_copy(header: Header) -> bool:
    """Whether a signal of an auction only tells what happens in a store: nobody works for its prices on the bus."""
    about = about_of(header)
    return about is not None and not about.live


def _place(header: Header) -> str:
    return f"{header.trace_id[:_LONGEST]} {header.who[:_LONGEST]}" if header.who else ""


def _call_key(header: Header, call_id: object) -> str:
    return (
        f"{header.trace_id[:_LONGEST]} call {call_id[:_LONGEST]}"
        if isinstance(call_id, str) and call_id
        else ""
    )


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""


MEASURES: dict[str, Callable[[Metrics, Observed, Header], None]] = {
    "TASK": Metrics._task,
    "TASK_OFFER": Metrics._offer,
    "BID": Metrics._bid,
    "TASK_AWARDED": Metrics._award,
    "TASK_DECLINED": Metrics._decline,
    "AGENT_OUTPUT": Metrics._output,
    "ERROR": Metrics._error,
    "FINAL": Metrics._final,
    "STOP": Metrics._stop,
    "TOOL_CALL": Metrics._call,
    "TOOL_RESULT": Metrics._result,
    "RECALL": Metrics._recall,
    "RECALLED": Metrics._recalled,
    "IMPRINT": Metrics._imprint,
    "IMPRINTED": Metrics._imprinted,
    "CLARIFICATION": Metrics._question,
    "PERMISSION": Metrics._question,
    "CLARIFICATION_ANSWER": Metrics._decision,
    "PERMISSION_DECISION": Metrics._decision,
}
"""By type: what is measured of its signals."""
