"""Offers go out no faster than bidders answer."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_sdk import NoBids, PathwayStopped, SignalType
from cosmo_sdk.dendrite._pacing import FIRST_OFFERS, PATIENCE, Pace
from cosmo_sdk.testing import ManualClock, settle
from tests.sdk.dendrite.room import Room

WINDOW_S = 0.1


class Street:
    """Offers of one producer, by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.pace = Pace(self.clock)
        self.out: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.never = asyncio.get_running_loop().create_future()

    async def ask(self, *offers: str) -> None:
        """Ask for a turn for each, and let the pace answer."""

        async def one(offer: str) -> None:
            await self.pace.turn(offer, WINDOW_S, self.never)
            self.out.append(offer)

        self.tasks += [asyncio.ensure_future(one(offer)) for offer in offers]
        await settle()


def names(count: int, first: int = 0) -> list[str]:
    return [f"offer {number}" for number in range(first, first + count)]


@pytest.fixture
async def street():
    street = Street()
    yield street
    for task in street.tasks:
        task.cancel()


async def test_a_few_offers_go_out_at_once_and_the_rest_waits_in_order(street: Street):
    await street.ask(*names(FIRST_OFFERS + 3))
    assert street.out == names(FIRST_OFFERS)
    assert street.pace.waiting == 3


async def test_a_prompt_bid_makes_room_for_two(street: Street):
    await street.ask(*names(FIRST_OFFERS + 3))
    await street.clock.advance(WINDOW_S / 10)
    street.pace.bid("offer 0", "somebody")
    street.pace.bid("offer 0", "somebody")
    await settle()
    assert street.pace.limit == FIRST_OFFERS + 1
    assert street.out == names(FIRST_OFFERS + 2)


async def test_bids_in_the_middle_of_the_window_change_nothing(street: Street):
    await street.ask(*names(FIRST_OFFERS + 3))
    await street.clock.advance(WINDOW_S * 0.4)
    street.pace.bid("offer 0", "somebody")
    assert street.pace.limit == FIRST_OFFERS


@pytest.mark.parametrize("closed", [False, True])
async def test_slow_and_late_bids_halve_the_number_once_for_all_that_went_out_together(
    street: Street, closed: bool
):
    await street.ask(*names(FIRST_OFFERS))
    await street.clock.advance(WINDOW_S * 0.9)
    for offer in names(FIRST_OFFERS):
        if closed:
            street.pace.close(offer)
        street.pace.bid(offer, "somebody")
    assert street.pace.limit == FIRST_OFFERS // 2


async def test_bids_that_come_after_the_first_was_enough_are_not_slow(street: Street):
    await street.ask("offer")
    street.pace.bid("offer", "somebody")
    street.pace.close("offer")
    await street.clock.advance(WINDOW_S / 10)
    street.pace.bid("offer", "somebody")
    assert street.pace.limit == FIRST_OFFERS


async def test_one_offer_may_always_be_out(street: Street):
    for number in range(6):
        await street.ask(f"offer {number}")
        await street.clock.advance(WINDOW_S)
        street.pace.bid(f"offer {number}", "somebody")
    assert street.pace.limit == 1
    await street.ask("the next")
    assert street.out[-1] == "the next"


async def test_offers_nobody_wants_hold_up_the_others_less_and_less(street: Street):
    await street.ask(*names(100))
    rounds = 0
    while street.pace.waiting:
        rounds += 1
        await street.clock.advance(WINDOW_S)
        for offer in list(street.out):
            street.pace.close(offer)
        await settle()
    assert rounds < 6


async def test_who_gives_up_waiting_takes_no_turn(street: Street):
    await street.ask(*names(FIRST_OFFERS))
    given_up = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(street.pace.turn("tired", WINDOW_S, given_up))
    await street.ask("patient")
    given_up.set_result(None)
    await waiting
    street.pace.close("tired")
    street.pace.close("offer 0")
    await settle()
    assert street.out[-1] == "patient"


async def test_an_offer_waits_as_long_as_others_are_answered_and_no_longer(street: Street):
    await street.ask(*names(FIRST_OFFERS + 2))
    street.pace.limit = 1
    for offer in names(3):
        await street.clock.advance(WINDOW_S * PATIENCE * 0.9)
        street.pace.bid(offer, "somebody")
    await settle()
    assert street.pace.waiting == 2
    await street.clock.advance(WINDOW_S * PATIENCE * 2)
    assert street.out == names(FIRST_OFFERS + 2)


