"""Names of groups, and requests across dialects, on NATS."""

from __future__ import annotations

import asyncio

import nats
import pytest

from cosmo_sdk.envelope import Signal
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse import Synapse
from cosmo_sdk.synapse._nats_names import group_on_nats
from tests.contracts.synapse import Inbox, all_delivered, task

# -- queue groups


@pytest.mark.parametrize("name", ["g", "caps:english,summarize", "größe", "a.b*>", "100%", "x" * 2_048])
def test_group_names_that_nats_can_carry_stay_as_they_are(name):
    assert group_on_nats(name) == name


def test_other_group_names_are_mapped_no_two_to_one():
    names = [
        "",
        " ",
        "a b",
        "a\tb",
        "a%20b",
        "a  b",
        "cosmo%quoted:a%20b",
        "x\r\ny",
        "x" * 2_049,
        "y" * 5_000,
        "\u2003",
    ]
    mapped = [group_on_nats(name) for name in names]
    assert len(set(mapped)) == len(names)
    assert not any(c.isspace() for name in mapped for c in name)
    assert mapped == [group_on_nats(name) for name in names]


@pytest.mark.parametrize("group", ["caps:plan trips,write", "", "x" * 10_000])
async def test_members_of_a_group_with_an_unusual_name_share(join, group):
    one, two = await join(), await join()
    first, second = Inbox(), Inbox()
    await one.subscribe("s", first, queue_group=group)
    await two.subscribe("s", second, queue_group=group)
    for number in range(20):
        await one.publish("s", task(number))
    await all_delivered(one)
    await all_delivered(two)
    assert sorted(first.numbers + second.numbers) == list(range(20))


async def test_a_member_that_leaves_a_group_takes_what_was_given_to_it(join):
    sender, leaving, staying = await join(), await join(), await join()
    left, stayed = Inbox(), Inbox()
    subscription = await leaving.subscribe("work", left, queue_group="g")
    await staying.subscribe("work", stayed, queue_group="g")
    sending = asyncio.create_task(_send(sender, 500))
    await left.holds(5)
    await subscription.unsubscribe()
    await sending
    await all_delivered(sender)
    await all_delivered(staying)
    assert sorted(left.numbers + stayed.numbers) == list(range(500))


async def _send(synapse: Synapse, count: int) -> None:
    for number in range(count):
        await synapse.publish("work", task(number))
        if number % 10 == 0:
            await asyncio.sleep(0)


# -- requests


async def test_a_request_can_be_answered_in_the_way_of_nats(join, server):
    asking = await join()
    responder = await nats.connect(server.url)

    async def answer(message) -> None:
        request = Signal.decode(message.data)
        assert request.meta["_reply_to"] == message.reply
        await message.respond(request.reply(SignalType.AGENT_OUTPUT, {"output": "native"}).encode())

    await responder.subscribe("ask.native", cb=answer)
    await responder.flush()
    for _ in range(3):
        reply = await asking.request("ask.native", task(1))
        assert reply.payload == {"output": "native"}
    await responder.close()


async def test_a_request_made_in_the_way_of_nats_is_answered_with_reply_to(join, server):
    answering = await join()

    async def answer(signal: Signal) -> None:
        await answering.reply_to(signal, signal.reply(SignalType.AGENT_OUTPUT, {"output": "ours"}))

    await answering.subscribe("ask.ours", answer)
    asking = await nats.connect(server.url)
    reply = await asking.request("ask.ours", task(2).encode(), timeout=5)
    assert Signal.decode(reply.data).payload == {"output": "ours"}
    await asking.close()


async def test_a_request_to_nobody_says_so_when_its_time_is_up(join):
    synapse = await join()
    with pytest.raises(TimeoutError, match=r"no reply on ask\.nobody within 0\.05 s: nobody is subscribed"):
        await synapse.request("ask.nobody", task(), timeout_s=0.05)


async def test_many_requests_at_once_get_their_own_replies(join):
    asking, answering = await join(), await join()

    async def answer(signal: Signal) -> None:
        number = signal.payload["input"]["number"]
        await answering.reply_to(signal, signal.reply(SignalType.AGENT_OUTPUT, {"output": number}))

    await answering.subscribe("ask.many", answer)
    replies = await asyncio.gather(*(asking.request("ask.many", task(number)) for number in range(50)))
    assert [reply.payload["output"] for reply in replies] == list(range(50))
