"""Awards as the draft of the protocol wrote them: without the input, which the offer had (PROTOCOL 2.2)."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from cosmo_sdk import Dendrite, Signal, SignalType
from cosmo_sdk.dendrite import _own_bids
from cosmo_sdk.testing import settle
from tests.sdk.dendrite.room import Room

T = SignalType


async def echo(input: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"echo": input}


async def offered(producer: Dendrite, room: Room, text: str = "a poem") -> tuple[Signal, Signal]:
    """An offer, and the one bid on it."""
    offer = Signal(type=T.TASK_OFFER, payload={"input": {"text": text}, "capabilities": ["summarize"]})
    await producer.publish(offer)
    await settle()
    [bid] = [each for each in room.of(T.BID) if each.parent_id == offer.id]
    return offer, bid


def outputs(room: Room) -> list[Any]:
    return [reply.payload["output"] for reply in room.of(T.AGENT_OUTPUT)]


async def test_a_winner_does_what_was_offered(room: Room) -> None:
    await room.bidder("a", echo, cost=1)
    producer = await room.dendrite("draft")
    _, bid = await offered(producer, room)
    await producer.publish(bid.reply(T.TASK_AWARDED, {"winning_bid": {"cost": 1}}))
    await settle()
    assert outputs(room) == [{"echo": {"text": "a poem"}}]


@pytest.mark.parametrize("names_it", ["as parent", "in the payload"])
async def test_an_award_may_name_the_offer_in_place_of_the_bid(room: Room, names_it: str) -> None:
    await room.worker("a", echo, "summarize")
    producer = await room.dendrite("draft")
    await offered(producer, room, "another")
    offer, bid = await offered(producer, room)
    award = (
        Signal(type=T.TASK_AWARDED, trace_id=offer.trace_id, parent_id=offer.id, directed=bid.directed)
        if names_it == "as parent"
        else bid.reply(T.TASK_AWARDED, {"offer_id": offer.id})
    )
    await producer.publish(award)
    await settle()
    assert outputs(room) == [{"echo": {"text": "a poem"}}]


async def test_an_input_in_the_award_goes_before_the_one_in_the_offer(room: Room) -> None:
    await room.bidder("a", echo, cost=1)
    producer = await room.dendrite("today")
    _, bid = await offered(producer, room)
    await producer.publish(bid.reply(T.TASK_AWARDED, {"input": {"text": "changed"}}))
    await settle()
    assert outputs(room) == [{"echo": {"text": "changed"}}]


async def test_only_so_many_offers_are_remembered_and_the_lack_is_said(
    room: Room, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_own_bids, "REMEMBERED_OFFERS", 1)
    await room.bidder("a", echo, cost=1)
    producer = await room.dendrite("draft")
    _, forgotten = await offered(producer, room, "older")
    _, known = await offered(producer, room, "newer")
    with caplog.at_level(logging.INFO):
        for bid in (forgotten, known):
            await producer.publish(bid.reply(T.TASK_AWARDED, {}))
            await settle()
    assert outputs(room) == [{"echo": {}}, {"echo": {"text": "newer"}}]
    assert "has no input" in caplog.text