async def test_a_cancelled_wait_takes_no_turn(street: Street):
    await street.ask(*names(FIRST_OFFERS), "cancelled", "patient")
    street.tasks[-2].cancel()
    await settle()
    street.pace.close("offer 0")
    await settle()
    assert street.out[-1] == "patient"


async def test_bidders_are_behind_where_older_offers_get_bids_and_newer_ones_none(street: Street):
    await street.ask("older")
    await street.clock.advance(WINDOW_S / 2)
    await street.ask("newer")
    await street.clock.advance(WINDOW_S / 2)
    street.pace.bid("older", "somebody")
    await street.clock.advance(WINDOW_S / 2)
    assert street.pace.behind("newer")
    await street.ask("newest")
    street.pace.bid("newest", "somebody")
    assert not street.pace.behind("newer")


async def test_bids_that_are_just_coming_in_may_not_be_all(street: Street):
    await street.ask("one", "two")
    await street.clock.advance(WINDOW_S * 0.9)
    street.pace.bid("one", "somebody")
    await street.clock.advance(WINDOW_S * 0.1)
    assert street.pace.behind("one")
    await street.clock.advance(WINDOW_S * 0.2)
    assert not street.pace.behind("one")


async def test_while_offers_queue_up_a_round_waits_for_bidders_that_have_not_come_to_it(street: Street):
    await street.ask(*names(FIRST_OFFERS + 1))
    street.pace.bid("offer 1", "quick")
    await street.clock.advance(WINDOW_S / 2)
    street.pace.bid("offer 0", "slow")
    await street.clock.advance(WINDOW_S / 2)
    assert not street.pace.behind("offer 1")
    await street.ask(*names(4, first=20))
    assert street.pace.waiting
    assert street.pace.behind("offer 1")
    street.pace.bid("offer 2", "slow")
    assert not street.pace.behind("offer 1")


async def test_the_last_of_many_offers_is_waited_for_like_the_others(street: Street):
    await street.ask("one")
    await street.clock.advance(WINDOW_S / 2)
    await street.ask("last")
    await street.clock.advance(WINDOW_S / 2)
    street.pace.bid("one", "somebody")
    street.pace.close("one")
    await street.clock.advance(WINDOW_S / 2)
    assert street.pace.behind("last")


async def test_a_single_offer_has_its_window_and_no_more(street: Street):
    await street.ask("before")
    street.pace.bid("before", "somebody")
    street.pace.close("before")
    await street.ask("alone")
    await street.clock.advance(WINDOW_S)
    assert not street.pace.behind("alone")


async def test_no_auction_is_lost_to_bidders_that_take_their_time(room: Room):
    """Sixty callers at once; one bidder that answers a few offers per window."""

    async def work(input, context):
        return {}

    worker = await room.worker("slow", work, "sum", auto_bid=False)
    queue: asyncio.Queue = asyncio.Queue()

    @worker.on_task_offer
    def take(offer):
        queue.put_nowait(offer)

    async def bid_slowly() -> None:
        while True:
            offer = await queue.get()
            await room.clock.sleep(0.02)
            await worker.bid(offer, neuron="slow", cost=1.0)

    bidding = asyncio.ensure_future(bid_slowly())
    orchestrator = await room.dendrite()
    calls = [
        asyncio.ensure_future(
            orchestrator.dispatch_offer(input={}, capabilities=["sum"], deadline_ms=100, select="lowest_cost")
        )
        for _ in range(60)
    ]
    everything = asyncio.gather(*calls, return_exceptions=True)
    await settle()
    await room.clock.advance(30.0, until=everything.done)
    bidding.cancel()
    assert [type(outcome).__name__ for outcome in await everything] == ["Pathway"] * 60


async def test_a_trace_stopped_before_its_turn_is_never_offered(room: Room):
    orchestrator = await room.dendrite()
    calls = [
        asyncio.ensure_future(
            orchestrator.dispatch_offer(input={}, deadline_ms=100, trace_id=f"trc_{number:026d}")
        )
        for number in range(FIRST_OFFERS + 1)
    ]
    await settle()
    last = f"trc_{FIRST_OFFERS:026d}"
    await orchestrator.emit_stop(trace_id=last)
    with pytest.raises(PathwayStopped):
        await calls[-1]
    await room.clock.advance(1.0)
    outcomes = await asyncio.gather(*calls[:-1], return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {NoBids}
    assert last not in {signal.trace_id for signal in room.of(SignalType.TASK_OFFER)}
