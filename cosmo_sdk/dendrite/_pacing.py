"""How fast offers go out: no faster than bidders answer them (PROTOCOL 6.12).

Bidders that are handed more offers than they can read answer every one of them too late. So the offers beyond what is being
answered in good time wait here, before their windows begin, and no bid is lost however many callers there are.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque

from cosmo_sdk.clock import Clock, within

FIRST_OFFERS = 8
"""Offers that may be out without a bid before anything is known about the bidders."""

PROMPT = 0.25
"""Up to this part of its window a first bid is prompt: one more offer may be out."""

SLOW = 0.5
"""After this part of its window a bid is slow: half as many offers may be out."""

PATIENCE = 10
"""Windows without any bid for which an offer waits for its turn; then it goes out whatever the bidders do."""

LATELY = 3
"""Windows for which a bidder that says nothing more counts as being behind, while offers queue up."""

REMEMBERED = 1024
"""Closed offers kept, to see that their bids come late; and bidders."""


class _Sent:
    """An offer whose window is open."""

    __slots__ = ("answered", "at", "bid_at", "number", "window_s")

    def __init__(self, number: int, at: float, window_s: float) -> None:
        self.number = number
        self.at = at
        self.window_s = window_s
        self.answered = False
        """It has a bid, or will get none."""
        self.bid_at = at
        """When its latest bid arrived."""


class Pace:
    """Says when an offer may go out. A few are out without a bid at any time; how many, the bids show.

    Args:
        clock: measures how long bids take.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, _Sent] = {}
        self._closed: OrderedDict[str, _Sent] = OrderedDict()
        self._waiting: deque[tuple[str, float, asyncio.Future[None]]] = deque()
        self._bidders: dict[str, tuple[int, float]] = {}
        """The newest offer each has bid on, and when its latest bid arrived."""
        self._unanswered = 0
        self._slowed_at = self._bid_at = self._closed_at = float("-inf")
        self._sent = self._newest_answered = 0
        self.limit = FIRST_OFFERS
        """Offers that may be out without a bid."""

    @property
    def waiting(self) -> int:
        """Offers that wait for their turn."""
        return len(self._waiting)

    async def turn(self, offer_id: str, window_s: float, given_up: asyncio.Future[None]) -> None:
        """Wait until an offer may go out, or nobody wants it any more; not for ever. Whoever asked calls `close`.

        Args:
            offer_id: the offer.
            window_s: how long bidders have, seconds; counted from now on.
            given_up: done when waiting on makes no sense.
        """
        if self._unanswered < self.limit:
            self._send(offer_id, window_s)
            return
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((offer_id, window_s, called))

        def leave(_: asyncio.Future[None]) -> None:
            # Whoever leaves before it was called leaves its place behind, marked.
            called.cancel()

        given_up.add_done_callback(leave)
        try:
            await self._called(called, PATIENCE * window_s)
            if not called.done():
                self._send(offer_id, window_s)
        except asyncio.CancelledError:
            if not given_up.done():
                raise
        finally:
            given_up.remove_done_callback(leave)
            called.cancel()

    async def _called(self, called: asyncio.Future[None], patience_s: float) -> None:
        """Wait to be called, or until nobody has bid on anything for so long."""
        while True:
            try:
                # The shield takes the timeout, so that the place in the queue is kept.
                return await within(self._clock, asyncio.shield(called), patience_s)
            except TimeoutError:
                if self._clock.monotonic() - self._bid_at >= patience_s:
                    return None

    def excuse(self, offer_id: str) -> None:
        """No bid can come for an offer now, for reasons that say nothing about the bidders."""
        sent = self._open.get(offer_id)
        if sent is not None:
            self._answer(sent)

    def bid(self, offer_id: str, bidder: str) -> None:
        """A bid arrived, in time or not."""
        now = self._clock.monotonic()
        sent = self._open.get(offer_id) or self._closed.get(offer_id)
        if sent is None:
            return
        self._note(bidder, sent.number, now)
        took_s = now - sent.at
        if took_s > SLOW * sent.window_s:
            self._slow_down(sent, now)
        if offer_id in self._closed:
            # No fault where the first bid was enough: then the others come after it.
            return
        self._bid_at = sent.bid_at = now
        self._newest_answered = max(self._newest_answered, sent.number)
        if self._waiting and not sent.answered and took_s <= PROMPT * sent.window_s:
            self.limit += 1
        self._answer(sent)

    def behind(self, offer_id: str) -> bool:
        """Whether bids for an offer whose window is over are likely to be on their way: bidders take offers in order.

        Only where others were out at the same time; else a window is a window.
        """
        sent = self._open[offer_id]
        if len(self._open) < 2 and self._closed_at <= sent.at:
            return False
        now = self._clock.monotonic()
        if not sent.answered:
            # Somebody bids on what went out before, and nobody on what went out since.
            return self._bid_at > sent.at - sent.window_s and self._newest_answered < sent.number
        if now - sent.bid_at < PROMPT * sent.window_s:
            # They were coming in until just now.
            return True
        # Offers queue up, and somebody who bid lately has not come to this one.
        since = now - LATELY * sent.window_s
        return bool(self._waiting) and any(
            number < sent.number and at > since for number, at in self._bidders.values()
        )

    def close(self, offer_id: str) -> None:
        """The window of an offer is over, or it never went out."""
        sent = self._open.pop(offer_id, None)
        if sent is None:
            return
        self._closed[offer_id] = sent
        self._closed_at = self._clock.monotonic()
        if len(self._closed) > REMEMBERED:
            self._closed.popitem(last=False)
        if self._waiting and not sent.answered and sent.at > self._slowed_at:
            # Nobody wants it, and nobody is behind.
            self.limit += 1
        self._answer(sent)

    def _send(self, offer_id: str, window_s: float) -> None:
        self._sent += 1
        self._open[offer_id] = _Sent(self._sent, self._clock.monotonic(), window_s)
        self._unanswered += 1

    def _answer(self, sent: _Sent) -> None:
        if sent.answered:
            return
        sent.answered = True
        self._unanswered -= 1
        while self._waiting and self._unanswered < self.limit:
            offer_id, window_s, called = self._waiting.popleft()
            if not called.done():
                self._send(offer_id, window_s)
                called.set_result(None)

    def _note(self, bidder: str, number: int, now: float) -> None:
        """Note up to which offer a bidder has come."""
        self._bidders[bidder] = (max(number, self._bidders.get(bidder, (0, 0.0))[0]), now)
        if len(self._bidders) > REMEMBERED:
            del self._bidders[next(iter(self._bidders))]

    def _slow_down(self, sent: _Sent, now: float) -> None:
        """Bidders are behind with an offer. One that went out before the last time says nothing new."""
        if sent.at > self._slowed_at:
            self.limit = max(1, self.limit // 2)
            self._slowed_at = now
