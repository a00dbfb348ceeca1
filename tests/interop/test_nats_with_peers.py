"""What only happens on NATS between ours and released peers: native requests, and one queue group for both.

Everything else is in the matrix, which runs on NATS as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from cosmo_sdk import Signal, SignalType
from cosmo_sdk.synapse.nats import NatsSynapse
from tests.interop.peers import Peer, install_nats
from tests.nats_server import RunningServer, running_nats

pytestmark = pytest.mark.peer

T = SignalType


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_nats() as server:
        yield server


def question(number: int) -> Signal:
    return Signal(type=T.TASK, payload={"input": {"number": number}})


async def test_a_native_request_of_theirs_is_answered_with_reply_to(
    peer: Peer, server: RunningServer
) -> None:
    install_nats(peer)
    ours = NatsSynapse(server.url)
    await ours.connect()
    subject = f"ask.{peer.version.replace('.', '-')}"

    async def answer(request: Signal) -> None:
        await ours.reply_to(request, request.reply(T.AGENT_OUTPUT, {"output": request.payload["input"]}))

    await ours.subscribe(subject, answer)
    async with peer.client(server.url) as theirs:
        reply = await theirs.request(subject, question(7))
    assert reply.payload == {"output": {"number": 7}}
    await ours.close()


async def test_members_of_both_kinds_are_one_group(peer: Peer, server: RunningServer) -> None:
    install_nats(peer)
    ours = NatsSynapse(server.url)
    await ours.connect()
    subject = f"work.{peer.version.replace('.', '-')}"
    got: list[str] = []
    enough, ready = asyncio.Event(), asyncio.Event()
    heard_by_all: list[str] = []

    def observe(signal: Signal) -> None:
        heard_by_all.append(signal.id)
        if len(heard_by_all) == 60:
            enough.set()

    await ours.subscribe(subject, lambda signal: got.append(signal.id), queue_group="caps:echo,write")
    await ours.subscribe(subject, observe)
    await ours.subscribe(f"{subject}.ready", lambda _: ready.set())
    async with peer.client(server.url) as theirs:
        await theirs.subscribe(subject, queue_group="caps:echo,write")
        # Theirs returns before the server has it. What they say next comes after it.
        theirs.publish(f"{subject}.ready", question(0))
        await ready.wait()
        for number in range(60):
            await ours.publish(subject, question(number))
        await enough.wait()
        assert 0 < len(got) < 60
        there = [(await theirs.received()).id for _ in range(60 - len(got))]
    assert sorted(got + there) == sorted(heard_by_all)
    await ours.close()
